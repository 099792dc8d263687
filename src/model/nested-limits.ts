import type { JsonObject, JsonValue } from './json.ts'
import { OUTPUT_LIMITS } from './transforms.ts'

/**
 * An output limit below the top of a body, as in `options.num_predict` and `generationConfig.maxOutputTokens`; or, wherever
 * it stands, how much may be thought (`thinking.budget_tokens`), and a switch that lifts the limit.
 */
export interface NestedLimit {
  readonly member: string
  /** The way from the member to the limit: keys, and places in lists. */
  readonly path: readonly (string | number)[]
  /** Never null, a list or an object; true for a switch, whatever stands there. */
  readonly value: JsonValue
}

/** True for a value that limits: what else stands under a limit's name may mean the longest output there is. */
export function isLimit(value: JsonValue): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

/** More than any honest request has; each one takes a search of the text to be lowered. */
export const MAX_NESTED_LIMITS = 16

/** What the model reads, what is the caller's own, and schemas: a limit's name is a word like others there. */
const NOT_SETTINGS: ReadonlySet<string> = new Set([
  ...['messages', 'instructions', 'prediction', 'conversation', 'metadata', 'stop', 'logit_bias'],
  ...['tools', 'functions', 'tool_choice', 'function_call', 'response_format'],
  ...['guided_json', 'guided_regex', 'guided_grammar', 'structured_outputs'],
])

/** As lists they are what the model reads; as one object a bag of settings to some engines. */
const READ_AS_LISTS: ReadonlySet<string> = new Set(['input', 'prompt'])

/** Members of such bags that hold texts and schemas: the format of an answer, and what a stored prompt is filled with. */
const NOT_IN: ReadonlyMap<string, string> = new Map([
  ['text', 'format'],
  ['prompt', 'variables'],
])

const NAMES: readonly string[] = OUTPUT_LIMITS.map((name) => name.replaceAll('_', ''))

/**
 * How much a model may think. To most engines it is a part of the output, and less than it; some count it apart
 * (DashScope's `thinking_budget`), and then so much is asked for. Zero is none, and a negative one is the engine's own.
 */
const BUDGETS: readonly string[] = [
  ...['budgettokens', 'thinkingbudget', 'thinkingbudgettokens', 'thinkingtokenbudget', 'reasoningbudget'],
  ...['reasoningtokenbudget', 'maxthinkingtokens', 'maxreasoningtokens'],
]

/** Switches by which an engine goes on until its context is full, whatever the limit. Source: text-generation-webui. */
const LIFTS: readonly string[] = ['automaxnewtokens']

const NONE: readonly NestedLimit[] = Object.freeze([])

/**
 * The limits in the bags of settings that a body carries for some engine: under any name that a limit has at the top, in
 * whatever case, with or without separators. At most one more than `MAX_NESTED_LIMITS`.
 *
 * INVARIANT: recursion is bounded by the depth that the body was admitted with.
 */
export function nestedLimits(body: JsonObject): readonly NestedLimit[] {
  let found: NestedLimit[] | null = null
  for (const member in body) {
    const value = body[member]
    if (value === null || value === undefined || NOT_SETTINGS.has(member)) continue
    if (typeof value !== 'object') {
      // `options.num_predict` as one key; a plain name is one of the limits at the top.
      const isPlain = lastStep(member) === member
      if (isPlain ? !limitsByItself(member, value) : !limits(member, value)) continue
      found ??= []
      found.push({ member, path: [], value: liftsLimit(member) || value })
      continue
    }
    if (READ_AS_LISTS.has(member) && Array.isArray(value)) continue
    found ??= []
    collect(found, member, [], value)
  }
  return found ?? NONE
}

function collect(found: NestedLimit[], member: string, path: (string | number)[], value: JsonValue): void {
  if (Array.isArray(value)) {
    for (const [index, inner] of value.entries()) collectAt(found, member, path, index, inner)
    return
  }
  const object = value as JsonObject
  const skipped = path.length === 0 ? NOT_IN.get(member) : undefined
  for (const key in object) if (key !== skipped) collectAt(found, member, path, key, object[key] as JsonValue)
}

function collectAt(
  found: NestedLimit[],
  member: string,
  path: (string | number)[],
  step: string | number,
  value: JsonValue,
): void {
  if (value === null || found.length > MAX_NESTED_LIMITS) return
  if (typeof value === 'object') {
    path.push(step)
    collect(found, member, path, value)
    path.pop()
  } else if (typeof step === 'string' && limits(step, value)) {
    found.push({ member, path: [...path, step], value: liftsLimit(step) || value })
  }
}

/** True for a switch that lifts the limit: to lower it is to turn it off. */
export function liftsLimit(key: string): boolean {
  return isOneOf(LIFTS, key)
}

function limits(key: string, value: JsonValue): boolean {
  return isOneOf(NAMES, key) || limitsByItself(key, value)
}

/** What counts at the top of a body, too, though it is no limit of the table. */
function limitsByItself(key: string, value: JsonValue): boolean {
  if (value === false) return false
  return isOneOf(LIFTS, key) || (!(typeof value === 'number' && value <= 0) && isOneOf(BUDGETS, key))
}

function isOneOf(names: readonly string[], key: string): boolean {
  if (names.some((name) => spells(key, name))) return true
  const last = lastStep(key)
  return last !== key && names.some((name) => spells(last, name))
}

/** Of a key that is a way, as in `options.num_predict` and `options[num_predict]`, the last step; else the key itself. */
function lastStep(key: string): string {
  for (let index = key.length - 1; index >= 0; index--) {
    const code = key.charCodeAt(index)
    // `.`, `/`, `:` and `[`
    if (code === 46 || code === 47 || code === 58 || code === 91) return key.slice(index + 1)
  }
  return key
}

/** True for a key whose letters and digits are those of the name, whatever their case and what stands between them. */
function spells(key: string, name: string): boolean {
  let at = 0
  for (let index = 0; index < key.length; index++) {
    const letter = letterOf(key.charCodeAt(index))
    if (letter !== 0 && letter !== name.charCodeAt(at++)) return false
  }
  return at === name.length
}

/** The lower-case letter or digit that a decoder without case takes it for, `K` and `ſ` among them; 0 for none. */
function letterOf(code: number): number {
  if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57)) return code
  if (code >= 65 && code <= 90) return code + 32
  return code === 0x212a ? 107 : code === 0x17f ? 115 : 0
}
