import { setTimeout as after } from 'node:timers/promises'

/** Waits between tries. Milliseconds. */
const WAITS_MS = [10, 20, 40, 80, 160] as const

/**
 * What the store answers. A file that another process writes to just now is asked again, for a third of a second in all;
 * nothing in this process waits meanwhile. Rejects with whatever else goes wrong.
 */
export async function asked<T>(ask: () => T | Promise<T>): Promise<T> {
  for (const waitMs of WAITS_MS) {
    try {
      return await ask()
    } catch (cause) {
      if (!isBusy(cause)) throw cause
      await after(waitMs)
    }
  }
  return ask()
}

function isBusy(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY')
}
