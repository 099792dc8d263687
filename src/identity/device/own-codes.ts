import { failed, ok, type Result } from '../../model/result.ts'
import type { SignedIn } from '../../model/sign-in.ts'
import { siteOf } from '../throttle.ts'
import { digestOf } from './digest.ts'
import type { DevicePorts } from './ports.ts'
import { openedSignedIn, sealedSignedIn } from './signed-in-text.ts'
import { mintUserCode } from './user-code.ts'
import { type DeviceWish, readWrittenWish, writtenWish } from './wish-text.ts'

/** How long a person has. Seconds. */
export const LIFE_SECONDS = 600
/** Between two polls. Seconds. */
export const INTERVAL_SECONDS = 5
/** One that comes a little early was a little late before. Milliseconds. */
const LEAST_INTERVAL_MS = (INTERVAL_SECONDS - 1) * 1000
const LIMITS = { all: 2000, ofNetwork: 100 }
/** A code that another one waits with is hardly ever drawn. */
const TRIES = 5
const USER_CODE = 'device-user-code'

/** What a person is shown of who asks. */
export interface Asking {
  /** Names it; no credential. */
  readonly device: string
  readonly client: string
  /** Epoch milliseconds. */
  readonly askedAt: number
  readonly wish: DeviceWish
}

export type OwnPoll =
  | { readonly state: 'unknown' | 'expired' | 'pending' | 'too_soon' | 'denied' | 'unavailable' }
  | { readonly state: 'approved'; readonly who: SignedIn }

type OwnPorts = Pick<DevicePorts, 'sealer' | 'digests' | 'codes' | 'random'>

/** Codes of the proxy's own, for every way to sign in. What the store holds of them is no credential. Nothing here rejects. */
export class OwnCodes {
  readonly #ports: OwnPorts

  constructor(ports: OwnPorts) {
    this.#ports = ports
  }

  async begin(
    wish: DeviceWish,
    client: string,
    now: number,
  ): Promise<Result<{ readonly deviceCode: string; readonly userCode: string }, 'full' | 'unavailable'>> {
    const { codes, random } = this.#ports
    for (let tried = 0; tried < TRIES; tried++) {
      const deviceCode = random(32)
      const userCode = mintUserCode(random)
      const user = await this.#digest(userCode)
      if (user === null) return failed('unavailable')
      const times = { createdAt: now, expiresAt: now + LIFE_SECONDS * 1000 }
      const asked = { client, network: siteOf(client), wish: JSON.stringify(writtenWish(wish)), ...times }
      const added = await orNull(codes.add({ device: digestOf(deviceCode), user, ...asked }, LIMITS))
      if (added === null) return failed('unavailable')
      if (added === 'added') return ok({ deviceCode, userCode })
      if (added === 'full') return failed('full')
    }
    return failed('unavailable')
  }

  /** Who waits with a code that a person has typed; `unknown` for all that nobody can decide about. */
  async find(userCode: string, now: number): Promise<Result<Asking, 'unknown' | 'unavailable'>> {
    const user = await this.#digest(userCode)
    const found = user === null ? null : await orNull(this.#ports.codes.find('user', user, now))
    if (found === null) return failed('unavailable')
    const wish = found && readWrittenWish(JSON.parse(found.wish))
    if (!found || !wish) return failed('unknown')
    return ok({ device: found.device, client: found.client, askedAt: found.createdAt, wish })
  }

  /** Lets the terminal have a token of who has signed in, or refuses it one: null. */
  async decide(device: string, who: SignedIn | null, now: number): Promise<Result<null, 'unknown' | 'unavailable'>> {
    const { sealer, codes } = this.#ports
    // As long as the code, at most: it is deleted when the terminal asks.
    const until = now + LIFE_SECONDS * 1000
    // The terminal asks for the token later: by then they may have been signed out.
    const proven = who && { ...who, provenAt: who.provenAt ?? now }
    const sealed = proven && (await sealedSignedIn(sealer, device, proven, until))
    if (who !== null && sealed === null) return failed('unavailable')
    const decided = await orNull(codes.decide(device, sealed, now))
    if (decided === null) return failed('unavailable')
    return decided ? ok(null) : failed('unknown')
  }

  async poll(deviceCode: string, now: number): Promise<OwnPoll> {
    const device = digestOf(deviceCode)
    const polled = await orNull(this.#ports.codes.poll(device, LEAST_INTERVAL_MS, now))
    if (polled === null) return { state: 'unavailable' }
    if (polled.state !== 'approved') return polled
    const who = await openedSignedIn(this.#ports.sealer, device, polled.sealed)
    if (who === 'unavailable') return { state: 'unavailable' }
    return who === null ? { state: 'unknown' } : { state: 'approved', who }
  }

  async #digest(userCode: string): Promise<string | null> {
    const digest = await this.#ports.digests.digest(USER_CODE, userCode)
    return digest.ok ? digest.value : null
  }
}

/** Null where the store cannot be used. */
export async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch {
    return null
  }
}
