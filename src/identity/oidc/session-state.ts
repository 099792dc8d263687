import { type JsonObject, ownValue } from '../../model/json.ts'
import type { SignInWish } from '../../model/sign-in.ts'
import type { Challenge } from './client.ts'

/** What is known again when the answer of an issuer arrives. */
export interface Begun extends Challenge {
  readonly wish: SignInWish
  /** Epoch seconds. */
  readonly startedAt: number
}

export function writeBegun(name: string, { state, nonce, verifier, wish, startedAt }: Begun): JsonObject {
  return { name, state, nonce, verifier, startedAt, ...writeWish(wish) }
}

/** Null for a state of another provider's sign-in, or one that was written otherwise. */
export function readBegun(name: string, written: JsonObject): Begun | null {
  const [state, nonce, verifier] = ['state', 'nonce', 'verifier'].map((key) => ownValue(written, key))
  const startedAt = ownValue(written, 'startedAt')
  const wish = readWish(written)
  if (ownValue(written, 'name') !== name || wish === null || typeof startedAt !== 'number') return null
  if (!isText(state) || !isText(nonce) || !isText(verifier)) return null
  return { state, nonce, verifier, wish, startedAt }
}

export function writeWish({ acrValues, maxAge }: SignInWish): JsonObject {
  return { acrValues: [...acrValues], maxAge }
}

export function readWish(written: JsonObject): SignInWish | null {
  const acrValues = ownValue(written, 'acrValues')
  const maxAge = ownValue(written, 'maxAge') ?? null
  if (!Array.isArray(acrValues) || !acrValues.every(isText)) return null
  return maxAge === null || typeof maxAge === 'number' ? { acrValues, maxAge } : null
}

/** How strong and how recent a sign-in has to be, in the words of OpenID Connect. */
export function strength({ acrValues, maxAge }: SignInWish): Record<string, string> {
  return {
    ...(acrValues.length > 0 ? { acr_values: acrValues.join(' ') } : {}),
    ...(maxAge === null ? {} : { max_age: String(maxAge) }),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
