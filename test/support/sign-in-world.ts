import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { receive } from '../../src/http/receive.ts'
import { createProxyServer } from '../../src/http/server.ts'
import { openOneTime } from '../../src/identity/one-time.ts'
import { EndedAttempts } from '../../src/identity/sign-in/attempts.ts'
import type { PasswordWay, SignInParts } from '../../src/identity/sign-in/parts.ts'
import { openSignIn, type Pages as SignIn } from '../../src/identity/sign-in/sign-in.ts'
import type { AuditEvent } from '../../src/model/audit.ts'
import type { Principal } from '../../src/model/identity.ts'
import type { JsonObject } from '../../src/model/json.ts'
import { failed, ok } from '../../src/model/result.ts'
import { Secret } from '../../src/model/secret.ts'
import type {
  OneTime,
  SecondFactorChecks,
  SignedIn,
  SignInProvider,
  StateSealer,
  TokenIssuer,
} from '../../src/model/sign-in.ts'
import { auditRequest } from '../../src/pipeline/events.ts'

/** The pages on a listener of their own, with doubles of whoever else has a part in a sign-in. */
export interface Pages {
  readonly url: string
  readonly events: AuditEvent[]
  readonly bugs: unknown[]
  /** Of every token that was issued. */
  readonly issued: SignedIn[]
  readonly statuses: number[]
  /** False from now on: no event can be written. */
  auditIsWritable: boolean
  now: number
  open(parts?: Partial<SignInParts>): void
}

export interface PagesOptions {
  readonly parts?: (url: string) => Partial<SignInParts>
  /** What is remembered of sign-ins that came to their end, and by whom; by nobody else where it is absent. */
  readonly fleet?: OneTime
  readonly sealer?: StateSealer
  /** What the pages are reached by, where that is not the listener itself. */
  readonly issuerUrl?: string
}

export async function startPages(t: Test, options: PagesOptions = {}): Promise<Pages> {
  const { parts = () => ({}), issuerUrl, fleet = openOneTime(Date.now) } = options
  let signIn: SignIn | null = null
  const server = createProxyServer(
    { headMs: 5000, bodyMs: 5000, uploadMs: 5000, keepAliveMs: 5000 },
    {
      newRequestId: () => `req_${randomBytes(8).toString('hex')}`,
      handle: (request, exchange) => {
        const { head, fault } = receive(request, exchange.id, (peer) => ({ ip: peer, forwardedFor: undefined }))
        void signIn?.handle(head, fault, exchange)
      },
      rejected: () => undefined,
      upgrades: () => false,
      draining: () => false,
    },
    null,
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ended = new EndedAttempts(fleet)
  const sealer = options.sealer ?? sealing(() => pages.now)
  const pages: Pages = {
    url: own,
    events: [],
    bugs: [],
    issued: [],
    statuses: [],
    auditIsWritable: true,
    now: Date.now(),
    open: (changed = {}) => {
      const issuer = issuing(issuerUrl ?? own, pages)
      signIn = openSignIn(
        {
          issuer,
          sealer,
          ...{ providers: [], passwords: null, secondFactors: null, device: null, more: [] },
          ...parts(own),
          ...changed,
        },
        {
          audit: {
            commit: (event, answered) => {
              if (pages.auditIsWritable) pages.events.push(event)
              answered(pages.auditIsWritable)
            },
            append: (event) => pages.events.push(event),
            get writable() {
              return pages.auditIsWritable
            },
          },
          clock: () => pages.now,
          describe: (head) => auditRequest(head, null, null, null, null),
          bug: (cause) => pages.bugs.push(cause),
          ended,
          bodyMs: () => 2000,
          answered: (status) => pages.statuses.push(status),
        },
      )
    },
  }
  pages.open()
  return pages
}

function issuing(url: string, { issued }: Pick<Pages, 'issued'>): TokenIssuer {
  return {
    url,
    issue: async (who) => {
      if ((who.principal.groups?.length ?? 0) > 500) return failed('too_large')
      issued.push(who)
      const expiresAt = Math.floor(Date.now() / 1000) + 8 * 3600
      return ok({
        token: new Secret(`token-${issued.length}-of-${who.principal.id}`),
        expiresAt,
        tokenId: `id-${issued.length}`,
      })
    },
    keySet: async () => ok('{"keys":[]}'),
  }
}

/** Seals for real, with a key of this process. */
export function sealing(clock: () => number): StateSealer {
  const key = randomBytes(32)
  return {
    seal: async (purpose, value, until) => {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(purpose))
      const text = Buffer.concat([cipher.update(JSON.stringify({ value, until })), cipher.final()])
      return ok(Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url'))
    },
    open: async (purpose, sealed) => {
      try {
        const bytes = Buffer.from(sealed, 'base64url')
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(purpose))
        decipher.setAuthTag(bytes.subarray(12, 28))
        const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString()
        const { value, until } = JSON.parse(text) as { value: JsonObject; until: number }
        return until > clock() ? ok(value) : failed('expired')
      } catch {
        return failed('invalid')
      }
    },
  }
}

