/** An element with its attributes; `inside` is XML already. An attribute that is null is left out. */
export function xmlElement(
  name: string,
  attributes: { readonly [name: string]: string | null },
  inside: readonly string[] = [],
): string {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === null ? '' : ` ${key}="${xmlText(value)}"`,
  )
  return `<${name}${written.join('')}>${inside.join('')}</${name}>`
}

/** Text for an element or an attribute: whatever it says, it stays text. */
export function xmlText(text: string): string {
  return text.replace(/[&<>"'\t\n\r]/g, (one) => `&#${one.codePointAt(0)};`)
}
