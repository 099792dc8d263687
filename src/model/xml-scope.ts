/**
 * The prefixes that an element binds, around those of the element that it is in. None is written down twice: with a copy for
 * each element a small document, which no limit refuses, would cost what a million of them do.
 */
export interface XmlScope {
  readonly bound: ReadonlyMap<string, string>
  readonly outer: XmlScope | null
}

export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'
export const OUTERMOST: XmlScope = { bound: new Map([['xml', XML_NAMESPACE]]), outer: null }

/** What a prefix is bound to; undefined where it is not. */
export function boundIn(scope: XmlScope, prefix: string): string | undefined {
  for (let at: XmlScope | null = scope; at !== null; at = at.outer) {
    const uri = at.bound.get(prefix)
    if (uri !== undefined) return uri
  }
  return undefined
}
