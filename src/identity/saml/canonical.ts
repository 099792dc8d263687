import type { XmlElement } from '../../model/strict-xml.ts'
import { boundIn, spellingOf, type XmlScope } from '../../model/xml-scope.ts'

/** What is canonicalized: an element without one of its children, and with these prefixes as they are bound around it. */
export interface CanonicalRules {
  readonly leftOut: XmlElement | null
  readonly inclusive: readonly string[]
}

const PLAIN: CanonicalRules = { leftOut: null, inclusive: [] }

/**
 * The exclusive canonical form of an element that `parseStrictXml` has read, in a time that grows with the document and
 * with nothing else. Source: Exclusive XML Canonicalization 1.0 section 3, Canonical XML 1.0 section 2.3.
 */
export function canonicalForm(element: XmlElement, rules: CanonicalRules = PLAIN): string {
  return written(element, null, rules)
}

function written(element: XmlElement, outer: XmlScope | null, rules: CanonicalRules): string {
  const tag = qualified(element.prefix, element.local)
  const prefixes = prefixesOf(element)
  const bound = newlyBound(element, prefixes, outer, rules.inclusive)
  const scope = bound === null ? outer : { bound, outer }
  let text = `<${tag}`
  if (bound !== null) {
    for (const [one, uri] of [...bound].sort(([one], [other]) => order(one, other)))
      text += ` xmlns${one === '' ? '' : `:${one}`}="${escaped(uri)}"`
  }
  const attributes = element.attributes.map((attribute, index) => ({ ...attribute, prefix: prefixes[index] ?? '' }))
  attributes.sort((one, other) => order(one.uri, other.uri) || order(one.local, other.local))
  for (const { prefix, local, value } of attributes) text += ` ${qualified(prefix, local)}="${escaped(value)}"`
  text += '>'
  for (const node of element.nodes) {
    if (typeof node === 'string') text += plain(node)
    else if (node !== rules.leftOut) text += written(node, scope, rules)
  }
  return `${text}</${tag}>`
}

/** Of its attributes, in their order; empty for one without. */
function prefixesOf(element: XmlElement): readonly string[] {
  if (element.attributes.length === 0) return []
  return spellingOf(element).written.flatMap(({ prefix, local }) =>
    prefix === 'xmlns' || (prefix === '' && local === 'xmlns') ? [] : [prefix],
  )
}

/** The prefixes that it uses itself, and those that are asked for, where they mean something else than around it. */
function newlyBound(
  element: XmlElement,
  prefixes: readonly string[],
  outer: XmlScope | null,
  inclusive: readonly string[],
): ReadonlyMap<string, string> | null {
  let bound: Map<string, string> | null = null
  const need = (prefix: string, uri: string) => {
    const known = outer === null ? undefined : boundIn(outer, prefix)
    // That of `xml` is bound by itself.
    if ((known ?? '') === uri || prefix === 'xml') return
    bound ??= new Map()
    bound.set(prefix, uri)
  }
  for (const prefix of inclusive) {
    const uri = boundIn(spellingOf(element).scope, prefix)
    if (uri !== undefined) need(prefix, uri)
  }
  need(element.prefix, element.uri)
  for (const [index, { uri }] of element.attributes.entries()) if (prefixes[index]) need(prefixes[index], uri)
  return bound
}

function order(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}

function qualified(prefix: string, local: string): string {
  return prefix === '' ? local : `${prefix}:${local}`
}

function plain(text: string): string {
  if (!/[&<>\r]/.test(text)) return text
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\r/g, '&#xD;')
}

function escaped(value: string): string {
  if (!/[&<"\t\n\r]/.test(value)) return value
  const text = value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')
  return text.replace(/[\t\n\r]/g, (one) => `&#x${one.codePointAt(0)?.toString(16).toUpperCase()};`)
}
