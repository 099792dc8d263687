/**
 * Text that Markdown shows as it is, in a cell of a table and elsewhere: neither a cell's end nor emphasis, code, tags
 * or links. Forges link addresses, mentions (`@name`) and references (`#1`) in the finished text, where no backslash
 * keeps them from it: words with such are code.
 */
export function markdownText(text: string): string {
  return text
    .split(/( +)/)
    .map((word) => word.split('|').map(piece).join('\\|'))
    .join('')
}

const LINKED = /[@#]|:\/\/|www\.|mailto:|xmpp:/i

/** A word, or what stands between bars in one: a bar within code ends a cell for some readers and not for others. */
function piece(word: string): string {
  if (!LINKED.test(word)) return escaped(word)
  const [, before = '', named = word, after = ''] = /^([("]*)(.*?)([)",;:.]*)$/s.exec(word) ?? []
  return LINKED.test(named) ? `${escaped(before)}${code(named)}${escaped(after)}` : code(word)
}

function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]<>~&#!$]/g, (mark) => `\\${mark}`)
}

/** The fence is longer than every run of backticks in it. */
function code(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length))
  const fence = '`'.repeat(longest + 1)
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return `${fence}${pad}${text}${pad}${fence}`
}
