import { compilePattern, isPattern } from '../model/pattern.ts'
import { hasName, type NameSet } from './rule.ts'

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
  return doEndsAgree(endsOf(one), endsOf(other))
}

/** How a pattern begins, up to its first star, and how it ends, from its last one on. */
type Ends = Pick<NameSet['patterns'][number], 'head' | 'tail'>

/**
 * Whether there is a name that two patterns match: between the first and the last star both take in anything, so that
 * only the ends have to agree.
 */
export function doEndsAgree(one: Ends, other: Ends): boolean {
  const headsAgree = one.head.startsWith(other.head) || other.head.startsWith(one.head)
  return headsAgree && (one.tail.endsWith(other.tail) || other.tail.endsWith(one.tail))
}

function endsOf(pattern: string): Ends {
  return { head: pattern.slice(0, pattern.indexOf('*')), tail: pattern.slice(pattern.lastIndexOf('*') + 1) }
}
