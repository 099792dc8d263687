import type { Secret } from '../model/secret.ts'
import type { UpstreamKind } from '../model/settings.ts'

const MAX_VALUE = 256
const MAX_LIMIT_HEADERS = 24

/** A media type with parameters, of visible characters. */
export const MEDIA_TYPE =
  /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(?:[ \t]*;[ \t]*[a-z0-9_-]+=(?:[^\s";,]+|"[^"\\]*"))*$/i
const VISIBLE = /^[\x20-\x7e]+$/
const LIMIT_NAME = /^x-ratelimit-[a-z0-9-]{1,48}$/

/** What else comes back, each with the form that its value must have. Everything that is not here stays here. */
const PASSED: { readonly [name: string]: RegExp } = {
  'openai-processing-ms': /^[0-9]{1,12}(?:\.[0-9]{1,9})?$/,
  'openai-version': /^[0-9A-Za-z.-]{1,32}$/,
  'retry-after': /^(?:[0-9]{1,9}|[A-Za-z]{3}, [0-9]{2} [A-Za-z]{3} [0-9]{4} [0-9:]{8} GMT)$/,
  'retry-after-ms': /^[0-9]{1,12}(?:\.[0-9]{1,9})?$/,
  'x-should-retry': /^(?:true|false)$/,
}

/** How a provider names its limits; the first letters are those of the names above, too: most headers need no closer look. */
interface LimitNames {
  readonly letters: string
  readonly prefix: string
  readonly form: RegExp
}

const LIMITS = {
  openai: { letters: 'orx', prefix: 'x-ratelimit-', form: LIMIT_NAME },
  anthropic: { letters: 'arx', prefix: 'anthropic-ratelimit-', form: /^anthropic-ratelimit-[a-z0-9-]{1,48}$/ },
} as const satisfies { readonly [Kind in UpstreamKind]: LimitNames }

/** What nearly every answer has. */
const JSON_TYPE = 'application/json'
const STREAM_TYPE = 'text/event-stream'

/** Headers as `node:http` and undici give them: lower-case names, a list for one that stood several times. */
export interface AnswerHead {
  readonly [name: string]: string | readonly string[] | undefined
}

/**
 * The headers of an answer that go back to the client, as name, value…: an allow list, never what names the provider's
 * account, sets a cookie, or speaks of a connection. Does not make: `content-length`, `x-request-id`.
 */
export function answerHeaders(headers: AnswerHead, stream: boolean): string[] {
  return passedHeaders(headers, stream, LIMITS.openai)
}

/**
 * The same of an answer of Anthropic's API. Does not pass its `request-id`: ours stands under that name, by which the
 * events are found.
 */
export function messageHeaders(headers: AnswerHead, stream: boolean): string[] {
  return passedHeaders(headers, stream, LIMITS.anthropic)
}

function passedHeaders(headers: AnswerHead, stream: boolean, { letters, prefix, form }: LimitNames): string[] {
  const passed = ['content-type', contentType(headers['content-type'])]
  if (stream) passed.push('cache-control', 'no-cache, no-transform', 'x-accel-buffering', 'no')
  let limits = 0
  for (const name in headers) {
    if (!letters.includes(name[0] ?? ' ')) continue
    const value = headers[name]
    if (typeof value !== 'string' || value.length > MAX_VALUE) continue
    if (Object.hasOwn(PASSED, name)) {
      if (PASSED[name]?.test(value)) passed.push(name, value)
    } else if (name.startsWith(prefix) && form.test(name) && VISIBLE.test(value)) {
      if (++limits <= MAX_LIMIT_HEADERS) passed.push(name, value)
    }
  }
  return passed
}

/** Bytes of a type that is absent, malformed or written twice are only bytes. */
function contentType(value: unknown): string {
  if (value === JSON_TYPE) return JSON_TYPE
  if (value === STREAM_TYPE) return STREAM_TYPE
  if (typeof value === 'string' && value.length <= MAX_VALUE && MEDIA_TYPE.test(value)) return value
  return 'application/octet-stream'
}

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
  const spelled = [...bytes.toString('latin1')].map((letter, at) => spellings(letter, at === 0)).join('\\x00?')
  const hex = [...bytes.toString('hex')].map((digit) => anyCase(digit)).join('')
  const encoded = [0, 1, 2].map((shift) => base64(bytes, shift)).filter((core) => core.length >= MIN_BASE64)
  return new RegExp([spelled, hex, ...encoded.map(base64Spellings)].join('|'), 'g')
}

/**
 * One byte of the key in each way to write it. Every repetition is bounded, or tried only where a run of backslashes
 * begins, so that a match costs linear time.
 */
function spellings(character: string, isFirst: boolean): string {
  const code = character.charCodeAt(0)
  const digits = code.toString(16).padStart(2, '0')
  const hex = digits.replace(/[a-f]/g, anyCase)
  const [none, some] = isFirst ? ['(?<!\\\\)\\\\*', '(?<!\\\\)\\\\+'] : ['\\\\{0,8}', '\\\\{1,8}']
  return `(?:${none}\\x${digits}|${some}(?:u00|x)${hex}|%(?:25){0,4}${hex}|&#(?:0{0,4}${code}|[xX]0{0,4}${hex});)`
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
