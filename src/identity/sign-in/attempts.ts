import { createHash, timingSafeEqual } from 'node:crypto'
import { isJsonObject, type JsonObject, ownValue } from '../../model/json.ts'
import type { OneTime, PageRequest, SignInWish, StateSealer } from '../../model/sign-in.ts'
import { Recent } from '../recent.ts'
import type { CookieReach, Cookies } from './cookies.ts'
import { type Html, html } from './html.ts'
import { type Purpose, providerOf } from './purpose.ts'

/** How long somebody has to sign in. Seconds. */
const LIFE_SECONDS = 600
const COOKIE = 'sign-in'
const SEALED_FOR = 'sign-in-attempt'
/** The field of every form of ours. */
export const FORM_FIELD = 'form'
/** Attempts that have ended. */
const REMEMBERED = 65_536

/** One sign-in of one browser, from the first page to its token. It lives in a sealed cookie of that browser. */
export interface Attempt {
  readonly id: string
  /** What the last page that it was given calls it: a form, or a link, of any other page is none of it. */
  readonly turn: string
  readonly purpose: Purpose
  readonly wish: SignInWish
  /** Epoch milliseconds. */
  readonly beganAt: number
  /** The provider that the browser was sent to, and what comes back to it. */
  readonly away: { readonly kind: string; readonly name: string; readonly state: JsonObject } | null
}

export interface AttemptPorts {
  readonly sealer: StateSealer
  readonly ended: EndedAttempts
  /** 128 bits and more of randomness, as text of letters and digits. */
  readonly random: () => string
}

/**
 * Attempts that came to their end never go on, whatever cookie comes again. This process remembers it across reloads, for at
 * least as long as an attempt can last unless there are very many of them; of those in which somebody has signed in, the
 * whole fleet.
 */
export class EndedAttempts {
  readonly #ended = new Recent<true>(REMEMBERED)
  readonly #fleet: OneTime

  constructor(fleet: OneTime) {
    this.#fleet = fleet
  }

  has(id: string): boolean {
    return this.#ended.get(id) !== undefined
  }

  /** False where it had ended before. At once, so that of two requests one goes on. */
  add(id: string): boolean {
    if (this.has(id)) return false
    this.#ended.set(id, true)
    return true
  }

  /** False where somebody has signed in by it, here or elsewhere. Rejects where nobody can tell. */
  spend({ id, beganAt }: Pick<Attempt, 'id' | 'beganAt'>): Promise<boolean> {
    const digest = createHash('sha256').update(id).digest('hex')
    return this.#fleet.take(digest, beganAt + LIFE_SECONDS * 1000)
  }
}

/**
 * Attempts to sign in. Each is bound to the browser that began it: without its cookie no form, and no answer of a provider,
 * is taken, so that nobody is signed in as somebody else by a link or a form of another site.
 */
export class Attempts {
  readonly #ports: AttemptPorts
  readonly #cookies: Cookies

  constructor(ports: AttemptPorts, cookies: Cookies) {
    this.#ports = ports
    this.#cookies = cookies
  }

  begin(purpose: Purpose, wish: SignInWish, now: number): Attempt {
    const { random } = this.#ports
    return { id: random(), turn: random(), purpose, wish, beganAt: now, away: null }
  }