export function principal(id: string, more: Partial<Principal> = {}): Principal {
  return {
    id,
    ...{ issuer: 'staff', method: 'ldap', name: null, email: null, groups: ['analysts'], roles: [], workspaces: [] },
    ...{ claims: {}, mfa: 'no', acr: undefined, authTime: undefined, key: null, tokenId: null, expiresAt: null },
    ...more,
  }
}

/** Alice and her password; everybody else is unknown. */
export function passwords(people: { readonly [username: string]: readonly [string, Principal] }): PasswordWay {
  return {
    sources: ['staff'],
    authenticate: (credential) => {
      const known = credential.kind === 'basic' ? people[credential.username] : undefined
      const isRight = known !== undefined && credential.kind === 'basic' && credential.password.reveal() === known[0]
      if (isRight) return { outcome: 'verified', principal: known[1], cache: 'miss' }
      const reason = known === undefined ? 'unknown_user' : 'wrong_password'
      return { outcome: 'rejected', reason, method: 'ldap', issuer: 'staff' }
    },
  }
}

/** Accounts with one code each, which is right once. */
export function secondFactors(codes: { readonly [account: string]: string }): SecondFactorChecks {
  const used = new Set<string>()
  return {
    isEnrolled: async (_source, account) => ok(Object.hasOwn(codes, account)),
    check: async (_source, account, code) => {
      const written = code.reveal()
      if (codes[account] !== written || used.has(written)) return { outcome: 'wrong', retryAfterSeconds: null }
      used.add(written)
      return { outcome: 'right', by: written.startsWith('r') ? 'recovery' : 'otp' }
    },
  }
}

/** A provider of another site, which lets everybody in as `who`. */
export function provider(url: string, who: SignedIn, more: Partial<SignInProvider> = {}): SignInProvider {
  return {
    name: 'corp',
    kind: 'oidc',
    begin: async (wish) =>
      ok({
        departure: { by: 'redirect', location: `${url}/auth/oidc/corp/callback?code=good&state=s1` },
        state: { nonce: 's1', acr: wish.acrValues },
      }),
    arrival: { method: 'GET', path: '/auth/oidc/corp/callback' },
    complete: async ({ query }, state) =>
      query.get('state') === state.nonce && query.get('code') === 'good'
        ? { outcome: 'signed-in', who }
        : { outcome: 'rejected', reason: 'malformed', message: 'The provider sent something else.' },
    routes: [],
    close: () => undefined,
    ...more,
  }
}

export function signedIn(of: Principal, more: Partial<SignedIn> = {}): SignedIn {
  const { key: _key, tokenId: _token, expiresAt: _expires, ...rest } = of
  return { principal: rest, amr: undefined, subject: null, session: null, notAfter: null, ...more }
}
