import { type FleetMemory, openOneTime } from '../identity/one-time.ts'
import type { Clock } from '../model/ports.ts'
import type { OneTime } from '../model/sign-in.ts'
import type { UsedOnce } from '../stores/used-once.ts'

/** What counts once, whichever process of a fleet it comes to. */
export interface OneTimes {
  /** Assertions, and logouts, that SAML providers have signed. */
  readonly saml: OneTime
  /** Logout tokens of OpenID Connect. */
  readonly logout: OneTime
  /** Sign-ins that came to their end. */
  readonly attempt: OneTime
}

/** Remembers in this process, and in the store. It rejects where the store is away: then nobody can tell. */
export function oneTimes(store: () => { readonly usedOnce: UsedOnce } | null, clock: Clock): OneTimes {
  const of = (purpose: keyof OneTimes) => openOneTime(clock, { fleet: inStore(store, purpose) })
  return { saml: of('saml'), logout: of('logout'), attempt: of('attempt') }
}

function inStore(store: () => { readonly usedOnce: UsedOnce } | null, purpose: string): FleetMemory {
  // It may be opened later; a file answers at once, and throws at once, too.
  const opened = () => {
    const open = store()
    if (open === null) throw new Error('no store is open')
    return open.usedOnce
  }
  return {
    take: async (value, untilMs) => opened().take(purpose, value, untilMs),
    has: async (value) => opened().has(purpose, value),
  }
}
