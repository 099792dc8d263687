import { cutToBytes, fitsBytes, isPlain, quoted } from './text.ts'

/** Bytes that each kind of text may take, and how long lists may be. */
export interface Allowance {
  /** Sentences and what strangers choose freely: `error.message`, `user_agent.original`, `url.path`. */
  readonly prose: number
  /** What an event is searched by: ids, models, rules, reasons. */
  readonly id: number
  readonly name: number
  readonly items: number
  readonly item: number
}

/** How much of an event is kept, from all that a sane one has to what always fits; a test holds the last to its word. */
export const ALLOWANCES = [
  { prose: 512, id: 1024, name: 512, items: 256, item: 256 },
  { prose: 160, id: 1024, name: 512, items: 256, item: 256 },
  { prose: 160, id: 512, name: 256, items: 32, item: 96 },
  { prose: 96, id: 256, name: 96, items: 8, item: 64 },
  { prose: 64, id: 120, name: 48, items: 4, item: 32 },
] as const satisfies readonly Allowance[]

/** Writes values of one line within an allowance and notes the name of each field that it had to shorten. */
export class Budget {
  readonly #allowance: Allowance
  readonly cut: string[] = []
  /** Every text so far was ASCII, so that a line's length is its bytes. */
  plain = true

  constructor(allowance: Allowance) {
    this.#allowance = allowance
  }

  /** Forgets the line before, so that one budget serves every line that fits at once. */
  reset(): this {
    this.cut.length = 0
    this.plain = true
    return this
  }

  prose(field: string, value: string): string {
    return this.#text(field, value, this.#allowance.prose)
  }

  id(field: string, value: string): string {
    return this.#text(field, value, this.#allowance.id)
  }

  name(field: string, value: string): string {
    return this.#text(field, value, this.#allowance.name)
  }

  list(field: string, values: readonly string[]): string {
    const { items, item } = this.#allowance
    const count = Math.min(values.length, items)
    if (count < values.length) this.#note(field)
    let out = ''
    for (let index = 0; index < count; index++) {
      const value = values[index] ?? ''
      out += index === 0 ? this.#text(field, value, item) : `,${this.#text(field, value, item)}`
    }
    return `[${out}]`
  }

  /** True while nothing had to be shortened to make the whole line fit. */
  get isFirst(): boolean {
    return this.#allowance === ALLOWANCES[0]
  }

  /** How many members of our own naming a lifecycle event may add. */
  get members(): number {
    return this.#allowance.items
  }

  #text(field: string, value: string, maxBytes: number): string {
    if (value.length <= maxBytes && isPlain(value)) return `"${value}"`
    this.plain = false
    if (fitsBytes(value, maxBytes)) return quoted(value)
    this.#note(field)
    return quoted(cutToBytes(value, maxBytes))
  }

  #note(field: string): void {
    if (!this.cut.includes(field)) this.cut.push(field)
  }
}

/** A whole number that is no less than nothing; what is not a number is 0. */
export function count(value: number): number {
  return value > 0 ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER) : 0
}

/** A member that holds two others, of which each may be missing; nothing when both are. */
export function pair(name: string, one: string, other: string): string {
  if (one === '' && other === '') return ''
  return `,"${name}":{${one}${one === '' || other === '' ? '' : ','}${other}}`
}
