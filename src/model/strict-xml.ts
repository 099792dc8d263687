import { isUtf8 } from 'node:buffer'
import { failed, ok, type Result } from './result.ts'
import { boundIn, OUTERMOST, XML_NAMESPACE, type XmlScope } from './xml-scope.ts'

/** An element as it is named, whatever its `prefix` is called. Declarations of namespaces are no attributes of it. */
export interface XmlElement {
  /** Its namespace; empty where it has none. */
  readonly uri: string
  readonly local: string
  readonly prefix: string
  readonly attributes: readonly XmlAttribute[]
  /** What stands in it, in order; no two texts follow each other, and none is empty. */
  readonly nodes: readonly (XmlElement | string)[]
}

export interface XmlAttribute {
  readonly uri: string
  readonly local: string
  readonly value: string
}

export interface XmlLimits {
  readonly bytes: number
  readonly depth: number
  readonly elements: number
  /** Of one element, its declarations of namespaces among them. */
  readonly attributes: number
}

const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'
const DECLARATION =
  /<\?xml[ \t\n]+version="1\.0"(?:[ \t\n]+encoding="utf-8")?(?:[ \t\n]+standalone="(?:yes|no)")?[ \t\n]*\?>/iy
const NAME = /(?:([A-Za-z_][A-Za-z0-9_.-]{0,127}):)?([A-Za-z_][A-Za-z0-9_.-]{0,127})(?=[ \t\n/>=])/y
const SPACE = /[ \t\n]*/y
const TEXT = /[^<&]+/y
const VALUE = /=[ \t\n]*(?:"([^"<]*)"|'([^'<]*)')/y
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: what XML 1.0 section 2.2 leaves out
const NO_CHARACTER = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/
const PREDEFINED: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/**
 * Reads a document that no two parsers of XML can read differently: UTF-8, namespaces well-formed, names of ASCII, and
 * nothing in it but elements, attributes and text. A document type, entities, processing instructions, comments and
 * CDATA sections are refused wherever they stand: each of them has been read by one parser and not by another.
 *
 * Faults: what is wrong, as the end of a sentence: `has a comment`. Source: XML 1.0 (5th edition), Namespaces in XML 1.0.
 */
export function parseStrictXml(bytes: Buffer, limits: XmlLimits): Result<XmlElement, string> {
  if (bytes.length > limits.bytes) return failed(`is larger than ${limits.bytes} bytes`)
  if (!isUtf8(bytes)) return failed('is not valid UTF-8')
  try {
    return ok(new Reader(bytes.toString('utf8'), limits).document())
  } catch (defect) {
    if (defect instanceof Defect) return failed(defect.message)
    throw defect
  }
}

class Defect extends Error {}

interface Open {
  readonly name: string
  readonly element: XmlElement
  readonly nodes: (XmlElement | string)[]
  readonly scope: XmlScope
}

type Written = { readonly [part in 'prefix' | 'local' | 'value']: string }

class Reader {
  readonly #text: string
  readonly #limits: XmlLimits
  #at = 0
  #elements = 0

