import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { openTokenIssuer } from '../../src/identity/tokens/issuer.ts'
import { ringOfKept, ringOfTexts, type TokenKeyRing } from '../../src/identity/tokens/keys.ts'
import { Secret } from '../../src/model/secret.ts'
import type { IssuedToken, SignedIn } from '../../src/model/sign-in.ts'
import { openKeyStore } from '../../src/stores/keys.ts'

/** By which people would reach the proxy of a test. */
export const OWN_URL = 'https://llm.example'

/** A folder with keys that sign tokens. */
export function keyFolder(t: Test): { readonly path: string; newKey(name: string): string } {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-token-keys-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return {
    path,
    newKey: (name) => {
      const file = join(path, name)
      writeFileSync(file, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }))
      return file
    },
  }
}

/** Somebody who has signed in at a SAML provider. */
export function analyst(id: string, more: Partial<SignedIn> = {}): SignedIn {
  return {
    principal: {
      id,
      issuer: 'adfs',
      method: 'saml',
      name: null,
      email: id,
      groups: ['analysts'],
      roles: [],
      workspaces: [],
      claims: {},
      mfa: 'yes',
      acr: undefined,
      authTime: Math.floor(Date.now() / 1000),
    },
    amr: ['pwd', 'otp'],
    subject: null,
    session: null,
    notAfter: null,
    ...more,
  }
}

/** A token as another process of the fleet would make it. */
export async function issuedBy(ring: TokenKeyRing, who: SignedIn): Promise<IssuedToken & { readonly text: string }> {
  const ports = {
    url: () => OWN_URL,
    lifetimeMs: () => 3_600_000,
    keys: () => ring,
    clock: Date.now,
    revocations: { isRevoked: () => false },
  }
  const issued = await openTokenIssuer(ports).issue(who)
  if (!issued.ok) throw new Error(issued.fault)
  return { ...issued.value, text: issued.value.token.reveal() }
}

export function ringOfFiles(...files: readonly string[]): TokenKeyRing {
  return ringOfTexts(files.map((file) => new Secret(readFileSync(file, 'utf8'))))
}

/** The keys that a store has. */
export function ringOfStore(file: string): TokenKeyRing {
  const store = openKeyStore(file)
  if (!store.ok) throw new Error(store.fault)
  try {
    const ring = ringOfKept(store.value.tokenKeys.usable(), Date.now())
    if (ring === null) throw new Error('the store has no key')
    return ring
  } finally {
    store.value.close()
  }
}