  /** The same attempt on another page: what the page before could do is over. */
  next(attempt: Attempt, away: Attempt['away'] = null): Attempt {
    return { ...attempt, turn: this.#ports.random(), away }
  }

  /** The header that gives it to the browser; null where it cannot be sealed, or is too long for a cookie. */
  async keep(attempt: Attempt, now: number, reach: CookieReach = 'top-level'): Promise<readonly string[] | null> {
    const until = attempt.beganAt + LIFE_SECONDS * 1000
    const sealed = await this.#ports.sealer.seal(SEALED_FOR, written(attempt), until)
    if (!sealed.ok) return null
    return this.#cookies.set(COOKIE, sealed.value, Math.max(1, Math.ceil((until - now) / 1000)), reach)
  }

  /** The attempt of a request's browser; null where there is none that can go on. */
  async of({ cookies, now }: PageRequest): Promise<Attempt | null> {
    const sealed = cookies.get(COOKIE)
    if (sealed === undefined) return null
    const opened = await this.#ports.sealer.open(SEALED_FOR, sealed)
    const attempt = opened.ok ? read(opened.value) : null
    if (attempt === null || this.#ports.ended.has(attempt.id)) return null
    const age = now - attempt.beganAt
    return age >= 0 && age <= LIFE_SECONDS * 1000 ? attempt : null
  }

  /** The same where a form, or a link, is one of the page that the browser was given last. */
  async ofTurn(request: PageRequest, turn: string | undefined): Promise<Attempt | null> {
    const attempt = await this.of(request)
    return attempt !== null && turn !== undefined && isSame(attempt.turn, turn) ? attempt : null
  }

  ofForm(request: PageRequest): Promise<Attempt | null> {
    return this.ofTurn(request, request.form.get(FORM_FIELD))
  }

  /** Ends it; false where it was over before, as far as this process knows. */
  end({ id }: Attempt): boolean {
    return this.#ports.ended.add(id)
  }

  /**
   * Lets somebody who was proved sign in by it: once in the whole fleet. Not before, so that strangers write nothing into
   * the store.
   */
  async spend(attempt: Attempt): Promise<'first' | 'over' | 'unavailable'> {
    try {
      return (await this.#ports.ended.spend(attempt)) ? 'first' : 'over'
    } catch {
      return 'unavailable'
    }
  }

  forget(): readonly string[] {
    return this.#cookies.clear(COOKIE)
  }
}

/** The field that makes a form one of an attempt. */
export function formField({ turn }: Attempt): Html {
  return html`<input type="hidden" name="${FORM_FIELD}" value="${turn}">`
}

function written({ id, turn, purpose, wish, beganAt, away }: Attempt): JsonObject {
  return {
    id,
    turn,
    began: beganAt,
    acr: wish.acrValues,
    age: wish.maxAge,
    mfa: wish.mfa === true,
    device: purpose.kind === 'device' ? purpose.userCode : null,
    provider: providerOf(purpose),
    away: away === null ? null : { ...away },
  }
}

/** What was sealed by this program, perhaps by an older one of the fleet: what it does not know is none. */
function read(sealed: JsonObject): Attempt | null {
  const [id, turn, beganAt] = ['id', 'turn', 'began'].map((name) => ownValue(sealed, name))
  const [acr, maxAge, device, away] = ['acr', 'age', 'device', 'away'].map((name) => ownValue(sealed, name))
  if (typeof id !== 'string' || typeof turn !== 'string' || typeof beganAt !== 'number') return null
  if (!Array.isArray(acr) || !acr.every((value) => typeof value === 'string')) return null
  if (maxAge !== null && typeof maxAge !== 'number') return null
  if (device !== null && typeof device !== 'string') return null
  const provider = ownValue(sealed, 'provider') ?? null
  if (provider !== null && typeof provider !== 'string') return null
  const mfa = ownValue(sealed, 'mfa') === true ? { mfa: true as const } : {}
  const sent = away === null ? null : readAway(away)
  if (sent === undefined) return null
  const purpose: Purpose = device === null ? { kind: 'token' } : { kind: 'device', userCode: device, provider }
  return { id, turn, purpose, wish: { acrValues: acr, maxAge, ...mfa }, beganAt, away: sent }
}

function readAway(value: unknown): NonNullable<Attempt['away']> | undefined {
  if (!isJsonObject(value)) return undefined
  const [kind, name, state] = ['kind', 'name', 'state'].map((key) => ownValue(value, key))
  return typeof kind === 'string' && typeof name === 'string' && isJsonObject(state) ? { kind, name, state } : undefined
}

/** In a time that tells nothing of where they differ. */
export function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
