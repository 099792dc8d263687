/** The pair of an object's `metadata` that says whose it is. Callers neither write nor see it. */
export const MARK_KEY = 'sallyport'

/** What each mark begins with; behind it stand the name of a key and a proof, of letters that nothing escapes. */
export const MARK_VERSION = 'spm1'

/** Behind the version: six letters of the key's name and 22 of the proof, in the words of a regular expression. */
export const MARK_REST: readonly string[] = [...Array(6).fill('[A-Za-z0-9]'), ...Array(22).fill('[A-Za-z0-9_-]')]

/** The API takes sixteen pairs. */
export const MAX_OWN_PAIRS = 15

/** Where the mark of an object stands: in its `metadata`, or, of what has none, in the name that is under this key. */
export type MarkPlace = 'metadata' | 'filename' | 'name'

/** Between a mark and the name that it stands before. */
export const NAME_SEPARATOR = '-'

/** A mark as it stands in a name. */
export const NAME_MARK = new RegExp(MARK_VERSION + MARK_REST.join('') + NAME_SEPARATOR, 'g')

/** How much longer a name becomes. Unit: bytes, and characters. */
export const NAME_MARK_LENGTH = MARK_VERSION.length + MARK_REST.length + NAME_SEPARATOR.length

/** The name without marks. */
export function unmarkedName(name: string): string {
  return name.includes(MARK_VERSION) ? name.replace(NAME_MARK, '') : name
}
