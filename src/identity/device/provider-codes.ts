import { isJsonObject, ownValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { DeviceSignIn, Renewed, SignInFault, SignInProvider, StateSealer } from '../../model/sign-in.ts'
import { Recent } from '../recent.ts'
import type { DevicePorts } from './ports.ts'
import type { DeviceWish } from './wish-text.ts'

const STATE = 'device-provider-state'
/** Tells a code of a provider's sign-in from one of ours. */
export const PROVIDER_PREFIX = 'p.'
/** Sign-ins that are under way, as far as this process was asked. */
const CAPACITY = 65_536
/** What a provider may say; what is beyond, or below, is a mistake of its own. Seconds. */
const INTERVALS = [1, 60] as const
const LIVES = [30, 1800] as const
/** Of a form that is polled with. Characters. */
const MAX_CODE = 12_000

export interface BegunAtProvider {
  readonly deviceCode: string
  readonly userCode: string
  readonly verificationUri: string
  readonly verificationUriComplete: string | null
  readonly interval: number
  readonly expiresIn: number
}

export type ProviderPoll =
  | { readonly outcome: 'unknown' | 'expired' | 'pending' | 'slow_down' | 'unavailable' }
  | { readonly outcome: 'answered'; readonly provider: SignInProvider; readonly answer: Renewed | SignInFault }

/** When a code was polled last, and what became of it. */
interface Polled {
  at: number
  isOver: boolean
}

/**
 * Sign-ins by a provider's own device flow (RFC 8628). The proxy keeps nothing of them: all of it is sealed into the code
 * that the terminal holds. How often the provider is asked is limited by each process for itself. Nothing here rejects.
 */
export class ProviderCodes {
  readonly #sealer: StateSealer
  readonly #random: DevicePorts['random']
  readonly #providers: ReadonlyMap<string, { readonly provider: SignInProvider; readonly device: DeviceSignIn }>
  readonly #polled = new Recent<Polled>(CAPACITY)

  constructor({ sealer, providers, random }: Pick<DevicePorts, 'sealer' | 'providers' | 'random'>) {
    this.#sealer = sealer
    this.#random = random
    this.#providers = new Map(
      providers.flatMap((provider) =>
        provider.device ? [[provider.name, { provider, device: provider.device }]] : [],
      ),
    )
  }

  has(provider: string): boolean {
    return this.#providers.has(provider)
  }

  async begin(
    name: string,
    wish: DeviceWish,
    now: number,
  ): Promise<Result<BegunAtProvider, SignInFault | 'unavailable'>> {
    const known = this.#providers.get(name)
    if (known === undefined) return failed('unavailable')
    const begun = await known.device.begin({ acrValues: wish.acrValues, maxAge: wish.maxAge })
    if (!begun.ok) return begun
    const { userCode, verificationUri, verificationUriComplete, state } = begun.value
    const interval = within(begun.value.interval, INTERVALS)
    const expiresIn = within(begun.value.expiresIn, LIVES)
    const until = now + expiresIn * 1000
    const id = this.#random(16)
    const sealed = await this.#sealer.seal(STATE, { provider: name, state, interval, id }, until)
    if (!sealed.ok || sealed.value.length > MAX_CODE) return failed('unavailable')
    const deviceCode = PROVIDER_PREFIX + sealed.value
    return ok({ deviceCode, userCode, verificationUri, verificationUriComplete, interval, expiresIn })
  }

  async poll(deviceCode: string, now: number): Promise<ProviderPoll> {
    const opened = await this.#sealer.open(STATE, deviceCode.slice(PROVIDER_PREFIX.length))
    if (!opened.ok) return { outcome: opened.fault === 'invalid' ? 'unknown' : opened.fault }
    const [name, state, interval, id] = ['provider', 'state', 'interval', 'id'].map((key) =>
      ownValue(opened.value, key),
    )
    const known = typeof name === 'string' ? this.#providers.get(name) : undefined
    if (known === undefined || !isJsonObject(state)) return { outcome: 'unknown' }
    // Its own name: the sealed text could be written in another way.
    const key = String(id)
    const gate = this.#gate(key, Number(interval), now)
    if (gate !== 'open') return { outcome: gate }
    const answer = await known.device.poll(state)
    if (answer.outcome === 'pending' || answer.outcome === 'slow_down') return { outcome: answer.outcome }
    // A provider that cannot be asked has decided nothing.
    const isOver = answer.outcome !== 'unavailable'
    if (isOver && !this.#end(key, now)) return { outcome: 'unknown' }
    if (!isDecided(answer)) return { outcome: 'expired' }
    return { outcome: 'answered', provider: known.provider, answer }
  }

  #gate(key: string, interval: number, now: number): 'open' | 'slow_down' | 'unknown' {
    const known = this.#polled.get(key)
    if (known?.isOver) return 'unknown'
    // One that comes a little early was a little late before.
    const leastMs = Math.max(0, (interval - 1) * 1000)
    if (known !== undefined && now >= known.at && now - known.at < leastMs) return 'slow_down'
    this.#polled.set(key, { at: now, isOver: false })
    return 'open'
  }

  /** False where another poll of the same code came to its end first. */
  #end(key: string, now: number): boolean {
    const known = this.#polled.get(key)
    if (known?.isOver) return false
    this.#polled.set(key, { at: now, isOver: true })
    return true
  }
}

/** Whether somebody has signed in, or was refused. */
function isDecided(answer: Awaited<ReturnType<DeviceSignIn['poll']>>): answer is Renewed | SignInFault {
  return answer.outcome === 'signed-in' || answer.outcome === 'rejected' || answer.outcome === 'unavailable'
}

function within(value: number, [least, most]: readonly [number, number]): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(least, Math.ceil(value))) : least
}
