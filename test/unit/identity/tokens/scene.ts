import { generateKeyPairSync } from 'node:crypto'
import type { Test } from 'tap'
import { openIdentity } from '../../../../src/identity/authenticate.ts'
import type { IdentityPorts } from '../../../../src/identity/method.ts'
import { openTokenIssuer } from '../../../../src/identity/tokens/issuer.ts'
import { ringOfTexts, type TokenKeyRing } from '../../../../src/identity/tokens/keys.ts'
import { openStateSealer } from '../../../../src/identity/tokens/state-sealer.ts'
import type { Verification } from '../../../../src/model/identity.ts'
import type { TokenSettings } from '../../../../src/model/identity-settings.ts'
import type { SamlSettings } from '../../../../src/model/saml-settings.ts'
import { Secret } from '../../../../src/model/secret.ts'
import type { RevocationReader, SignedIn } from '../../../../src/model/sign-in.ts'
import { bearer, NOW, quietPorts } from '../forge.ts'

export const URL = 'https://llm.example'
export const LIFETIME_MS = 8 * 3_600_000

/** A new Ed25519 private key, PEM. */
export function newPem(): Secret {
  const { privateKey } = generateKeyPairSync('ed25519')
  return new Secret(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
}

/** Somebody who has signed in with everything that can be told. */
export function signedIn(more: Partial<SignedIn> = {}, principal: Partial<SignedIn['principal']> = {}): SignedIn {
  return {
    principal: {
      id: 'alice@example.org',
      issuer: 'corp',
      method: 'saml',
      name: 'Alice',
      email: 'alice@example.org',
      groups: ['analysts', 'staff'],
      roles: [],
      workspaces: ['research'],
      claims: { department: 'finance', memberOf: ['analysts', 'staff'] },
      mfa: 'yes',
      acr: 'phr',
      authTime: NOW / 1000 - 60,
      ...principal,
    },
    amr: ['pwd', 'otp'],
    subject: 'name-id-1',
    session: 'session-1',
    notAfter: null,
    ...more,
  }
}

/** By whom the people of these tests have signed in. */
export const VOUCHED = ['corp', 'ad', 'api.v2', 'tokens', 'by-saml', 'by-ldap', 'by-local', 'by-jwt'].map(
  (name) => ({ name }) as SamlSettings,
)

export const TOKENS: TokenSettings = { issuer: URL, lifetimeMs: LIFETIME_MS, keys: { kind: 'store' } }

const NOTHING: RevocationReader = { isRevoked: () => false }

/** An issuer, a sealer and an identity by the same keys, which the test may change. `ended`: whom the issuer gives nothing. */
export function scene(t: Test, more: Partial<IdentityPorts> = {}, ended: RevocationReader = NOTHING) {
  const clock = { now: NOW }
  const held: { ring: TokenKeyRing | null; lifetimeMs: number } = {
    ring: ringOfTexts([newPem()]),
    lifetimeMs: LIFETIME_MS,
  }
  const keys = () => held.ring
  const url = () => URL
  const ports = { url, keys, lifetimeMs: () => held.lifetimeMs, clock: () => clock.now }
  const issuer = openTokenIssuer({ ...ports, revocations: ended })
  const identity = openIdentity(
    { issuers: [], apiKeys: { enabled: false }, saml: VOUCHED, local: { enabled: true }, tokens: TOKENS },
    quietPorts(clock, { tokens: { url, keys }, ...more }),
  )
  t.teardown(() => identity.close())
  return {
    clock,
    held,
    issuer,
    identity,
    sealer: openStateSealer(keys, ports.clock),
    verify: async (text: string): Promise<Verification> => identity.authenticate(bearer(text)),
    issued: async (who: SignedIn = signedIn()): Promise<string> => {
      const issued = await issuer.issue(who)
      if (!issued.ok) throw new Error(issued.fault)
      return issued.value.token.reveal()
    },
  }
}