  constructor(text: string, limits: XmlLimits) {
    // XML 1.0 section 2.11: an application sees one line feed for each end of a line.
    this.#text = text.replace(/\r\n?/g, '\n')
    this.#limits = limits
    if (NO_CHARACTER.test(this.#text)) throw new Defect('has a character that XML does not have')
  }

  document(): XmlElement {
    this.#match(DECLARATION)
    this.#match(SPACE)
    const root = this.#root()
    this.#match(SPACE)
    if (this.#at !== this.#text.length) throw new Defect(this.#unexpected())
    return root
  }

  #root(): XmlElement {
    const stack: Open[] = []
    for (;;) {
      const closed = this.#text.startsWith('</', this.#at) ? this.#close(stack) : this.#open(stack)
      if (closed !== null && stack.length === 0) return closed
      const parent = stack.at(-1)
      if (parent !== undefined) this.#characters(parent.nodes)
    }
  }

  /** The element where it is empty and closed at once. */
  #open(stack: Open[]): XmlElement | null {
    if (this.#text[this.#at] !== '<') throw new Defect(this.#unexpected())
    this.#at++
    const name = this.#match(NAME)
    if (name === null || this.#text[this.#at] === '=') throw new Defect(this.#unexpected(1))
    if (stack.length >= this.#limits.depth) throw new Defect(`is nested deeper than ${this.#limits.depth} levels`)
    if (++this.#elements > this.#limits.elements) throw new Defect(`has more than ${this.#limits.elements} elements`)
    const written = this.#attributes()
    const parent = stack.at(-1)
    const scope = scopeOf(written, parent?.scope ?? OUTERMOST)
    const nodes: (XmlElement | string)[] = []
    const prefix = name[1] ?? ''
    const element = {
      uri: namespaceOf(prefix, scope),
      local: name[2] ?? '',
      prefix,
      attributes: attributesOf(written, scope),
      nodes,
    }
    parent?.nodes.push(element)
    const isEmpty = this.#text[this.#at] === '/'
    this.#at += isEmpty ? 2 : 1
    if (isEmpty) return element
    stack.push({ name: name[0], element, nodes, scope })
    return null
  }

  #close(stack: Open[]): XmlElement {
    this.#at += 2
    const open = stack.pop()
    const name = this.#match(NAME)?.[0]
    this.#match(SPACE)
    if (open === undefined || name !== open.name || this.#text[this.#at] !== '>') throw new Defect(NOT_WELL_FORMED)
    this.#at++
    return open.element
  }

  /** Up to the end of the tag, which is `>` or `/>`. */
  #attributes(): Written[] {
    const written: Written[] = []
    for (;;) {
      const space = this.#match(SPACE)?.[0] ?? ''
      if (this.#text[this.#at] === '>' || this.#text.startsWith('/>', this.#at)) return written
      const name = space === '' ? null : this.#match(NAME)
      if (name === null) throw new Defect(NOT_WELL_FORMED)
      this.#match(SPACE)
      const value = this.#match(VALUE)
      if (value === null) throw new Defect(NOT_WELL_FORMED)
      if (written.length >= this.#limits.attributes) throw new Defect('has an element with too many attributes')
      // Section 3.3.3: white space is a space, unless a reference stands for it.
      const raw = (value[1] ?? value[2] ?? '').replace(/[\t\n]/g, ' ')
      written.push({ prefix: name[1] ?? '', local: name[2] ?? '', value: resolved(raw) })
    }
  }

  /** All text up to the next tag. */
  #characters(nodes: (XmlElement | string)[]): void {
    let text = ''
    for (;;) {
      const plain = this.#match(TEXT)?.[0] ?? ''
      if (plain.includes(']]>')) throw new Defect(NOT_WELL_FORMED)
      text += plain
      if (this.#at >= this.#text.length) throw new Defect('ends too early')
      if (this.#text[this.#at] !== '&') break
      const reference = this.#match(REFERENCE)
      if (reference === null) throw new Defect(ENTITY)
      text += character(reference)
    }
    if (text !== '') nodes.push(text)
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match !== null) this.#at = pattern.lastIndex
    return match
  }

  #unexpected(back = 0): string {
    const next = this.#text.slice(this.#at - back)
    if (next.startsWith('<!--')) return 'has a comment'
    if (next.startsWith('<![CDATA[')) return 'has a CDATA section'
    if (next.startsWith('<!')) return 'has a document type'
    if (next.startsWith('<?')) return 'has a processing instruction'
    return NOT_WELL_FORMED
  }
}

const NOT_WELL_FORMED = 'is not well-formed XML'
const ENTITY = 'has an entity'

function resolved(raw: string): string {
  if (!raw.includes('&')) return raw
  let text = ''
  let at = 0
  for (;;) {
    const next = raw.indexOf('&', at)
    if (next === -1) return text + raw.slice(at)
    REFERENCE.lastIndex = next
    const reference = REFERENCE.exec(raw)
    if (reference === null) throw new Defect(ENTITY)
    text += raw.slice(at, next) + character(reference)
    at = REFERENCE.lastIndex
  }
}

function character([, name, decimal, hex]: RegExpExecArray): string {
  if (name !== undefined) return PREDEFINED[name] ?? ''
  const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
  const isSurrogate = point >= 0xd800 && point <= 0xdfff
  const text = point > 0x10ffff || isSurrogate ? '\u0000' : String.fromCodePoint(point)
  if (NO_CHARACTER.test(text)) throw new Defect('has a character that XML does not have')
  return text
}

function scopeOf(written: readonly Written[], outer: XmlScope): XmlScope {
  let own: Map<string, string> | null = null
  for (const { prefix, local, value } of written) {
    const isDefault = prefix === '' && local === 'xmlns'
    if (!isDefault && prefix !== 'xmlns') continue
    const bound = isDefault ? '' : local
    const isReserved = bound === 'xml' || bound === 'xmlns' || value === XML_NAMESPACE || value === XMLNS_NAMESPACE
    if (isReserved || (value === '' && !isDefault)) throw new Defect('binds a prefix that it may not')
    own ??= new Map()
    own.set(bound, value)
  }
  return own === null ? outer : { bound: own, outer }
}

function namespaceOf(prefix: string, scope: XmlScope): string {
  const uri = boundIn(scope, prefix)
  if (uri === undefined && prefix !== '') throw new Defect('uses a prefix that it does not bind')
  return uri ?? ''
}

function attributesOf(written: readonly Written[], scope: XmlScope): XmlAttribute[] {
  const seen = new Set<string>()
  return written.flatMap(({ prefix, local, value }) => {
    const isDeclaration = prefix === 'xmlns' || (prefix === '' && local === 'xmlns')
    const uri = isDeclaration ? XMLNS_NAMESPACE : prefix === '' ? '' : namespaceOf(prefix, scope)
    const whole = `${uri} ${local}`
    if (seen.has(whole)) throw new Defect('has an attribute twice')
    seen.add(whole)
    return isDeclaration ? [] : [{ uri, local, value }]
  })
}
