import { constants, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Identity, type IdentityReport, openIdentity } from '../../../src/identity/authenticate.ts'
import type { IdentityPorts } from '../../../src/identity/method.ts'
import type { Credential, Verification } from '../../../src/model/identity.ts'
import type { IssuerSettings } from '../../../src/model/identity-settings.ts'
import { Secret } from '../../../src/model/secret.ts'
import { Log } from '../../support/within.ts'

/** Makes tokens byte by byte, so that every wrong one can be made, too. */

const ISSUER = 'https://idp.example/realms/main'
/** When everything happens. Epoch milliseconds. */
export const NOW = 1_790_000_000_000
export const NOW_S = NOW / 1000

type Members = { readonly [name: string]: unknown }

export interface TestKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: KeyObject
  readonly jwk: Members
}

const CURVES: { readonly [alg: string]: string } = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

export function makeKey(alg: string, kid: string, rsaBits = 2048): TestKey {
  const pair =
    alg === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : CURVES[alg] !== undefined
        ? generateKeyPairSync('ec', { namedCurve: CURVES[alg] })
        : generateKeyPairSync('rsa', { modulusLength: rsaBits })
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
  return { kid, alg, privateKey: pair.privateKey, jwk }
}

export const b64 = (value: string | Buffer | Members): string =>
  Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url')

function signatureOf(text: string, { privateKey }: TestKey, alg: string): Buffer {
  const bytes = Buffer.from(text)
  if (alg === 'EdDSA' || alg === 'Ed25519') return signBytes(null, bytes, privateKey)
  const digest = `sha${alg.slice(2)}`
  if (alg.startsWith('ES')) return signBytes(digest, bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  if (alg.startsWith('RS')) return signBytes(digest, bytes, privateKey)
  const saltLength = Number(alg.slice(2)) / 8
  return signBytes(digest, bytes, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
}

export function goodClaims(more: Members = {}): Members {
  return { iss: ISSUER, aud: 'sallyport', sub: 'alice', exp: NOW_S + 300, iat: NOW_S - 5, jti: 'token-1', ...more }
}

export const without = (members: Members, ...names: string[]): Members =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)))

/** Signs any header and payload; a string stands as it is written. The defaults make a good token. */
export function token(
  key: TestKey,
  claims: string | Buffer | Members = goodClaims(),
  header: string | Members = { alg: key.alg, kid: key.kid, typ: 'at+jwt' },
  alg: string = key.alg,
): string {
  const text = `${b64(header)}.${b64(claims)}`
  return `${text}.${b64(signatureOf(text, key, alg))}`
}

export function issuerSettings(file: string, more: Partial<IssuerSettings> = {}): IssuerSettings {
  return {
    name: 'corp',
    issuer: ISSUER,
    audience: ['sallyport'],
    jwks: { kind: 'file', file, refreshMs: 600_000, maxStaleMs: 86_400_000 },
    algorithms: ['ES256', 'RS256', 'PS256', 'EdDSA'],
    clockSkewMs: 30_000,
    claims: { id: ['sub'], name: ['name'], email: ['email'], groups: ['groups'], workspace: ['workspace'] },
    mfaAcr: [],
    allowInsecure: false,
    ...more,
  }
}

export const bearer = (text: string): Extract<Credential, { kind: 'token' }> => ({
  kind: 'token',
  place: 'authorization',
  token: new Secret(text),
})

export function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-identity-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function writeKeys(file: string, keys: readonly Members[]): string {
  writeFileSync(file, JSON.stringify({ keys }))
  return file
}

export interface Clock {
  now: number
}

export function quietPorts(clock: Clock, more: Partial<IdentityPorts> = {}): IdentityPorts {
  return { clock: () => clock.now, keys: null, report: (_: IdentityReport) => undefined, ...more }
}

/** An identity of one issuer whose keys stand in a file, and what it says of a token. */
export function scene(t: Test, keys: readonly Members[], more: Partial<IssuerSettings> = {}) {
  const clock: Clock = { now: NOW }
  const file = writeKeys(join(folder(t), 'jwks.json'), keys)
  const settings = issuerSettings(file, more)
  const identity: Identity = openIdentity({ issuers: [settings], apiKeys: { enabled: false } }, quietPorts(clock))
  t.teardown(() => identity.close())
  const verify = async (text: string): Promise<Verification> => identity.authenticate(bearer(text))
  return { clock, file, settings, identity, verify }
}

/** An identity of one issuer, with what it reports and every timer that it asks for; none of them runs by itself. */
export function openWatching(t: Test, file: string) {
  const reports = new Log<IdentityReport>()
  const timers = new Log<{ readonly delayMs: number; readonly run: () => void; over: boolean }>()
  const ports = quietPorts(
    { now: NOW },
    {
      report: (report) => reports.push(report),
      schedule: (delayMs, run) => {
        const timer = { delayMs, run, over: false }
        timers.push(timer)
        return () => {
          timer.over = true
        }
      },
    },
  )
  const identity = openIdentity({ issuers: [issuerSettings(file)], apiKeys: { enabled: false } }, ports)
  t.teardown(() => identity.close())
  return { identity, reports, timers }
}

/** What came out of it, in one word: `verified`, or why not. */
export function outcome(verification: Verification): string {
  return verification.outcome === 'verified' ? 'verified' : verification.reason
}
