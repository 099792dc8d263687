import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export const ISSUER = 'http://127.0.0.1/bench-issuer'
export const AUDIENCE = 'sallyport'
export const GROUP = 'bench'
const KID = 'bench-2026'
const LIFE_SECONDS = 3600

export interface Credential {
  /** An ES256 access token, as identity providers make them. */
  readonly token: string
  readonly publicPem: string
  readonly keySet: string
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

export function makeCredential(): Credential {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    token: signedToken(privateKey),
    publicPem: String(publicKey.export({ type: 'spki', format: 'pem' })),
    keySet: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KID, alg: 'ES256', use: 'sig' }] }),
  }
}

function signedToken(key: KeyObject): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: '8f3a2c71-5f0e-4a55-9d0f-1f2a3b4c5d6e',
    exp: now + LIFE_SECONDS,
    iat: now,
    auth_time: now,
    jti: '7d1c2b9e-0c4f-4f1e-8a55-0a1b2c3d4e5f',
    name: 'Bench Caller',
    email: 'bench@example.org',
    groups: [GROUP, 'employees', 'emea'],
    amr: ['pwd', 'otp'],
  }
  const input = `${part({ typ: 'at+jwt', alg: 'ES256', kid: KID })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}
