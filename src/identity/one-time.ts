import type { Clock } from '../model/ports.ts'
import type { OneTime } from '../model/sign-in.ts'

/** What the whole fleet remembers. Rejects where it cannot be asked. */
export interface FleetMemory {
  /** True for its first use, and for no other. */
  take(value: string, untilMs: number): Promise<boolean>
  has(value: string): Promise<boolean>
}

export interface OneTimeOptions {
  /** How much this process remembers at once. */
  readonly size?: number
  /** Null where this process is alone. */
  readonly fleet?: FleetMemory | null
}

/**
 * Remembers what was used: in this process first, which costs nothing, then in the fleet. A full memory without a fleet
 * takes nothing more; then, and where the fleet cannot tell, it rejects, and nothing was used.
 */
export function openOneTime(clock: Clock, { size = 10_000, fleet = null }: OneTimeOptions = {}): OneTime {
  const used = new Map<string, number>()
  const noted = (value: string, untilMs: number) => {
    const now = clock()
    if (used.size >= size) for (const [one, until] of used) if (until <= now) used.delete(one)
    if (used.size < size) used.set(value, untilMs)
    else if (fleet === null) throw new Error('too many sign-ins at once')
  }
  const use = async (value: string, untilMs: number, work: () => Promise<boolean>) => {
    if (used.has(value)) return false
    noted(value, untilMs)
    try {
      return await work()
    } catch (cause) {
      used.delete(value)
      throw cause
    }
  }
  return {
    take: (value, untilMs) => use(value, untilMs, async () => fleet === null || (await fleet.take(value, untilMs))),
    takeAfter: (value, untilMs, work) =>
      use(value, untilMs, async () => {
        if (fleet !== null && (await fleet.has(value))) return false
        await work()
        return fleet === null || (await fleet.take(value, untilMs))
      }),
  }
}
