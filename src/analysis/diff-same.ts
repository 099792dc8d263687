/**
 * A text that is equal for what means the same in a policy file: the order of keys is of no account, and no list's is but
 * that of the steps of a path.
 */
export function sameText(value: unknown): string {
  return textOf(value, '')
}

function textOf(value: unknown, key: string): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => textOf(item, ''))
    return `[${(key === 'path' ? items : [...new Set(items)].sort()).join()}]`
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${textOf(inner, name)}`)
  return `{${members.sort().join()}}`
}
