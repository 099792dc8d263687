import { Type } from 'typebox'
import type { PolicyInput } from '../../model/decision.ts'
import type { Match } from '../../model/match.ts'
import { durationMs } from '../../model/units.ts'
import { closed, duration } from '../../schema/parts.ts'
import { both } from '../three-valued.ts'
import { CANNOT_TELL, defineCondition } from './condition.ts'

/**
 * `mfa: true` holds when the credential shows several factors; `mfa: { max_age: 12h }` also asks when. Unit: `auth_time`
 * in seconds, `at` in milliseconds. An absent `auth_time`, or one in the future, cannot be told.
 */
export const mfa = defineCondition({
  name: 'mfa',
  schema: Type.Union(
    [
      Type.Literal(true, { description: 'several factors' }),
      closed('several factors, and not too long ago', { max_age: duration('how long ago the sign-in may be') }),
    ],
    { description: '`true`, or `{ max_age: 12h }`: the credential shows several factors' },
  ),
  compile: (written) => {
    if (written === true) return ({ principal }) => principal.mfa
    const maxAgeMs = durationMs(written.max_age)
    return (input) => both(input.principal.mfa, freshness(input, maxAgeMs))
  },
  want: (written) => (written === true ? 'several factors' : `several factors within ${written.max_age}`),
  got: ({ principal, at }) => {
    const factors = { yes: 'several factors', no: 'one factor', unknown: CANNOT_TELL }[principal.mfa]
    if (principal.authTime === undefined) return `${factors}, no sign-in time`
    const ageMs = ageOf(principal.authTime, at)
    // Rounded up, so that an age just over a limit never reads like the limit.
    return `${factors}, ${ageMs >= 0 ? `${Math.ceil(ageMs / 1000)}s ago` : 'sign-in time in the future'}`
  },
})

function freshness({ principal, at }: PolicyInput, maxAgeMs: number): Match {
  if (principal.authTime === undefined) return 'unknown'
  const ageMs = ageOf(principal.authTime, at)
  if (!(ageMs >= 0)) return 'unknown'
  return ageMs <= maxAgeMs ? 'yes' : 'no'
}

/**
 * Milliseconds since a sign-in: a whole number, because `auth_time` with a fraction is not exact. From 2038-01-19 until
 * 2039-09-07, one time in four comes out of `at / 1000 * 1000` as a later one than `at`: in the future.
 */
export function ageOf(authTime: number, at: number): number {
  return at - Math.round(authTime * 1000)
}
