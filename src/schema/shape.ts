import type { TSchema } from 'typebox'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { Problem } from '../model/problem.ts'
import { magnitude } from '../model/units.ts'
import { nearest } from './nearest.ts'
import { SECRET_TITLE } from './parts.ts'

type Path = readonly (string | number)[]

/** What the contract names and this release does not carry: refused by that name, so that nothing is ever ignored. */
export interface NotBuilt {
  key(path: Path): boolean
  value(path: Path, value: JsonValue): boolean
}

const ALL_BUILT: NotBuilt = { key: () => false, value: () => false }

/** The members of JSON Schema that the config's schemas use. */
export interface Rules {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly patternErrorMessage?: string
  readonly properties?: { readonly [key: string]: Rules }
  readonly patternProperties?: { readonly [pattern: string]: Rules }
  readonly required?: readonly string[]
  readonly items?: Rules
  readonly anyOf?: readonly Rules[]
  readonly const?: JsonValue
  readonly enum?: readonly JsonValue[]
  readonly pattern?: string
  /** Of a duration or size, in its written form. */
  readonly least?: string
  readonly most?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minProperties?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: JsonValue
}

/** Everything in which a value differs from a schema, in words that say what to write. Values are never repeated. */
export function shapeProblems(schema: TSchema, value: JsonValue, notBuilt: NotBuilt = ALL_BUILT): Problem[] {
  return problemsOf(schema as Rules, value, [], notBuilt)
}

/** The value with every default of the schema in place. `value` must be free of problems; it is not changed. */
export function withDefaults(schema: TSchema, value: JsonValue): JsonValue {
  return filled(schema as Rules, value)
}

function filled(rules: Rules, value: JsonValue): JsonValue {
  if (Array.isArray(value)) return rules.items ? value.map((item) => filled(rules.items ?? {}, item)) : value
  if (!isJsonObject(value) || !rules.properties) return value
  const whole: { [key: string]: JsonValue } = {}
  for (const [key, member] of Object.entries(rules.properties)) {
    const written = ownValue(value, key) ?? member.default
    if (written !== undefined) whole[key] = filled(member, written)
  }
  return whole
}

function problemsOf(rules: Rules, value: JsonValue, path: Path, notBuilt: NotBuilt): Problem[] {
  const wrong = (code: string, message: string): Problem[] => [{ path, severity: 'error', code, message }]
  if (notBuilt.value(path, value)) {
    return wrong('not_built', `this value of ${named(path)} is part of the contract but not built yet`)
  }
  if (rules.title === SECRET_TITLE) return secretProblems(rules, value, path, notBuilt)
  if (rules.anyOf) return anyOfProblems(rules, value, path, notBuilt)
  if (rules.const === undefined && rules.type === undefined) return []
  if (rules.const !== undefined) {
    return value === rules.const ? [] : wrong('wrong_value', `${named(path)} must be \`${rules.const}\``)
  }
  if (kindOf(value) !== rules.type && !(rules.type === 'number' && kindOf(value) === 'integer')) {
    return wrong('wrong_type', `${named(path)} must be ${expected(rules)}`)
  }
  if (isJsonObject(value)) return objectProblems(rules, value, path, notBuilt)
  if (Array.isArray(value)) return listProblems(rules, value, path, notBuilt)
  if (typeof value === 'string') return stringProblem(rules, value, path).flatMap((say) => wrong('wrong_value', say))
  if (typeof value === 'number' && (value < (rules.minimum ?? value) || value > (rules.maximum ?? value))) {
    return wrong('wrong_value', `${named(path)} must be ${expected(rules)}`)
  }
  return []
}

function objectProblems(rules: Rules, value: JsonObject, path: Path, notBuilt: NotBuilt): Problem[] {
  const { properties = {}, patternProperties } = rules
  const [labels] = Object.values(patternProperties ?? {})
  const found = Object.keys(value).flatMap((key) => {
    const member = Object.hasOwn(properties, key) ? properties[key] : labels
    const inner = [...path, key]
    return member
      ? problemsOf(member, ownValue(value, key) ?? null, inner, notBuilt)
      : [unknownKey(properties, inner, key, notBuilt)]
  })
  if (Object.keys(value).length < (rules.minProperties ?? 0)) {
    found.push({ path, severity: 'error', code: 'empty_map', message: `${named(path)} must not be empty` })
  }
  const missing = (rules.required ?? []).filter((key) => !Object.hasOwn(value, key))
  return [...found, ...missing.map((key) => missingKey(path, key))]
}

function missingKey(path: Path, key: string): Problem {
  const inside = path.length === 0 ? '' : ` in ${named(path)}`
  return {
    path,
    at: 'key',
    severity: 'error',
    code: 'missing_key',
    message: `\`${key}\` is missing${inside}; it is required`,
  }
}

