/** A value as RFC 8259 JSON can write it. Keys are own properties only; `__proto__` is a key like any other. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** True for a JSON object; false for an array, null and every scalar. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads an own property, so that a name such as `constructor` never reaches the prototype. */
export function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** A body that every JSON parser reads alike, in the three forms that are needed: never change one of them alone. */
export interface JsonBody {
  readonly value: JsonObject
  readonly text: string
  readonly bytes: Buffer
}
