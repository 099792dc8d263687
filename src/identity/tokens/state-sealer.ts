import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { isJsonObject, type JsonObject, ownValue } from '../../model/json.ts'
import type { Clock } from '../../model/ports.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { StateSealer } from '../../model/sign-in.ts'
import { readJsonObject } from '../jwt/strict-json.ts'
import { canonicalBytes } from '../jwt/token.ts'
import type { TokenKey, TokenKeys } from './keys.ts'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Browsers keep no larger cookies, and no link is longer. */
const MAX_SEALED_LENGTH = 16 * 1024

/**
 * Seals by AES-256-GCM with a key that is derived from the one that signs tokens: nonce, text and tag in the one base64url
 * spelling of them. Every key that verifies tokens opens. The purpose is authenticated, the end stands inside.
 */
export function openStateSealer(keys: TokenKeys, clock: Clock): StateSealer {
  return {
    seal: async (purpose, value, untilMs) => {
      const ring = keys()
      return ring === null ? failed('unavailable') : ok(sealed(ring.signing, purpose, { until: untilMs, value }))
    },
    open: async (purpose, text) => {
      const ring = keys()
      if (ring === null) return failed('unavailable')
      const bytes = text.length > MAX_SEALED_LENGTH ? null : canonicalBytes(text)
      if (bytes === null || bytes.length < NONCE_BYTES + TAG_BYTES) return failed('invalid')
      for (const key of ring.byKid.values()) {
        const plain = opened(key, purpose, bytes)
        if (plain !== null) return contentOf(plain, clock())
      }
      return failed('invalid')
    },
  }
}

function sealed(key: TokenKey, purpose: string, content: JsonObject): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key.stateKey(), nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(purpose))
  const text = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()])
  return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url')
}

function opened(key: TokenKey, purpose: string, bytes: Buffer): Buffer | null {
  const end = bytes.length - TAG_BYTES
  const decipher = createDecipheriv(CIPHER, key.stateKey(), bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(purpose))
  decipher.setAuthTag(bytes.subarray(end))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()])
  } catch {
    // Of another key, for another purpose, or not ours at all: nobody is told which.
    return null
  }
}

function contentOf(plain: Buffer, nowMs: number): Result<JsonObject, 'invalid' | 'expired'> {
  const content = readJsonObject(plain)
  const until = content && ownValue(content, 'until')
  const value = content && ownValue(content, 'value')
  if (typeof until !== 'number' || !isJsonObject(value)) return failed('invalid')
  return nowMs >= until ? failed('expired') : ok(value)
}
