/** Places in the text of a JSON document. The text must be valid JSON: what is not is answered with -1 or null. */

const QUOTE = 34
const BACKSLASH = 92

/** The index of the quote that closes the string whose content starts at `from`; -1 when nothing closes it. */
export function closingQuote(text: string, from: number): number {
  // A search beats a look at each character, also in short strings and in those full of escapes (measured).
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
  return findMembers(text, open, [name])[0] ?? null
}

/**
 * Finds several members of one object in one pass, each in the place of its name; null for those that are not there. Of
 * a key that stands twice the first is taken.
 */
export function findMembers(text: string, open: number, names: readonly string[]): (MemberPlace | null)[] {
  const found: (MemberPlace | null)[] = names.map(() => null)
  if (text.charCodeAt(open) !== 123) return found
  let missing = names.length
  let comma = -1
  let key = skipSpace(text, open + 1)
  while (text.charCodeAt(key) === QUOTE) {
    const keyEnd = closingQuote(text, key + 1)
    if (keyEnd === -1) return found
    const colon = skipSpace(text, keyEnd + 1)
    if (text.charCodeAt(colon) !== 58) return found
    const value = skipSpace(text, colon + 1)
    const end = valueEnd(text, value)
    if (end === -1) return found
    const after = skipSpace(text, end)
    const next = text.charCodeAt(after) === 44 ? skipSpace(text, after + 1) : -1
    const nth = names.findIndex((name, index) => found[index] === null && keyIs(text, key + 1, keyEnd, name))
    if (nth !== -1) {
      found[nth] = { comma, key, value, end, next }
      if (--missing === 0) return found
    }
    if (next === -1) return found
    comma = after
    key = next
  }
  return found
}

/** Where the elements of the list that opens at `open` begin, at most `limit` of them. */
export function elementStarts(text: string, open: number, limit: number): number[] {
  const starts: number[] = []
  if (text.charCodeAt(open) !== 91) return starts
  let start = skipSpace(text, open + 1)
  while (starts.length < limit && start < text.length && text.charCodeAt(start) !== 93) {
    starts.push(start)
    const end = valueEnd(text, start)
    if (end === -1) return starts
    const after = skipSpace(text, end)
    if (text.charCodeAt(after) !== 44) return starts
    start = skipSpace(text, after + 1)
  }
  return starts
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

/** The index of the first character from `from` on that is not space. */
export function skipSpace(text: string, from: number): number {
  let index = from
  for (;;) {
    const code = text.charCodeAt(index)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return index
    index++
  }
}

/** The index after the value that starts at `from`; -1 when it does not end. */
export function valueEnd(text: string, from: number): number {
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
