/** A name as it is compared with others: two that look alike to people are one. */
export function foldedName(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFKC')
}
