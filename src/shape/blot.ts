import type { Secret } from '../model/secret.ts'

const BLOT = '[secret]'
/** A shorter key is no secret, and would blot out half of any text. */
const MIN_KEY = 4
/** Shorter pieces of base64 are too common in other text. */
const MIN_BASE64 = 8

const patterns = new WeakMap<Secret, RegExp>()

/**
 * Takes the provider's key out of an error body, in any spelling that a body may echo it in: as it is, escaped as JSON
 * (to any depth) or HTML, percent-encoded (more than once, too), in hexadecimal, in base64 and base64url at every
 * alignment, and in UTF-16.
 *
 * Does not find: parts of a key, such as the first and last letters that providers show themselves.
 */
export function blotKey(body: Buffer, apiKey: Secret | null): Buffer {
  if (apiKey === null || apiKey.reveal().length < MIN_KEY) return body
  const text = body.toString('latin1')
  const pattern = patterns.get(apiKey) ?? compile(apiKey.reveal())
  patterns.set(apiKey, pattern)
  const blotted = text.replace(pattern, BLOT)
  return blotted === text ? body : Buffer.from(blotted, 'latin1')
}

function compile(key: string): RegExp {
  const bytes = Buffer.from(key)
  const spelled = [...bytes.toString('latin1')].map(spellings).join('\\x00?')
  const hex = [...bytes.toString('hex')].map((digit) => anyCase(digit)).join('')
  const encoded = [0, 1, 2].map((shift) => base64(bytes, shift)).filter((core) => core.length >= MIN_BASE64)
  return new RegExp([spelled, hex, ...encoded.map(base64Spellings)].join('|'), 'g')
}

/** One byte of the key in each way to write it. Every repetition is bounded, so that a match costs linear time. */
function spellings(character: string): string {
  const code = character.charCodeAt(0)
  const hex = code.toString(16).padStart(2, '0').replace(/[a-f]/g, anyCase)
  const plain = `\\\\{0,8}\\x${code.toString(16).padStart(2, '0')}`
  return `(?:${plain}|\\\\{1,8}u00${hex}|\\\\{1,8}x${hex}|%(?:25){0,4}${hex}|&#0{0,4}${code};|&#[xX]0{0,4}${hex};)`
}

function anyCase(digit: string): string {
  return /[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit
}

/** The characters of the key's base64 that depend on nothing but the key, when it begins `shift` bytes into a group. */
function base64(key: Buffer, shift: number): string {
  const written = Buffer.concat([Buffer.alloc(shift), key])
    .toString('base64')
    .replace(/=+$/, '')
  const first = Math.ceil((shift * 8) / 6)
  const last = Math.floor(((shift + key.length) * 8) / 6)
  return written.slice(first, last)
}

function base64Spellings(core: string): string {
  return [...core]
    .map((digit) =>
      digit === '+'
        ? '(?:[+-]|%2[Bb]|\\\\{1,8}u002[Bb])'
        : digit === '/'
          ? '(?:\\\\{0,8}[/_]|%2[Ff]|\\\\{1,8}u002[Ff])'
          : digit,
    )
    .join('')
}
