import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { type Identity, type IdentityReport, openIdentity } from '../../../../src/identity/authenticate.ts'
import type { IdentityPorts } from '../../../../src/identity/method.ts'
import type { IntrospectionSettings, IssuerSettings } from '../../../../src/model/identity-settings.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { Log } from '../../../support/within.ts'
import { bearer, type Clock, folder, issuerSettings, makeKey, NOW, NOW_S, quietPorts, writeKeys } from '../forge.ts'

type Members = { readonly [name: string]: unknown }

/** What the server says of a token: members of a JSON answer, text as it stands, or whatever it does itself. */
export type Said = Members | string | ((response: ServerResponse, request: IncomingMessage) => void)

/** A real server that says of each token what it is told to, and notes what it was asked. */
export interface LyingServer {
  readonly origin: string
  readonly asked: Log<{ readonly token: string; readonly authorization: string; readonly form: string }>
  /** By token; what is not here is inactive. */
  readonly says: Map<string, Said>
  metadata: Members
  stop(): Promise<void>
  start(): Promise<void>
}

export const ACTIVE: Members = { active: true, aud: 'sallyport', sub: 'alice', exp: NOW_S + 300, groups: ['analysts'] }

export async function startLyingServer(t: Test): Promise<LyingServer> {
  const asked: LyingServer['asked'] = new Log()
  const says: LyingServer['says'] = new Map()
  let port = 0
  const listener = createServer((request, response) => {
    void text(request).then((form) => {
      if (request.url === '/.well-known/openid-configuration') {
        const document = { issuer: server.origin, introspection_endpoint: `${server.origin}/introspect` }
        return void response.end(JSON.stringify({ ...document, ...server.metadata }))
      }
      const token = new URLSearchParams(form).get('token') ?? ''
      asked.push({ token, authorization: request.headers.authorization ?? '', form })
      const said = says.get(token) ?? { active: false }
      if (typeof said === 'function') return said(response, request)
      response.setHeader('content-type', 'application/json; charset=utf-8')
      response.end(typeof said === 'string' ? said : JSON.stringify(said))
    })
  })
  const start = () =>
    new Promise<void>((resolve) => {
      listener.listen(port, '127.0.0.1', () => {
        port = (listener.address() as AddressInfo).port
        resolve()
      })
    })
  const stop = () =>
    new Promise<void>((resolve) => {
      listener.close(() => resolve())
      listener.closeAllConnections()
    })
  await start()
  const server: LyingServer = { origin: `http://127.0.0.1:${port}`, asked, says, metadata: {}, start, stop }
  t.teardown(stop)
  return server
}

export function introspection(url: string | null, more: Partial<IntrospectionSettings> = {}): IntrospectionSettings {
  const client = { clientId: 'proxy', clientSecret: new Secret('s3cret') }
  return { ...client, url, cacheMs: 20_000, prefix: null, ...more }
}

export interface Scene {
  readonly clock: Clock
  readonly identity: Identity
  readonly reports: IdentityReport[]
  verify(token: string, client?: string): Promise<unknown>
  /** The outcome in words: `verified ID`, or the reason. */
  said(token: string, client?: string): Promise<string>
}

export function openScene(
  t: Test,
  issuers: readonly Partial<IssuerSettings>[],
  ports: Partial<IdentityPorts> = {},
): Scene {
  const clock: Clock = { now: NOW }
  const reports: IdentityReport[] = []
  const file = writeKeys(`${folder(t)}/jwks.json`, [makeKey('ES256', 'of-the-issuer').jwk])
  const report = (one: IdentityReport) => {
    if (!one.kind.startsWith('jwks-')) reports.push(one)
  }
  const settings = issuers.map((more) => issuerSettings(file, more))
  const opened = { issuers: settings, apiKeys: { enabled: false } }
  const identity = openIdentity(opened, quietPorts(clock, { report, ...ports }))
  t.teardown(() => identity.close())
  const verify = async (token: string, client?: string) => identity.authenticate(bearer(token), client)
  const said = async (token: string, client?: string) => {
    const one = await verify(token, client)
    return one.outcome === 'verified' ? `verified ${one.principal.id}` : one.reason
  }
  return { clock, identity, reports, verify, said }
}
