import type { Compiled } from './config/load-all.ts'
import type { PolicySource } from './config/policy-sources.ts'
import type { Settings } from './model/settings.ts'
import { type CompiledPolicy, compilePolicy } from './policy/compile.ts'

/** Compiles policies against the names of a config. */
export function compilePolicies(sources: readonly PolicySource[], settings: Settings): Compiled<CompiledPolicy> {
  return compilePolicy(sources, {
    issuers: settings.issuers.map(({ name }) => name),
    upstreams: settings.upstreams.map(({ name, region, labels }) => ({ name, region: region ?? undefined, labels })),
  })
}
