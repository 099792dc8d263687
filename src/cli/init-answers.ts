import { failed, ok, type Result } from '../model/result.ts'
import { DURATION_PATTERN } from '../model/units.ts'
import { nearest } from '../schema/nearest.ts'
import type { StarterAnswers } from './starter-policy.ts'

export interface InitFlags {
  readonly issuer?: string
  readonly group?: readonly string[]
  readonly mfa?: string
}

/** What people answer, by flags or by questions. */
export type Choices = Omit<StarterAnswers, 'hasSchema'>

/** `issuers`: those of the config, as far as it can be read. */
export function choicesOf({ issuer, group, mfa }: InitFlags, issuers: readonly string[]): Result<Choices, string> {
  const [only] = issuers
  const chosen = issuer ?? (issuers.length === 1 ? only : undefined)
  if (chosen === undefined) return failed('`--issuer` is missing; give the name that the config has for your issuer')
  const fault = issuerFault(chosen, issuers) ?? mfaFault(mfa ?? null)
  if (fault !== null) return failed(fault)
  if (group === undefined) return failed('`--group` is missing; give one such as `analysts=gpt-4o-mini,gpt-4o`')
  const groups = groupsOf(group)
  return groups.ok ? ok({ issuer: chosen, groups: groups.value, mfa: mfa ?? null }) : groups
}

/** With a config that can be read, a name that it does not have is a slip. */
export function issuerFault(issuer: string, issuers: readonly string[]): string | null {
  if (issuer === '') return 'the name of an issuer must not be empty'
  if (issuers.length === 0 || issuers.includes(issuer) || issuer === 'api_keys') return null
  const close = nearest(issuer, issuers)
  const hint =
    close === null ? `; known are ${issuers.map((name) => `\`${name}\``).join(', ')}` : `; did you mean \`${close}\`?`
  return `the config has no issuer named \`${issuer.slice(0, 64)}\`${hint}`
}

export function mfaFault(mfa: string | null): string | null {
  if (mfa === null || new RegExp(DURATION_PATTERN).test(mfa)) return null
  return 'how long ago the sign-in may be must be a duration such as `12h`'
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
