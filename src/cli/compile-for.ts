import type { Compiled } from '../config/load-all.ts'
import type { PolicySource } from '../config/policy-sources.ts'
import type { Settings } from '../model/settings.ts'

/** What policies may refer to: the names that the config gives. */
export interface KnownNames {
  readonly issuers: readonly string[]
  readonly upstreams: readonly {
    readonly name: string
    readonly region: string | undefined
    readonly labels: { readonly [name: string]: string }
  }[]
}

type CompilePolicy = (sources: readonly PolicySource[], known: KnownNames) => Compiled<unknown>

/** Compiles policies against the names of a config. The compiler is loaded only here, when a config is sound. */
export async function compileFor(sources: readonly PolicySource[], settings: Settings): Promise<Compiled<unknown>> {
  const compiler = 'compile'
  const { compilePolicy } = (await import(`../policy/${compiler}.ts`)) as { compilePolicy: CompilePolicy }
  return compilePolicy(sources, {
    issuers: settings.issuers.map(({ name }) => name),
    upstreams: settings.upstreams.map(({ name, region, labels }) => ({ name, region: region ?? undefined, labels })),
  })
}
