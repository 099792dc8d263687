import type { TSchema } from 'typebox'
import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { type Rules, shapeProblems } from './shape.ts'

/** A config of which any part may be missing, so that what is there can still be checked. */
export type Draft<Whole> = Whole extends string | number | boolean
  ? Whole
  : Whole extends readonly (infer Item)[]
    ? readonly (Draft<Item> | undefined)[]
    : { readonly [Key in keyof Whole]?: Draft<Whole[Key]> | undefined }

/**
 * The sound parts of a value, with defaults in place: every member that differs from the schema is left out, and list
 * entries keep their positions.
 */
export function soundDraft(schema: TSchema, value: JsonValue): unknown {
  const rules = schema as Rules
  const entry = rules.patternProperties && Object.values(rules.patternProperties)[0]
  if (isJsonObject(value) && entry?.properties) {
    const members = Object.keys(value).map((key) => [key, soundDraft(entry as TSchema, ownValue(value, key) ?? null)])
    return Object.fromEntries(members)
  }
  if (!rules.properties && !(Array.isArray(value) && rules.items))
    return shapeProblems(schema, value).length === 0 ? value : undefined
  if (isJsonObject(value) && rules.properties) {
    // Key by key, without lists of pairs: a policy has a hundred thousand of these.
    const members: { [key: string]: unknown } = {}
    for (const key in rules.properties) {
      const member = rules.properties[key] as Rules
      const written = ownValue(value, key) ?? member.default
      if (written !== undefined) members[key] = soundDraft(member as TSchema, written)
    }
    return members
  }
  const { items } = rules
  if (Array.isArray(value) && items) return value.map((item) => soundDraft(items as TSchema, item))
  return undefined
}
