import { type JsonObject, ownValue } from '../model/json.ts'
import type { Match } from '../model/match.ts'

/** One of these alone shows several factors, or one that stands for several. */
const SHOWN_ALONE = new Set(['mfa', 'otp', 'hwk', 'swk', 'fido', 'sc'])

/**
 * What kind of factor a method is (RFC 8176 section 2): two of different kinds show several factors. Methods that are no
 * factor (`user`, `geo`, `rba`, `mca`, `wia`) and unknown ones count for nothing.
 */
const FACTORS: ReadonlyMap<string, 'knowledge' | 'possession' | 'inherence'> = new Map([
  ['pwd', 'knowledge'],
  ['pin', 'knowledge'],
  ['kba', 'knowledge'],
  ['otp', 'possession'],
  ['hwk', 'possession'],
  ['swk', 'possession'],
  ['sms', 'possession'],
  ['tel', 'possession'],
  ['sc', 'possession'],
  ['pop', 'possession'],
  ['fpt', 'inherence'],
  ['face', 'inherence'],
  ['iris', 'inherence'],
  ['retina', 'inherence'],
  ['vbm', 'inherence'],
])

/**
 * Whether a token shows multi-factor authentication: by its `amr`, or by an `acr` that the issuer's config lists. One that
 * does not show it is *no*; *cannot tell* when there is neither, or when what there is has a type that says nothing.
 */
export function mfaOf(claims: JsonObject, mfaAcr: readonly string[]): Match {
  const answers: Match[] = []
  const amr = ownValue(claims, 'amr')
  if (amr !== undefined) answers.push(byMethods(typeof amr === 'string' ? [amr] : amr))
  const acr = ownValue(claims, 'acr')
  if (acr !== undefined) answers.push(typeof acr !== 'string' ? 'unknown' : mfaAcr.includes(acr) ? 'yes' : 'no')
  if (answers.includes('yes')) return 'yes'
  return answers.length === 0 || answers.includes('unknown') ? 'unknown' : 'no'
}

function byMethods(amr: unknown): Match {
  if (!Array.isArray(amr) || !amr.every((method) => typeof method === 'string')) return 'unknown'
  const kinds = new Set(amr.map((method) => FACTORS.get(method)))
  kinds.delete(undefined)
  return kinds.size > 1 || amr.some((method) => SHOWN_ALONE.has(method)) ? 'yes' : 'no'
}
