import { failed, ok, type Result } from '../model/result.ts'
import { DURATION_PATTERN, durationMs } from '../model/units.ts'
import { nearest } from '../schema/nearest.ts'
import type { StarterAnswers } from './starter-policy.ts'

export interface InitFlags {
  readonly issuer?: string
  readonly group?: readonly string[]
  readonly mfa?: string
}

/** What people answer, by flags or by questions. */
export type Choices = Omit<StarterAnswers, 'schema'>

/** Who may vouch for callers, as far as the config can be read. */
export interface Vouchers {
  readonly issuers: readonly string[]
  /** False only where the config is sound, the files that it names are there, and it accepts no API keys. */
  readonly acceptsKeys: boolean
}

const KEYS = 'api_keys'

export function choicesOf({ issuer, group, mfa }: InitFlags, vouchers: Vouchers): Result<Choices, string> {
  const [only, ...more] = vouchers.issuers
  const chosen = issuer ?? (more.length === 0 ? only : undefined)
  if (chosen === undefined) return failed('`--issuer` is missing; give the name that the config has for your issuer')
  const fault = issuerFault(chosen, vouchers) ?? mfaFault(mfa ?? null)
  if (fault !== null) return failed(fault)
  if (mfa !== undefined && !canShowFactors(chosen)) {
    return failed('an API key shows no second factor, so that nobody could use anything; leave `--mfa` out')
  }
  if (group === undefined) return failed('`--group` is missing; give one such as `analysts=gpt-4o-mini,gpt-4o`')
  const groups = groupsOf(group)
  return groups.ok ? ok({ issuer: chosen, groups: groups.value, mfa: mfa ?? null }) : groups
}

export function canShowFactors(issuer: string): boolean {
  return issuer !== KEYS
}

/** With a config that can be read, a name that it does not have is a slip. */
export function issuerFault(issuer: string, { issuers, acceptsKeys }: Vouchers): string | null {
  if (issuer === '') return 'the name of an issuer must not be empty'
  if (issuer === KEYS && !acceptsKeys) {
    return 'the config accepts no API keys; add `api_keys: { enabled: true }` to its `identity`'
  }
  if (issuers.length === 0 || issuers.includes(issuer) || issuer === KEYS) return null
  const close = nearest(issuer, issuers)
  const hint =
    close === null ? `; known are ${issuers.map((name) => `\`${name}\``).join(', ')}` : `; did you mean \`${close}\`?`
  return `the config has no issuer named \`${issuer.slice(0, 64)}\`${hint}`
}

export function mfaFault(mfa: string | null): string | null {
  if (mfa === null) return null
  if (!new RegExp(DURATION_PATTERN).test(mfa)) {
    return 'how long ago the sign-in may be must be a duration such as `12h`'
  }
  // What is written must pass `check --strict`, which warns of less.
  return durationMs(mfa) >= 1000 ? null : 'a sign-in is told by the second: ask for at least `1s`, better for hours'
}

/** `group=model,model`, each; a group that stands twice has the models of both. Its own name may hold `=`. */
export function groupsOf(written: readonly string[]): Result<Choices['groups'], string> {
  const groups = new Map<string, readonly string[]>()
  for (const one of written) {
    const equals = one.lastIndexOf('=')
    const group = one.slice(0, Math.max(equals, 0))
    const models = one
      .slice(equals + 1)
      .split(',')
      .map((model) => model.trim())
    if (group === '' || models.includes('')) {
      return failed(`\`${one.slice(0, 64)}\` must be a group and its models: \`analysts=gpt-4o-mini,gpt-4o\``)
    }
    const set = models.find((model) => model.startsWith('@'))
    if (set !== undefined) return failed(`\`${set.slice(0, 64)}\` is a set of models; give names and patterns`)
    groups.set(group, [...new Set([...(groups.get(group) ?? []), ...models])])
  }
  return ok([...groups].map(([group, models]) => ({ group, models })))
}
