import { isUtf8 } from 'node:buffer'

/** The most a config or policy file may hold. Unit: bytes. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024

/** What a person reads of a larger one. */
export const TOO_LARGE = 'the file is larger than 4 MiB; split it into several files'

/** A fault in the characters of a file, before any syntax; `offset` counts UTF-16 units. */
export interface TextFault {
  readonly offset: number
  readonly code: string
  readonly message: string
}

// What an editor does not show as it is read: C0 and C1 controls, line separators, overrides of writing direction, and
// a byte order mark in the middle. A lone carriage return is a line break to some YAML readers only.
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\r(?!\n)/u

/** The first fault in a text, or null. Source: YAML 1.2.2 section 5.1, and stricter where readers of YAML differ. */
export function textFault(text: string): TextFault | null {
  if (text.length > MAX_FILE_BYTES || Buffer.byteLength(text) > MAX_FILE_BYTES) {
    return { offset: 0, code: 'file_too_large', message: TOO_LARGE }
  }
  if (text.charCodeAt(0) === 0xfeff) {
    return {
      offset: 0,
      code: 'byte_order_mark',
      message: 'the file begins with a byte order mark; save it as UTF-8 without one',
    }
  }
  if (!text.isWellFormed()) {
    return {
      offset: lonePosition(text),
      code: 'invalid_utf8',
      message: 'the text has half a character (a lone surrogate); save it as UTF-8',
    }
  }
  const unseen = UNSEEN.exec(text)
  if (!unseen) return null
  const point = (text.codePointAt(unseen.index) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const message = `the character U+${point} is not shown as it is read; remove it, or write it as an escape in double quotes`
  return { offset: unseen.index, code: 'control_character', message }
}

function lonePosition(text: string): number {
  for (let index = 0; index < text.length; index++) {
    if (text.isWellFormed.call(text[index] ?? '')) continue
    if (text.slice(index, index + 2).isWellFormed()) index++
    else return index
  }
  return 0
}

/** Text of a file's bytes; null when they are not UTF-8. A byte order mark is kept, for the reader to refuse. */
export function decodeText(bytes: Uint8Array): string | null {
  return isUtf8(bytes) ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) : null
}

/** Notes what shows in single tokens of a text, one call for each; answers how many there were. */
export function tokenWatch(note: (offset: number, code: string, message: string) => void): (token: string) => number {
  let offset = 0
  let count = 0
  let isLiteral = false
  return (token) => {
    // Marks of the lexer's own, which stand for no characters: a document, a flow's end, a literal that follows.
    if (token === '\x02' || token === '\x18' || token === '\x1f') {
      isLiteral = token === '\x1f'
      return count
    }
    if (!isLiteral && token.startsWith('!'))
      note(offset, 'tag', 'tags are not understood; remove the tag, and write text in quotes')
    if (!isLiteral && token.startsWith('%')) note(offset, 'directive', 'directives are not understood; remove the line')
    isLiteral = false
    offset += token.length
    return ++count
  }
}

/** What a person reads of a fault that the library found. */
export function syntaxMessage(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab is not indentation in YAML; indent with spaces'
  // The library quotes the offending text in some messages; a misplaced secret could be in it.
  const head = message.split(/[:"']/, 1)[0]?.trim().replace(/\.$/, '') ?? ''
  return `not valid YAML: ${head.charAt(0).toLowerCase()}${head.slice(1)}`
}
