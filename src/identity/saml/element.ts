import type { XmlElement } from '../../model/strict-xml.ts'

/** The elements in it, in order. */
export function elementsOf({ nodes }: XmlElement): readonly XmlElement[] {
  return nodes.filter((node) => typeof node !== 'string')
}

export function isNamed(element: XmlElement, uri: string, local: string): boolean {
  return element.local === local && element.uri === uri
}

export function childrenOf(element: XmlElement, uri: string, local: string): readonly XmlElement[] {
  return elementsOf(element).filter((child) => isNamed(child, uri, local))
}

/** The one child of this name; null where there is none, or more than one. */
export function onlyChild(element: XmlElement, uri: string, local: string): XmlElement | null {
  const [child, ...more] = childrenOf(element, uri, local)
  return child === undefined || more.length > 0 ? null : child
}

/** An attribute without a namespace. */
export function attributeOf({ attributes }: XmlElement, local: string): string | undefined {
  return attributes.find((one) => one.uri === '' && one.local === local)?.value
}

/** All of the text of an element that has nothing else in it; null where there is another element in it. */
export function textOf({ nodes }: XmlElement): string | null {
  if (nodes.length === 0) return ''
  const [text] = nodes
  return nodes.length === 1 && typeof text === 'string' ? text : null
}

/** True where nothing but white space stands between the elements of it. */
export function isWithoutText({ nodes }: XmlElement): boolean {
  return nodes.every((node) => typeof node !== 'string' || /^[ \t\n\r]*$/.test(node))
}

/** The element and all that is in it, in the order of the document. */
export function* everyElement(root: XmlElement): Generator<XmlElement> {
  const waiting = [root]
  for (let element = waiting.pop(); element !== undefined; element = waiting.pop()) {
    yield element
    waiting.push(...elementsOf(element).toReversed())
  }
}

/** True where some id stands twice: what a reference means would be a matter of who reads it. */
export function hasRepeatedId(root: XmlElement): boolean {
  const seen = new Set<string>()
  for (const { attributes } of everyElement(root)) {
    const ids = attributes.filter(({ local }) => local.toLowerCase() === 'id')
    if (ids.length > 1) return true
    for (const { value } of ids) {
      if (seen.has(value)) return true
      seen.add(value)
    }
  }
  return false
}

/** True where both say the same, with the children that `isLeftOut` names missing from the first. */
export function isSame(
  one: XmlElement,
  other: XmlElement,
  isLeftOut: (child: XmlElement) => boolean = () => false,
): boolean {
  if (!isNamed(one, other.uri, other.local) || one.attributes.length !== other.attributes.length) return false
  const attributes = one.attributes.every(({ uri, local, value }) =>
    other.attributes.some((twin) => twin.uri === uri && twin.local === local && twin.value === value),
  )
  if (!attributes) return false
  const kept = joined(one.nodes.filter((node) => typeof node === 'string' || !isLeftOut(node)))
  return (
    kept.length === other.nodes.length &&
    kept.every((node, index) => {
      const twin = other.nodes[index]
      if (typeof node === 'string' || typeof twin === 'string' || twin === undefined) return node === twin
      return isSame(node, twin)
    })
  )
}

/** Texts that follow each other as one, which they are once what stood between them is gone. */
function joined(nodes: readonly (XmlElement | string)[]): readonly (XmlElement | string)[] {
  const all: (XmlElement | string)[] = []
  for (const node of nodes) {
    const last = all.at(-1)
    if (typeof node === 'string' && typeof last === 'string') all[all.length - 1] = last + node
    else all.push(node)
  }
  return all
}
