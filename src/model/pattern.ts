/**
 * Compiles a name or pattern: `*` matches any run of characters (none, too) and everything else matches itself, code
 * point by code point, case-sensitively. Linear in the name's length for each `*`: no backtracking across stars.
 */
export function compilePattern(pattern: string): (name: string) => boolean {
  const pieces = pattern.split('*')
  const [head = '', ...rest] = pieces
  const tail = rest.pop()
  if (tail === undefined) return (name) => name === pattern
  return (name) => {
    if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false
    const end = name.length - tail.length
    let from = head.length
    for (const piece of rest) {
      const found = name.indexOf(piece, from)
      if (found === -1 || found + piece.length > end) return false
      from = found + piece.length
    }
    return true
  }
}

export function isPattern(text: string): boolean {
  return text.includes('*')
}
