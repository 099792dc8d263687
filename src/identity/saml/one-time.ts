import type { Clock } from '../../model/ports.ts'
import type { OneTime } from '../../model/sign-in.ts'

/**
 * Remembers in this process what was used, at most `size` of it at once; a full memory takes nothing more. Rejects then,
 * as whoever cannot tell does.
 */
export function openOneTime(clock: Clock, size = 10_000): OneTime {
  const used = new Map<string, number>()
  return {
    async take(value, untilMs) {
      const now = clock()
      if (used.has(value)) return false
      if (used.size >= size) for (const [one, until] of used) if (until <= now) used.delete(one)
      if (used.size >= size) throw new Error('too many sign-ins at once')
      used.set(value, untilMs)
      return true
    },
  }
}
