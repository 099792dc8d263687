import type { KeyObject } from 'node:crypto'
import { CompactSign, type CryptoKey, compactVerify, errors, importJWK, type JWK } from 'jose'

/** A public key ready for one algorithm. */
export type ReadyKey = CryptoKey

/** Makes a public key ready for `alg`. Null when it is none: a point that is not on its curve, an empty modulus. */
export async function readyKey(jwk: JWK, alg: string): Promise<ReadyKey | null> {
  try {
    const key = await importJWK(jwk, alg)
    return key instanceof Uint8Array || key.type !== 'public' ? null : key
  } catch {
    return null
  }
}

/**
 * True when the compact JWS carries a signature of `key` with `alg`. The caller has read the token strictly; the
 * algorithm is the one that the key is pinned to and never the token's word for it.
 */
export async function hasValidSignature(token: string, key: ReadyKey, alg: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] })
    return true
  } catch (error) {
    // Whatever else is wrong is no reason to believe the token; what is no fault of the token is a bug.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return false
    throw error
  }
}

/** A compact JWS of the text by an Ed25519 key. Rejects only for a key that is none: a bug. */
export function signedBy(key: KeyObject, text: string, header: { readonly typ: string; readonly kid: string }) {
  return new CompactSign(Buffer.from(text)).setProtectedHeader({ alg: 'EdDSA', ...header }).sign(key)
}
