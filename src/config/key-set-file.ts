import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { type JsonLimits, parseStrictJson } from '../model/strict-json.ts'
import { readText } from './read-file.ts'

const LIMITS: JsonLimits = { depth: 32, members: 20_000, containers: 20_000, values: 50_000 }
const MAX_KEYS = 100
const PUBLIC_TYPES: readonly JsonValue[] = ['EC', 'RSA', 'OKP']

/**
 * What is wrong with the form of a key set in a file, for people; null when nothing is. Never repeats what is in it.
 *
 * Does not check: the keys themselves. Whether one is strong and of an accepted algorithm shows when tokens are verified.
 */
export async function keySetFileFault(path: string): Promise<{ code: string; message: string } | null> {
  const read = await readText(path)
  if (!read.ok) return { code: read.code, message: read.message }
  const invalid = (message: string) => ({ code: 'invalid_key_set', message })
  const parsed = parseStrictJson(Buffer.from(read.text), LIMITS)
  if (!parsed.ok) return invalid(`the file ${parsed.fault.says}`)
  const keys = ownValue(parsed.value.value, 'keys')
  if (!Array.isArray(keys)) return invalid('the file is no key set; write `{ "keys": [ … ] }`')
  if (keys.length > MAX_KEYS) return invalid(`the key set has more than ${MAX_KEYS} keys`)
  if (keys.some(isPublicKey)) return null
  return invalid('the key set has no public key (`kty` `EC`, `RSA` or `OKP`, without private members)')
}

function isPublicKey(key: JsonValue): boolean {
  return isJsonObject(key) && PUBLIC_TYPES.includes(ownValue(key, 'kty') ?? null) && !Object.hasOwn(key, 'd')
}
