import { createHmac, hkdfSync } from 'node:crypto'
import { failed, ok } from '../../model/result.ts'
import type { TokenKeys } from '../tokens/keys.ts'
import type { KeyedDigest } from './ports.ts'

/** Keeps what is derived for it apart from what seals. */
const PURPOSE = 'sallyport keyed digest'

/**
 * HMAC-SHA256 with a key that is derived from the one that signs tokens: the same in the whole fleet. Once another key
 * signs, every digest is another one: what is found by it must be short-lived.
 */
export function keyedDigests(keys: TokenKeys): KeyedDigest {
  return {
    digest: async (purpose, text) => {
      const ring = keys()
      if (ring === null) return failed('unavailable')
      const key = Buffer.from(hkdfSync('sha256', ring.signing.stateKey(), Buffer.alloc(0), PURPOSE, 32))
      return ok(createHmac('sha256', key).update(`${purpose}\0${text}`).digest('base64url'))
    },
  }
}
