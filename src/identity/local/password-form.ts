/** Longer ones are nobody's; far more than the 64 that NIST asks for. Code units of UTF-16. */
const MAX_LENGTH = 1024

/** What may be a password at all, of any strength: it is hashed then. */
export function isPassword(written: string): boolean {
  return written !== '' && written.length <= MAX_LENGTH && written.isWellFormed() && !/\p{Cc}/u.test(written)
}

/**
 * The spelling that is hashed: keyboards and systems write the same letters in different ways (Unicode's NFKC; NIST
 * SP 800-63B-4 section 3.1.1.2).
 */
export function canonicalPassword(written: string): string {
  return written.normalize('NFKC')
}
