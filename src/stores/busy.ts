import { setTimeout as sleep } from 'node:timers/promises'

/** How long it waits between attempts: most writes of another process take a few milliseconds. Milliseconds. */
const WAITS_MS: readonly number[] = [5, 10, 20, 40, 80, 160, 320]

/** True where another process writes to the file just now. */
export function isBusy(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY')
}

/**
 * Writes, and tries again for about two thirds of a second while another process does: a connection that serves waits for
 * nobody inside a statement, which would hold up every request. Rejects as the last attempt does. What was begun and could
 * not be done has left nothing behind, so that it may be done again.
 */
export async function whenFree<T>(write: () => T | Promise<T>): Promise<T> {
  for (const waitMs of WAITS_MS) {
    try {
      return await write()
    } catch (cause) {
      if (!isBusy(cause)) throw cause
    }
    await sleep(waitMs)
  }
  return await write()
}
