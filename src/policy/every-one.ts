import type { Match } from '../model/match.ts'
import { compilePattern } from '../model/pattern.ts'

/**
 * Whether every name matches one of the patterns. With `areMore` there may be names that are not told: then only a
 * pattern of all names can hold.
 */
export function everyOne(
  patterns: readonly string[],
): (names: readonly string[], areMore: boolean | undefined) => Match {
  const tests = patterns.map(compilePattern)
  const isAny = patterns.some((pattern) => /^\*+$/.test(pattern))
  return (names, areMore) => {
    if (!names.every((name) => tests.some((test) => test(name)))) return 'no'
    return areMore === true && !isAny ? 'unknown' : 'yes'
  }
}
