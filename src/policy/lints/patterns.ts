import { compilePattern, isPattern } from '../../model/pattern.ts'
import { hasName, type NameSet } from '../rule.ts'

/**
 * Whether everything that the inner pattern matches is matched by the outer one. A star of the inner one is read as a
 * character that no name has: only a star of the outer one can take it in, and that one takes in whatever stands there.
 */
export function isSubsumed(inner: string, outer: string): boolean {
  return isPattern(outer) ? compilePattern(outer)(inner) : inner === outer
}

/** Whether each name and pattern is subsumed by a single one of the set; several that do so together do not count. */
export function areSubsumed(inner: readonly string[], outer: NameSet): boolean {
  return inner.every((name) => hasName(outer, name))
}

/** Whether there is a name that both match. */
export function doOverlap(one: string, other: string): boolean {
  if (!isPattern(one)) return isSubsumed(one, other)
  if (!isPattern(other)) return isSubsumed(other, one)
  // Between the first and the last star both take in anything: only the ends have to agree.
  const [head, tail] = endsOf(one)
  const [otherHead, otherTail] = endsOf(other)
  const headsAgree = head.startsWith(otherHead) || otherHead.startsWith(head)
  return headsAgree && (tail.endsWith(otherTail) || otherTail.endsWith(tail))
}

function endsOf(pattern: string): [head: string, tail: string] {
  return [pattern.slice(0, pattern.indexOf('*')), pattern.slice(pattern.lastIndexOf('*') + 1)]
}
