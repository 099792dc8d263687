const MAX_NAME = 128
/** Each pair is one more name that the value is judged under. The deepest that is known of any API is three. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]*(?:\[[A-Za-z0-9_-]*\]){0,4}$/

/** What the brackets behind a field's name make of it: one value, an element of a list, or a member of an object. */
export type FieldShape = 'one' | 'list' | 'member'

/** A field's name, taken apart as readers of forms take it apart. */
export interface FieldName {
  readonly root: string
  readonly shape: FieldShape
  /** What stands in the brackets, without those that are empty. */
  readonly members: readonly string[]
}

/**
 * True for a name that every reader of forms takes apart alike: no quote, escape, space, `%`, dot or character beyond
 * ASCII, and brackets only behind it, at most four pairs, each closed and none in another.
 */
export function isNameOfField(name: string): boolean {
  return name.length <= MAX_NAME && NAME.test(name)
}

/** Takes a name apart that `isNameOfField` holds for. */
export function fieldName(name: string): FieldName {
  const open = name.indexOf('[')
  if (open === -1) return { root: name, shape: 'one', members: [] }
  const inner = name.slice(open + 1, -1).split('][')
  const members = inner.filter((member) => member !== '')
  return { root: name.slice(0, open), shape: inner[0] === '' ? 'list' : 'member', members }
}

/** True for a name that may stand more than once: it has an empty pair of brackets. */
export function isRepeatable(name: string): boolean {
  return name.includes('[]')
}
