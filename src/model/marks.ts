/** The pair of an object's `metadata` that says whose it is. Callers neither write nor see it. */
export const MARK_KEY = 'sallyport'

/** What each mark begins with; behind it stand the name of a key and a proof, of letters that nothing escapes. */
export const MARK_VERSION = 'spm1'

/** Behind the version: six letters of the key's name and 22 of the proof, in the words of a regular expression. */
export const MARK_REST: readonly string[] = [...Array(6).fill('[A-Za-z0-9]'), ...Array(22).fill('[A-Za-z0-9_-]')]

/** The API takes sixteen pairs. */
export const MAX_OWN_PAIRS = 15
