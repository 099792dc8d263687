/** Places in the text of a JSON document. The text must be valid JSON: what is not is answered with -1 or null. */

const QUOTE = 34
const BACKSLASH = 92

/** The index of the quote that closes the string whose content starts at `from`; -1 when nothing closes it. */
export function closingQuote(text: string, from: number): number {
  let end = text.indexOf('"', from)
  while (end !== -1) {
    let before = end
    while (before > from && text.charCodeAt(before - 1) === BACKSLASH) before--
    if (((end - before) & 1) === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return -1
}

/** Where a member stands. `comma` is the comma before it and `next` the key after it; -1 where there is none. */
export interface MemberPlace {
  readonly comma: number
  readonly key: number
  readonly value: number
  readonly end: number
  readonly next: number
}

/** Finds the member `name` of the object that opens at `open`, in whatever spelling its key is escaped. */
export function findMember(text: string, open: number, name: string): MemberPlace | null {
  if (text[open] !== '{') return null
  let comma = -1
  let key = skipSpace(text, open + 1)
  while (text.charCodeAt(key) === QUOTE) {
    const keyEnd = closingQuote(text, key + 1)
    if (keyEnd === -1) return null
    const colon = skipSpace(text, keyEnd + 1)
    if (text[colon] !== ':') return null
    const value = skipSpace(text, colon + 1)
    const end = valueEnd(text, value)
    if (end === -1) return null
    const after = skipSpace(text, end)
    const next = text[after] === ',' ? skipSpace(text, after + 1) : -1
    if (keyIs(text, key + 1, keyEnd, name)) return { comma, key, value, end, next }
    if (next === -1) return null
    comma = after
    key = next
  }
  return null
}

function keyIs(text: string, from: number, to: number, name: string): boolean {
  if (to - from === name.length) return text.startsWith(name, from)
  if (to - from < name.length) return false
  const written = text.slice(from, to)
  if (!written.includes('\\')) return false
  try {
    return JSON.parse(`"${written}"`) === name
  } catch {
    return false
  }
}

function skipSpace(text: string, from: number): number {
  let index = from
  for (;;) {
    const code = text.charCodeAt(index)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return index
    index++
  }
}

/** The index after the value that starts at `from`; -1 when it does not end. */
function valueEnd(text: string, from: number): number {
  let depth = 0
  for (let index = from; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = closingQuote(text, index + 1)
        if (index === -1) return -1
        if (depth === 0) return index + 1
        break
      case 123: // {
      case 91: // [
        depth++
        break
      case 125: // }
      case 93: // ]
        if (depth === 0) return index
        depth--
        if (depth === 0) return index + 1
        break
      case 44: // ,
      case 32:
      case 10:
      case 13:
      case 9:
        if (depth === 0) return index
        break
    }
  }
  return -1
}
