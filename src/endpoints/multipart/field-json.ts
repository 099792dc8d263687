import type { JsonObject, JsonValue } from '../../model/json.ts'
import { ownValue } from '../../model/json.ts'
import { type JsonLimits, parseStrictJson } from '../../model/strict-json.ts'
import { type Draft, refuse } from '../draft.ts'
import { JSON_LIMITS } from '../json.ts'

type Spent = { -readonly [limit in Exclude<keyof JsonLimits, 'depth'>]: number }

/** As the limits are spoken of. */
const SAYS = { members: 'members', containers: 'objects and lists', values: 'values' } as const satisfies {
  readonly [limit in keyof Spent]: string
}

/** True for a text that a reader of JSON could take for an object or a list. */
export function beginsLikeJson(text: string): boolean {
  return /^[ \t\r\n]*[{[]/.test(text)
}

/**
 * Reads what the fields of one form have written as JSON. All of them together hold what one body may: a form of many
 * such fields would else take as many times as long to judge.
 */
export class FormJson {
  readonly #spent: Spent = { members: 0, containers: 0, values: 0 }

  /**
   * The value of a field that may be written as JSON: an object or a list that all parsers read alike, or the text itself
   * where it does not begin like one. Undefined, and refused, for what begins like JSON and is none.
   *
   * `readings`: how many names the value is judged under. It counts as often.
   */
  read(draft: Draft, root: string, text: string, readings = 1): JsonValue | undefined {
    if (!beginsLikeJson(text)) return text
    const refused = (says: string) => refuse(draft, `\`${root}\` begins like JSON and ${says}`, root)
    // INVARIANT: an object with one member is one value in its braces: what would close them early would leave a rest.
    const parsed = parseStrictJson(Buffer.from(`{"value":${text}}`), JSON_LIMITS)
    if (!parsed.ok) return refused(parsed.fault.says)
    if (Object.keys(parsed.value.value).length !== 1) return refused('is not valid JSON')
    const value = ownValue(parsed.value.value, 'value')
    this.#count(value, readings)
    for (const limit of ['members', 'containers', 'values'] as const) {
      if (this.#spent[limit] <= JSON_LIMITS[limit]) continue
      const most = `${JSON_LIMITS[limit]} ${SAYS[limit]}`
      return refuse(draft, `the fields that are written as JSON have more than ${most} together`, root)
    }
    return value
  }

  /** INVARIANT: recursion is bounded by the depth that the text was admitted with. */
  #count(value: JsonValue | undefined, readings: number): undefined {
    if (typeof value !== 'object' || value === null) return
    this.#spent.containers += readings
    if (Array.isArray(value)) {
      this.#spent.values += readings * value.length
      for (const element of value) this.#count(element, readings)
      return
    }
    const object = value as JsonObject
    for (const key in object) {
      this.#spent.members += readings
      this.#spent.values += readings
      this.#count(object[key], readings)
    }
  }
}
