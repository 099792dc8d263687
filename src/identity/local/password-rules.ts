import { foldedName } from '../../model/folded-name.ts'
import { randomLetters } from '../random-letters.ts'
import { COMMON_WORDS, KEY_RUNS } from './guessed-words.ts'
import { canonicalPassword, isPassword } from './password-form.ts'

/**
 * NIST SP 800-63B-4 section 3.1.1.2: 15 for a password that is used alone, and 8 beside a second factor. `Basic` takes a
 * password alone, also that of a user who has a second factor: so it is 15 for everybody. Characters, not bytes.
 */
const LEAST = 15
/** Pieces that a guesser has to find one by one: a character each, but a word or a pattern is one, however long. */
const LEAST_PIECES = 8
const LONGEST_WORD = 32

/** What digits and signs stand for where people want a word to look like none. */
const LEET: { readonly [sign: string]: string } = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  '!': 'i',
  $: 's',
  '€': 'e',
}

/** Whose password it is, and what it is for: words that are guessed first, for them. */
export interface PasswordOwner {
  readonly name: string
  readonly display: string | null
  readonly email: string | null
}

/** What is wrong with a password that is to be set, for people; null where nothing is. No rule asks for kinds of characters. */
export function passwordFault(written: string, owner: PasswordOwner): string | null {
  if (!isPassword(written)) return 'a password has no control characters and at most 1024 others'
  const password = canonicalPassword(written)
  if ([...password].length < LEAST) return `a password has at least ${LEAST} characters: four or five words, say`
  const words = new Set([...COMMON_WORDS, ...wordsOf(owner)])
  const plain = foldedName(password)
  const joined = plain.replace(/[\s._-]/g, '')
  const pieces = Math.min(piecesOf([...plain], words), piecesOf([...joined], words))
  return pieces < LEAST_PIECES
    ? 'this password is made of words and patterns that are guessed first: add words that have nothing to do with them'
    : null
}

/** 100 bits of chance, for who is not asked for one of their own. */
export function newPassword(): string {
  return randomLetters(4, 5)
}

function wordsOf({ name, display, email }: PasswordOwner): string[] {
  const parts = [name, display ?? '', email ?? ''].map(foldedName)
  return parts.flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)]).filter((word) => word.length >= 3)
}

function piecesOf(text: readonly string[], words: ReadonlySet<string>): number {
  const leet = text.map((sign) => LEET[sign] ?? sign)
  let pieces = 0
  for (let at = 0; at < text.length; pieces++) {
    const word = Math.max(wordAt(text, at, words), wordAt(leet, at, words))
    at += Math.max(1, word, runAt(text, at), keysAt(text, at), repeatAt(text, at), yearAt(text, at))
  }
  return pieces
}

function wordAt(text: readonly string[], at: number, words: ReadonlySet<string>): number {
  for (let length = Math.min(LONGEST_WORD, text.length - at); length >= 3; length--) {
    if (words.has(text.slice(at, at + length).join(''))) return length
  }
  return 0
}

/** The same character over and over, or characters that follow each other, up or down; 0 for fewer than three. */
function runAt(text: readonly string[], at: number): number {
  const step = (index: number) => (text[index + 1]?.codePointAt(0) ?? Number.NaN) - (text[index]?.codePointAt(0) ?? 0)
  const first = step(at)
  if (!(Math.abs(first) <= 1)) return 0
  let end = at + 1
  while (step(end) === first) end++
  const length = end - at + 1
  return length >= 3 ? length : 0
}

function keysAt(text: readonly string[], at: number): number {
  for (let length = Math.min(LONGEST_WORD, text.length - at); length >= 3; length--) {
    const run = text.slice(at, at + length).join('')
    if (KEY_RUNS.some((row) => row.includes(run))) return length
  }
  return 0
}

/** What stood there before, however often it comes. */
function repeatAt(text: readonly string[], at: number): number {
  let longest = 0
  for (let from = 0; from < at; from++) {
    let length = 0
    while (at + length < text.length && text[from + length] === text[at + length]) length++
    longest = Math.max(longest, length)
  }
  return longest >= 3 ? longest : 0
}

function yearAt(text: readonly string[], at: number): number {
  return /^(?:19|20)[0-9]{2}$/.test(text.slice(at, at + 4).join('')) ? 4 : 0
}
