import { escapeDnValue } from './ldap-name.ts'
import { failed, ok, type Result } from './result.ts'

/** What a search asks of entries (RFC 4511 section 4.5.1.7). A value is data, never syntax: nothing is spliced into a text. */
export type LdapFilter<Value = string | Buffer> =
  | { readonly kind: 'and' | 'or'; readonly of: readonly LdapFilter<Value>[] }
  | { readonly kind: 'not'; readonly of: LdapFilter<Value> }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: 'compare'; readonly by: Comparison; readonly attribute: string; readonly value: Value }
  /** What it begins with, what comes within and what it ends with; an empty text is no part. */
  | { readonly kind: 'substrings'; readonly attribute: string; readonly parts: readonly Value[] }
  | {
      readonly kind: 'extensible'
      readonly attribute: string
      readonly rule: string
      readonly dnAttributes: boolean
      readonly value: Value
    }

type Comparison = '=' | '>=' | '<=' | '~='

/** A text with places to be filled: `{ name }` stands for a value. */
type Pieces = readonly (string | { readonly name: string })[]
export type LdapTemplate = LdapFilter<Pieces>

const ATTRIBUTE = '(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*'
const ITEM = new RegExp(`^(${ATTRIBUTE})?((?::dn)?)((?::[A-Za-z0-9.-]+)?)(=|>=|<=|~=|:=)(.*)$`, 's')
const MAX_DEPTH = 16

/**
 * Reads a filter as operators write it (RFC 4515), with `{name}` for what is filled in later. The failure is the end of a
 * sentence: what is wrong with it.
 */
export function readTemplate(text: string): Result<LdapTemplate, string> {
  const reader = { text, at: 0 }
  const filter = readFilter(reader, 0)
  if (typeof filter === 'string') return failed(filter)
  return reader.at === text.length ? ok(filter) : failed('goes on behind its last parenthesis')
}

/** The names of all places of a template. */
export function namesIn(template: LdapTemplate): ReadonlySet<string> {
  const names = new Set<string>()
  mapped(template, (pieces) => {
    for (const piece of pieces) if (typeof piece !== 'string') names.add(piece.name)
    return ''
  })
  return names
}

/**
 * The template with a value in each of its places. What asks for a value that is not there asks for nothing: it is left out of
 * an `or`, and takes everything else of an `and` with it. Null where nothing is left.
 */
export function filled(template: LdapTemplate, valueFor: (name: string) => string | undefined): LdapFilter | null {
  switch (template.kind) {
    case 'and':
    case 'or': {
      const of = template.of.map((one) => filled(one, valueFor)).filter((one) => one !== null)
      const isAsked = template.kind === 'and' ? of.length === template.of.length : of.length > 0
      return isAsked ? { kind: template.kind, of } : null
    }
    case 'not': {
      const of = filled(template.of, valueFor)
      return of === null ? null : { kind: 'not', of }
    }
    default: {
      if ([...namesIn(template)].some((name) => valueFor(name) === undefined)) return null
      return mapped<Pieces, string | Buffer>(template, (pieces) => joined(pieces, valueFor))
    }
  }
}

function joined(pieces: Pieces, valueFor: (name: string) => string | undefined): string {
  // A value within the text of a name has to stay one value of it (RFC 4514 section 2.4).
  const literal = pieces.filter((piece) => typeof piece === 'string').join('')
  const isName = /^\s*[A-Za-z][A-Za-z0-9.-]*\s*=/.test(literal)
  return pieces
    .map((piece) => {
      if (typeof piece === 'string') return piece
      const value = valueFor(piece.name) ?? ''
      return isName ? escapeDnValue(value) : value
    })
    .join('')
}

