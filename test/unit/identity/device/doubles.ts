import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import type { KeyedDigest, SignInChoice } from '../../../../src/identity/device/ports.ts'
import type { Verification } from '../../../../src/model/identity.ts'
import type { JsonObject } from '../../../../src/model/json.ts'
import { failed, ok } from '../../../../src/model/result.ts'
import { Secret } from '../../../../src/model/secret.ts'
import type {
  DeviceSignIn,
  IssueFault,
  Renewed,
  RevocableToken,
  Revoker,
  SignedIn,
  SignInFault,
  SignInProvider,
  StateSealer,
  TokenIssuer,
} from '../../../../src/model/sign-in.ts'

export const NOW = 1_790_000_000_000

export interface World {
  now: number
  /** Parts that cannot be used at the moment. */
  readonly broken: Set<'issuer' | 'sealer' | 'store' | 'audit' | 'revocations' | 'revoker'>
}

export function signedIn(id = 'bob', more: Partial<SignedIn['principal']> = {}): SignedIn {
  const principal = {
    id,
    issuer: 'corp',
    method: 'jwt' as const,
    name: 'Bob',
    email: null,
    groups: ['analysts'],
    roles: [],
    workspaces: [],
    claims: { sub: `sub-${id}` },
    mfa: 'yes' as const,
    acr: 'phr',
    authTime: NOW / 1000,
    ...more,
  }
  return { principal, amr: ['pwd', 'otp'], subject: `sub-${id}`, session: 's1', notAfter: null }
}

/** Seals really: what is taken for another purpose, or was changed, does not open. */
export function sealerDouble(world: World): StateSealer {
  const key = randomBytes(32)
  return {
    seal: async (purpose, value, untilMs) => {
      if (world.broken.has('sealer')) return failed('unavailable')
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose))
      const sealed = Buffer.concat([cipher.update(JSON.stringify({ untilMs, value })), cipher.final()])
      return ok(Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url'))
    },
    open: async (purpose, sealed) => {
      if (world.broken.has('sealer')) return failed('unavailable')
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < 28) return failed('invalid')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(purpose))
      decipher.setAuthTag(bytes.subarray(12, 28))
      try {
        const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString()
        const { untilMs, value } = JSON.parse(text) as { untilMs: number; value: JsonObject }
        return world.now >= untilMs ? failed('expired') : ok(value)
      } catch {
        return failed('invalid')
      }
    },
  }
}

export function digestDouble(): KeyedDigest {
  const key = randomBytes(32)
  return {
    digest: async (purpose, text) => ok(createHmac('sha256', key).update(`${purpose}\0${text}`).digest('base64url')),
  }
}

export interface IssuerDouble extends TokenIssuer {
  readonly made: { readonly token: string; readonly tokenId: string; readonly who: SignedIn }[]
  fault: IssueFault | null
  lifeSeconds: number
}

export function issuerDouble(world: World): IssuerDouble {
  const double: IssuerDouble = {
    url: 'https://llm.example',
    made: [],
    fault: null,
    lifeSeconds: 28_800,
    issue: async (who) => {
      if (world.broken.has('issuer')) return failed('unavailable')
      if (double.fault !== null) return failed(double.fault)
      const token = `token-${double.made.length + 1}`
      const tokenId = createHash('sha256').update(token).digest('hex')
      double.made.push({ token, tokenId, who })
      return ok({ token: new Secret(token), tokenId, expiresAt: Math.floor(world.now / 1000) + double.lifeSeconds })
    },
    keySet: async () => ok('{"keys":[]}'),
  }
  return double
}

export interface RevokerDouble extends Revoker {
  readonly tokens: string[]
}

export function revokerDouble(world: World): RevokerDouble {
  const tokens: string[] = []
  return {
    tokens,
    subject: async () => undefined,
    session: async () => undefined,
    token: async (_issuer, tokenId) => {
      if (world.broken.has('revoker')) throw new Error('not written')
      tokens.push(tokenId)
    },
  }
}

/** Believes what the issuer has made, and nothing else. */
export const verifyDouble =
  (world: World, issuer: IssuerDouble) =>
  async (token: Secret): Promise<Verification> => {
    if (world.broken.has('revocations')) {
      return { outcome: 'unavailable', reason: 'store_unavailable', method: 'jwt', retryAfterSeconds: 5 }
    }
    const made = issuer.made.find((one) => one.token === token.reveal())
    if (made === undefined) return { outcome: 'rejected', reason: 'bad_signature', method: 'jwt' }
    const expiresAt = Math.floor(world.now / 1000) + issuer.lifeSeconds
    const principal = { ...made.who.principal, key: null, tokenId: made.tokenId, expiresAt }
    return { outcome: 'verified', principal, cache: 'miss' }
  }

export const isRevokedDouble = (world: World, revoked: { subject: string | null }) => async (token: RevocableToken) => {
  if (world.broken.has('revocations')) throw new Error('nobody can tell')
  return token.subject === revoked.subject
}

type Polled = Awaited<ReturnType<DeviceSignIn['poll']>>

/** A provider that answers what it is told to. */
export interface ProviderDouble extends SignInProvider {
  polls: number
  /** Why no sign-in is begun; null where one is. */
  start: SignInFault | null
  answer: Polled
  renewal: Renewed | SignInFault
  readonly grants: string[]
}

export const UNAVAILABLE: SignInFault = {
  outcome: 'unavailable',
  reason: 'jwks_unavailable',
  message: 'the provider cannot be reached',
  retryAfterSeconds: 7,
}
export const REJECTED: SignInFault = {
  outcome: 'rejected',
  reason: 'unknown_user',
  message: 'the provider let nobody in',
}

export function renewed(id: string, grant: string | null): Renewed {
  return { outcome: 'signed-in', who: signedIn(id), grant: grant === null ? null : new Secret(grant) }
}

export function providerDouble(name: string, interval = 5): ProviderDouble {
  const double: ProviderDouble = {
    name,
    kind: 'oidc',
    polls: 0,
    start: null,
    answer: { outcome: 'pending' },
    renewal: renewed('bob', null),
    grants: [],
    begin: async () => failed(UNAVAILABLE),
    arrival: { method: 'GET', path: `/auth/oidc/${name}/callback` },
    complete: async () => UNAVAILABLE,
    routes: [],
    device: {
      begin: async (wish) => {
        if (double.start !== null) return failed(double.start)
        return ok({
          userCode: 'WXYZ',
          verificationUri: 'https://idp.example/device',
          verificationUriComplete: null,
          interval,
          expiresIn: 600,
          state: { code: `upstream-${wish.acrValues.join(',')}` },
        })
      },
      poll: async () => {
        double.polls++
        return double.answer
      },
    },
    renew: async (grant) => {
      double.grants.push(grant.reveal())
      return double.renewal
    },
    close: () => undefined,
  }
  return double
}

export const CHOICES: readonly SignInChoice[] = [
  { name: 'corp', kind: 'oidc', label: 'Corp' },
  { name: 'ad', kind: 'ldap', label: 'ad' },
  { name: 'local', kind: 'local', label: 'local' },
]
