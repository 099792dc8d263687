/** False for what no database can hold as it is: it is nobody's name, and is never asked for. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}