/** The template in which plain comparisons with a DN follow whole chains by a matching rule; null where there is none. */
export function chained(template: LdapTemplate, name: string, rule: string): LdapTemplate | null {
  let count = 0
  const change = (filter: LdapTemplate): LdapTemplate => {
    switch (filter.kind) {
      case 'and':
      case 'or':
        return { kind: filter.kind, of: filter.of.map(change) }
      case 'not':
        return { kind: 'not', of: change(filter.of) }
      case 'compare': {
        const [piece, ...more] = filter.value
        if (filter.by !== '=' || more.length > 0 || typeof piece !== 'object' || piece.name !== name) return filter
        count++
        return { kind: 'extensible', attribute: filter.attribute, rule, dnAttributes: false, value: filter.value }
      }
      default:
        return filter
    }
  }
  const changed = change(template)
  return count === 0 ? null : changed
}

function mapped<From, To>(filter: LdapFilter<From>, to: (value: From) => To): LdapFilter<To> {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, of: filter.of.map((one) => mapped(one, to)) }
    case 'not':
      return { kind: 'not', of: mapped(filter.of, to) }
    case 'present':
      return filter
    case 'substrings':
      return { ...filter, parts: filter.parts.map(to) }
    default:
      return { ...filter, value: to(filter.value) }
  }
}

interface Reader {
  readonly text: string
  at: number
}

function readFilter(reader: Reader, depth: number): LdapTemplate | string {
  const { text } = reader
  if (text[reader.at] !== '(') return 'must be a filter in parentheses such as `(uid={username})`'
  if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`
  const sign = text[reader.at + 1]
  if (sign !== '&' && sign !== '|' && sign !== '!') return readItem(reader)
  reader.at += 2
  const of: LdapTemplate[] = []
  while (text[reader.at] === '(') {
    const inner = readFilter(reader, depth + 1)
    if (typeof inner === 'string') return inner
    of.push(inner)
  }
  if (text[reader.at] !== ')') return 'lacks a parenthesis'
  reader.at++
  const [first, second] = of
  if (first === undefined) return `has nothing behind \`${sign}\``
  if (sign !== '!') return { kind: sign === '&' ? 'and' : 'or', of }
  return second === undefined ? { kind: 'not', of: first } : 'has more than one filter behind `!`'
}

function readItem(reader: Reader): LdapTemplate | string {
  const end = reader.text.indexOf(')', reader.at)
  if (end === -1) return 'lacks a parenthesis'
  const item = ITEM.exec(reader.text.slice(reader.at + 1, end))
  reader.at = end + 1
  if (item === null) return 'has a part that is no comparison such as `uid={username}`'
  const [, attribute = '', dn = '', rule = '', by = '', written = ''] = item
  const parts = written.split('*').map(readValue)
  if (parts.includes(null))
    return 'has an unescaped parenthesis or a backslash that is no escape such as `\\2a` in a value'
  const values = parts.filter((part) => part !== null)
  const [value = []] = values
  if (by === ':=') {
    if (values.length > 1 || (attribute === '' && rule === '')) return 'has a matching rule that is not complete'
    return { kind: 'extensible', attribute, rule: rule.slice(1), dnAttributes: dn !== '', value }
  }
  if (attribute === '' || dn !== '' || rule !== '') return 'has a comparison without an attribute'
  if (values.length === 1) return { kind: 'compare', by: by as Comparison, attribute, value }
  if (by !== '=') return 'has a `*` where a value is compared by its order'
  return written === '*' ? { kind: 'present', attribute } : { kind: 'substrings', attribute, parts: values }
}

/** A value with its escapes undone and its places found; null where it is not written as one. */
function readValue(written: string): Pieces | null {
  if (/[(\0]/.test(written) || /\\(?![0-9A-Fa-f]{2})/.test(written)) return null
  return written
    .split(/(\{[A-Za-z][A-Za-z0-9-]*\})/)
    .filter((text) => text !== '')
    .map((text) => (/^\{[A-Za-z][A-Za-z0-9-]*\}$/.test(text) ? { name: text.slice(1, -1) } : unescaped(text)))
}

function unescaped(text: string): string {
  return text.replace(/(?:\\[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replaceAll('\\', ''), 'hex').toString('utf8'))
}
