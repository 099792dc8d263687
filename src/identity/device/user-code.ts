import { failed, ok, type Result } from '../../model/result.ts'

/** Consonants: no code reads like a word, or like another code (RFC 8628 section 6.1). */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const LENGTH = 8
/** Bytes from here on would make some letters likelier than others. */
const FAIR = 256 - (256 % LETTERS.length)
const CODE = new RegExp(`^[${LETTERS}]{${LENGTH}}$`)
/** What people put between letters, and what is longer than anybody types. */
const BETWEEN = /[\s\-.·_‐-―]/g
const MAX_TYPED = 64

/** A code for a person to type: about 34 bits of chance. `random` gives bytes as base64url. */
export function mintUserCode(random: (bytes: number) => string): string {
  let code = ''
  while (code.length < LENGTH) {
    for (const byte of Buffer.from(random(16), 'base64url')) {
      if (byte < FAIR && code.length < LENGTH) code += LETTERS[byte % LETTERS.length] ?? ''
    }
  }
  return code
}

/** The code that somebody has typed, in whatever case and with whatever between. */
export function readUserCode(typed: string): Result<string, null> {
  if (typed.length > MAX_TYPED) return failed(null)
  const code = typed.replace(BETWEEN, '').toUpperCase()
  return CODE.test(code) ? ok(code) : failed(null)
}

/** As it is shown. */
export function shownUserCode(code: string): string {
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`
}
