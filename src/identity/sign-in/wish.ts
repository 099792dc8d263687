import { failed, ok, type Result } from '../../model/result.ts'
import type { SignedIn, SignInWish } from '../../model/sign-in.ts'

const MAX_VALUES = 16
/** Visible ASCII without what ends a quoted string: what a challenge can name. */
const ACR = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/
const SECONDS = /^(?:0|[1-9][0-9]{0,8})$/
/** How far the clock of who vouches may be behind. Seconds. */
const LEEWAY = 60

export const NO_WISH: SignInWish = Object.freeze({ acrValues: Object.freeze([]), maxAge: null })

/** Reads what a challenge asks for (RFC 9470 section 4). The fault is the name of the parameter that is wrong. */
export function readWish(query: ReadonlyMap<string, string>): Result<SignInWish, string> {
  const values = query.get('acr_values')
  const age = query.get('max_age')
  const acrValues = values === undefined ? [] : values.split(' ')
  const isRepeated = new Set(acrValues).size < acrValues.length
  if (acrValues.length > MAX_VALUES || isRepeated || !acrValues.every((value) => ACR.test(value))) {
    return failed('acr_values')
  }
  if (age !== undefined && !SECONDS.test(age)) return failed('max_age')
  const mfa = query.get('mfa')
  if (mfa !== undefined && mfa !== 'true') return failed('mfa')
  return ok({ acrValues, maxAge: age === undefined ? null : Number(age), ...(mfa === undefined ? {} : { mfa: true }) })
}

/** The same as a query, with its question mark; empty where nothing is asked for. */
export function wishQuery({ acrValues, maxAge, mfa }: SignInWish): string {
  const parts = [
    ...(acrValues.length > 0 ? [`acr_values=${encodeURIComponent(acrValues.join(' '))}`] : []),
    ...(maxAge === null ? [] : [`max_age=${maxAge}`]),
    ...(mfa === true ? ['mfa=true'] : []),
  ]
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

export type Lack = 'acr' | 'age' | 'factor'

/** What a sign-in lacks of what was asked for; null where it is all there. `beganAt`: epoch milliseconds. */
export function lacking(
  { principal: { acr, authTime, mfa } }: SignedIn,
  { acrValues, maxAge, ...wish }: SignInWish,
  beganAt: number,
): Lack | null {
  if (acrValues.length > 0 && (acr === undefined || !acrValues.includes(acr))) return 'acr'
  if (wish.mfa === true && mfa !== 'yes') return 'factor'
  if (maxAge === null) return null
  // From when it was asked for: who takes a while to type has not signed in too long ago.
  return authTime !== undefined && authTime >= beganAt / 1000 - maxAge - LEEWAY ? null : 'age'
}
