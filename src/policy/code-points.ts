/** Orders two texts by code point, as an array's `sort` expects it; the same everywhere, in every locale. */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  let index = 0
  while (index < length && a.charCodeAt(index) === b.charCodeAt(index)) index++
  if (index === length) return a.length - b.length
  // Where only one is a half of a pair, UTF-16 and code points disagree: a pair is beyond every single unit.
  const left = a.charCodeAt(index)
  const right = b.charCodeAt(index)
  const isHalf = (unit: number) => unit >= 0xd800 && unit <= 0xdfff
  return isHalf(left) === isHalf(right) ? left - right : isHalf(left) ? 1 : -1
}
