import type { Clock } from '../model/ports.ts'
import type { KeyStore } from '../stores/keys.ts'

const EVERY_MS = 3_600_000
/** Failed sign-ins are counted over an hour: those of yesterday count for nothing. Milliseconds. */
const FAILURES_KEPT_MS = 86_400_000

/** How far the clocks of a fleet may be apart: what is over for one may be taken by another. Milliseconds. */
const APART_MS = 600_000

type PurgedParts = 'usedOnce' | 'revocations' | 'accountFailures' | 'deviceCodes' | 'refreshFamilies'

/** Forgets what is over: revocations of tokens that have ended, failed sign-ins that nobody counts any more, sign-ins of terminals, and what was used once. */
export async function purge(store: Pick<KeyStore, PurgedParts>, now: number): Promise<void> {
  await store.revocations.purge(now)
  await store.accountFailures.purge(now - FAILURES_KEPT_MS, now)
  await store.deviceCodes.purge(now)
  await store.refreshFamilies.purge(now)
  await store.usedOnce.purge(now - APART_MS)
}

/** Purges once an hour, as long as it is not closed. It keeps no process alive; what fails is done an hour later. */
export function purgeHourly(store: () => KeyStore | null, clock: Clock): { close(): void } {
  const timer = setInterval(() => {
    const open = store()
    if (open !== null) void purge(open, clock()).catch(() => undefined)
  }, EVERY_MS)
  timer.unref()
  return { close: () => clearInterval(timer) }
}
