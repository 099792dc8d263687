/**
 * A second, independent reader of JSON, as unlike `JSON.parse` as RFC 8259 allows: of a key that stands twice the first
 * one counts. Throws on what is not JSON.
 */
export function firstWins(text: string): unknown {
  const tokens = [...text.matchAll(TOKEN)]
  if (tokens.map(([token]) => token).join('') !== text) throw new Error('not JSON')
  const words = tokens.map(([token]) => token).filter((token) => !/^[ \t\n\r]/.test(token))
  let at = 0
  const next = (): string => {
    const word = words[at++]
    if (word === undefined) throw new Error('not JSON')
    return word
  }
  const expect = (word: string): void => {
    if (next() !== word) throw new Error('not JSON')
  }
  const value = (): unknown => {
    const word = next()
    if (word === '{') return object()
    if (word === '[') return list()
    if (word === ']' || word === '}' || word === ',' || word === ':') throw new Error('not JSON')
    return JSON.parse(word)
  }
  const object = (): object => {
    const entries = new Map<string, unknown>()
    if (words[at] === '}') {
      at++
      return {}
    }
    for (;;) {
      const key = next()
      if (key[0] !== '"') throw new Error('not JSON')
      expect(':')
      const name: string = JSON.parse(key)
      const written = value()
      if (!entries.has(name)) entries.set(name, written)
      const word = next()
      if (word === '}') return Object.fromEntries(entries)
      if (word !== ',') throw new Error('not JSON')
    }
  }
  const list = (): unknown[] => {
    const elements: unknown[] = []
    if (words[at] === ']') {
      at++
      return elements
    }
    for (;;) {
      elements.push(value())
      const word = next()
      if (word === ']') return elements
      if (word !== ',') throw new Error('not JSON')
    }
  }
  const document = value()
  if (at !== words.length) throw new Error('not JSON')
  return document
}

const TOKEN =
  /[ \t\n\r]+|[{}[\],:]|true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|"(?:[^"\\]|\\.)*"/gs
