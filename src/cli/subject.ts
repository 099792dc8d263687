import { resolve } from 'node:path'
import { loadAll } from '../config/load-all.ts'
import type { Explanation } from '../model/decision.ts'
import type { Settings } from '../model/settings.ts'
import { compilePolicies, type NamedPolicy } from '../serving/compile-policies.ts'
import { problemText } from './check.ts'
import type { CommandIo } from './command.ts'
import { type DecidedUpstream, decidedUpstreams } from './policy-outcome.ts'
import { vouchers } from './vouchers.ts'

/** What is asked: the policy in force, and what of its config decides. */
export interface Subject {
  readonly policy: NamedPolicy
  readonly settings: Settings
  /** The configured names of who vouches for callers. */
  readonly issuers: readonly string[]
  readonly upstreams: readonly DecidedUpstream[]
}

/** Null, with its problems on stderr, where config and policies are not sound. Secrets are not looked for. */
export async function loadSubject(config: string, io: CommandIo): Promise<Subject | null> {
  const loaded = await loadAll(resolve(io.cwd, config), { env: io.env, secrets: false, compile: compilePolicies })
  const { policy, settings, problems } = loaded
  if (!settings || !policy) {
    io.stderr.write(problemText(problems, io.cwd))
    return null
  }
  return { policy, settings, issuers: vouchers(settings), upstreams: decidedUpstreams(settings) }
}

/** The `reason` of the rule that decided. */
export function noteOf({ reasons }: NamedPolicy, { decision }: Explanation): string | undefined {
  return decision.rule === null ? undefined : reasons.get(decision.rule)
}
