/** Markup that was put together by `html` and nobody else: everything in it is escaped. */
export class Html {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  /** For `html` alone: the text of a template, never a value. */
  static of(parts: readonly string[], values: readonly Shown[]): Html {
    let text = parts[0] ?? ''
    for (const [index, value] of values.entries()) text += written(value) + (parts[index + 1] ?? '')
    return new Html(text)
  }

  toString(): string {
    return this.#text
  }
}

/** What a template may hold: text and numbers are escaped, null is nothing. */
export type Shown = string | number | Html | readonly Html[] | null

/** Markup with its values escaped, in text and in quoted attributes alike. An attribute without quotes is a bug. */
export function html(parts: TemplateStringsArray, ...values: readonly Shown[]): Html {
  return Html.of(parts, values)
}

/** A name that somebody else chose: its direction does not reach beyond it. */
export function named(text: string): Html {
  return html`<bdi>${text}</bdi>`
}

function written(value: Shown): string {
  if (value === null) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'string') return escaped(value)
  return typeof value === 'number' ? String(value) : value.map(String).join('')
}

const SIGNS: { readonly [sign: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What controls a terminal or the direction of text controls nothing here; lines may end. */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}]/gu

function escaped(text: string): string {
  const plain = text.toWellFormed().replace(CONTROLS, (sign) => (sign === '\n' ? sign : '\ufffd'))
  return plain.replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? '')
}
