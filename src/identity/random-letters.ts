import { randomBytes } from 'node:crypto'

/** Crockford's base32: no letter that is taken for another. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'

/** Letters of chance, five bits each, for people to copy: `groups` of `size` with a dash between them. */
export function randomLetters(groups: number, size: number): string {
  const letters = [...randomBytes(groups * size)].map((byte) => LETTERS[byte & 31] ?? '').join('')
  return letters.replace(new RegExp(`.{${size}}(?=.)`, 'g'), (group) => `${group}-`)
}