function unknownKey(properties: object, path: Path, key: string, notBuilt: NotBuilt): Problem {
  const at = 'key'
  if (notBuilt.key(path)) {
    return {
      path,
      at,
      severity: 'error',
      code: 'not_built',
      message: `\`${key}\` is part of the contract but not built yet`,
    }
  }
  const close = nearest(key, Object.keys(properties))
  const hint = close ? `did you mean \`${close}\`?` : `known here: ${Object.keys(properties).join(', ')}`
  return {
    path,
    at,
    severity: 'error',
    code: 'unknown_key',
    message: `\`${key.slice(0, 64)}\` is not a known key; ${hint}`,
  }
}

function listProblems(rules: Rules, value: readonly JsonValue[], path: Path, notBuilt: NotBuilt): Problem[] {
  const wrong = (at: Path, code: string, message: string): Problem => ({ path: at, severity: 'error', code, message })
  const found = value.flatMap((item, index) =>
    rules.items ? problemsOf(rules.items, item, [...path, index], notBuilt) : [],
  )
  if (value.length < (rules.minItems ?? 0)) found.push(wrong(path, 'empty_list', `${named(path)} must not be empty`))
  if (value.length > (rules.maxItems ?? Number.POSITIVE_INFINITY)) {
    found.push(wrong(path, 'wrong_value', `${named(path)} must have at most ${rules.maxItems} entries`))
  }
  if (!rules.uniqueItems) return found
  const seen = new Set<JsonValue>()
  for (const [index, item] of value.entries()) {
    if (seen.has(item))
      found.push(wrong([...path, index], 'duplicate', `this entry of ${named(path)} stands there twice`))
    seen.add(item)
  }
  return found
}

function stringProblem(rules: Rules, value: string, path: Path): string[] {
  const { enum: words, pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = rules
  if (words && !words.includes(value)) return [`${named(path)} must be ${expected(rules)}`]
  if (value.length < minLength) return [`${named(path)} must not be empty`]
  if (value.length > maxLength) return [`${named(path)} must have at most ${maxLength} characters`]
  if (pattern && !new RegExp(pattern, 'u').test(value)) return [`${named(path)} must be ${expected(rules)}`]
  return boundProblem(rules, value, path)
}

function boundProblem({ least, most }: Rules, value: string, path: Path): string[] {
  if (least !== undefined && magnitude(value) < magnitude(least))
    return [`${named(path)} must be at least \`${least}\``]
  if (most !== undefined && magnitude(value) > magnitude(most)) return [`${named(path)} must be at most \`${most}\``]
  return []
}

function anyOfProblems(rules: Rules, value: JsonValue, path: Path, notBuilt: NotBuilt): Problem[] {
  const variants = rules.anyOf ?? []
  const isReference = (variant: Rules) => variant.title === SECRET_TITLE && isJsonObject(value)
  const fitting = variants.find((variant) => variant.type === kindOf(value) || isReference(variant))
  if (fitting) return problemsOf(fitting, value, path, notBuilt)
  return [{ path, severity: 'error', code: 'wrong_type', message: `${named(path)} must be ${rules.description}` }]
}

function secretProblems(rules: Rules, value: JsonValue, path: Path, notBuilt: NotBuilt): Problem[] {
  const wrong = (code: string, message: string): Problem[] => [{ path, severity: 'error', code, message }]
  const how = 'write `{ env: NAME }` or `{ file: PATH }`'
  if (!isJsonObject(value)) {
    return wrong(
      'plain_secret',
      `${named(path)} is a secret and never stands in the file; ${how}, and replace the secret if the file was shared`,
    )
  }
  const [key = '', ...more] = Object.keys(value)
  const variant = rules.anyOf?.find(({ properties = {} }) => Object.hasOwn(properties, key))
  if (!variant || more.length > 0) return wrong('plain_secret', `${named(path)} must be one reference; ${how}`)
  return problemsOf(variant, value, path, notBuilt)
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function named(path: Path): string {
  const last = path.at(-1)
  const owner = path.findLast((step) => typeof step === 'string')
  if (typeof last === 'string') return `\`${last}\``
  return owner === undefined ? 'the file' : `each entry of \`${owner}\``
}

function expected(rules: Rules): string {
  if (rules.enum)
    return rules.enum.length === 1
      ? `\`${rules.enum[0]}\``
      : `one of ${rules.enum.map((word) => `\`${word}\``).join(', ')}`
  if (rules.patternErrorMessage) return rules.patternErrorMessage
  switch (rules.type) {
    case 'integer':
      return `a whole number from ${rules.minimum} to ${rules.maximum}`
    case 'number':
      return `a number from ${rules.minimum} to ${rules.maximum}`
    case 'boolean':
      return '`true` or `false`'
    case 'array':
      return 'a list'
    case 'object':
      return 'a map of keys and values'
    default:
      return `text; put it in quotes`
  }
}
