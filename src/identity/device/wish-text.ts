import { isJsonObject, type JsonObject, ownValue } from '../../model/json.ts'
import type { SignInWish } from '../../model/sign-in.ts'

/** What a terminal has asked for. */
export interface DeviceWish extends SignInWish {
  /** The name of a provider; null lets the person choose. */
  readonly provider: string | null
}

export function writtenWish({ acrValues, maxAge, provider }: DeviceWish): JsonObject {
  return { acr: acrValues, age: maxAge, provider }
}

/** What this program has written before, perhaps an older one of the fleet; null for what it does not know. */
export function readWrittenWish(value: unknown): DeviceWish | null {
  if (!isJsonObject(value)) return null
  const [acr, maxAge = null, provider = null] = ['acr', 'age', 'provider'].map((name) => ownValue(value, name))
  if (!Array.isArray(acr) || !acr.every((one) => typeof one === 'string')) return null
  if (maxAge !== null && typeof maxAge !== 'number') return null
  return provider === null || typeof provider === 'string' ? { acrValues: acr, maxAge, provider } : null
}
