import { hash } from 'node:crypto'
import { type AccountName, factorAccount } from '../../model/accounts.ts'
import { Secret } from '../../model/secret.ts'
import { randomLetters } from '../random-letters.ts'

const CODES = 10
const FORM = /^[0-9a-hjkmnp-tv-z]{16}$/

/** Codes of 80 bits for the day on which the device is lost; each counts once. They are shown once and kept nowhere. */
export function newRecoveryCodes(): readonly Secret[] {
  return Array.from({ length: CODES }, () => new Secret(randomLetters(4, 4)))
}

/** The one spelling of what was typed; null where it has not the form of such a code. */
export function readRecoveryCode(typed: string): string | null {
  if (typed.length > 64) return null
  const plain = typed.toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1')
  return FORM.test(plain) ? plain : null
}

/**
 * What is kept of a code. A fast hash: the code is 80 bits of chance, which nobody tries through, however fast that goes.
 * What slows a hash down is for what people choose. `code`: in its one spelling.
 */
export function recoveryHash(of: AccountName, code: string): string {
  const { source, account } = factorAccount(of)
  return hash('sha256', `sallyport recovery code\n${source}\n${account}\n${code}`)
}
