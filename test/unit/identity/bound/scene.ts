import { hash } from 'node:crypto'
import type { Test } from 'tap'
import { type Identity, openIdentity } from '../../../../src/identity/authenticate.ts'
import type { IdentitySettings } from '../../../../src/identity/method.ts'
import type { Credential, Proof, Verification } from '../../../../src/model/identity.ts'
import type { Settings } from '../../../../src/model/settings.ts'
import {
  bearer,
  type Clock,
  folder,
  goodClaims,
  issuerSettings,
  makeKey,
  NOW,
  quietPorts,
  type TestKey,
  token,
  writeKeys,
} from '../forge.ts'

type Members = { readonly [name: string]: unknown }

/** What the proofs of the tests are made for. */
export const REQUEST = { method: 'POST', path: '/v1/chat/completions' } as const
export const OWN_URL = `http://127.0.0.1:8080${REQUEST.path}`

const LISTEN = { proxy: { host: '127.0.0.1', port: 8080 }, tls: null } as unknown as Settings['listen']

export interface Scene {
  readonly clock: Clock
  readonly identity: Identity
  readonly settings: IdentitySettings
  /** A token of the issuer, bound as it is said; unbound where nothing is. */
  token(cnf?: unknown): string
  said(text: string, proof?: Proof): Promise<string>
  verify(text: string, proof?: Proof): Promise<Verification>
}

export function openScene(t: Test, more: Partial<IdentitySettings> = {}, now = NOW): Scene {
  const clock: Clock = { now }
  const key = makeKey('ES256', 'es')
  const file = writeKeys(`${folder(t)}/jwks.json`, [key.jwk])
  const settings: IdentitySettings = {
    issuers: [issuerSettings(file)],
    apiKeys: { enabled: false },
    listen: LISTEN,
    ...more,
  }
  const identity = openIdentity(settings, quietPorts(clock))
  t.teardown(() => identity.close())
  const verify = async (text: string, proof?: Proof) => identity.authenticate(presented(text, proof))
  let count = 0
  const nowS = Math.floor(now / 1000)
  return {
    clock,
    identity,
    settings,
    token: (cnf) => {
      const claims = { exp: nowS + 3600, iat: nowS - 5, jti: `t${++count}` }
      return token(key, goodClaims(cnf === undefined ? claims : { ...claims, cnf }))
    },
    verify,
    said: async (text, proof) => {
      const one = await verify(text, proof)
      return one.outcome === 'verified' ? `verified ${one.principal.id}` : `${one.outcome} ${one.reason}`
    },
  }
}

export function presented(text: string, proof?: Proof): Credential {
  return proof === undefined ? bearer(text) : { ...bearer(text), proof }
}

export const shown = (proof: Partial<Proof>): Proof => ({ certificate: null, isCounted: false, dpop: null, ...proof })

/** RFC 7638. */
export function thumbprintOf({ jwk }: TestKey): string {
  const { crv, kty, x, y, e, n } = jwk
  const members = kty === 'RSA' ? { e, kty, n } : kty === 'OKP' ? { crv, kty, x } : { crv, kty, x, y }
  return hash('sha256', JSON.stringify(members), 'base64url')
}

/** The members of a public key that a proof shows. */
export function publicJwk({ jwk }: TestKey): Members {
  const { kid: _, use: __, alg: ___, ...rest } = jwk
  return rest
}

let count = 0
/** A good proof for a token at the scene's time, but for what is changed. */
export function proofText(
  key: TestKey,
  accessToken: string,
  {
    claims = {},
    header = {},
    alg = key.alg,
    by = key,
  }: { claims?: Members; header?: Members; alg?: string; by?: TestKey } = {},
): string {
  const ath = hash('sha256', accessToken, 'base64url')
  const payload = { jti: `p${++count}`, htm: 'POST', htu: OWN_URL, iat: NOW / 1000, ath, ...claims }
  return token(by, payload, { typ: 'dpop+jwt', alg, jwk: publicJwk(key), ...header }, alg)
}

export const withProof = (text: string): Proof => shown({ dpop: { text, ...REQUEST } })
