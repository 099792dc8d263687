/** A JSON list of strings of a column. Throws on another form: a record that cannot be understood gives nobody anything. */
export function textsOf(written: string): readonly string[] {
  const list: unknown = JSON.parse(written)
  if (!Array.isArray(list) || !list.every((text) => typeof text === 'string')) {
    throw new Error('a stored list is not a list of strings')
  }
  return list
}
