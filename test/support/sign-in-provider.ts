import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'
import { browse, logOut } from './sign-in-browser.ts'

type Members = Readonly<Record<string, unknown>>

/** Who signs in next, and how. `refuses`: the error with which the issuer ends the sign-in instead. */
export interface NextSignIn {
  account: string
  acr?: string
  amr?: string[]
  refuses?: string
}

export interface SigningKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** A real OpenID provider on loopback whose people sign in with a browser, and which can be made to lie. */
export interface SignInIdp {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** The one that signs first. */
  readonly keys: readonly SigningKey[]
  readonly next: NextSignIn
  /** Changes what it answers at one of its routes (`token`, `userinfo`, `discovery`, …). */
  alter: ((route: string, body: Members) => Members | Promise<Members>) | null
  /** Answers a request in its place; false leaves it to the provider. */
  instead: ((request: IncomingMessage, response: ServerResponse) => boolean) | null
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  /** Goes where the browser is sent, signs in as `next`, and answers the URL of the way back. */
  browse(location: string, jar?: Map<string, string>): Promise<URL>
  /** Ends the session of a browser, and tells the clients that were signed in to. */
  logOut(jar: Map<string, string>): Promise<void>
  rotate(): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
}

export interface SignInIdpOptions {
  /** Where the client's pages stand. */
  readonly proxyUrl: string
  readonly name?: string
  readonly people?: { readonly [account: string]: Members }
  /** Claims of scopes stand in the ID token, too. */
  readonly claimsInIdToken?: boolean
  readonly more?: (configuration: Configuration) => Configuration
  readonly client?: Members
}

export const PEOPLE = {
  alice: { name: 'Alice', email: 'alice@example.org', groups: ['analysts'], department: 'finance' },
  bob: { name: 'Bob', email: 'bob@example.org', groups: ['interns'] },
}

export async function startSignInIdp(t: { teardown(run: () => unknown): void }, options: SignInIdpOptions) {
  const clientId = 'sallyport-client'
  const clientSecret = `${randomBytes(16).toString('base64url')}+/ %:&`
  const sockets = new Set<Socket>()
  let keys = [await newKey()]
  let handler = (_: IncomingMessage, __: ServerResponse): unknown => undefined
  let port = 0
  const server = createServer((request, response) => {
    idp.asked.push((request.url ?? '').replace(/\?.*/, ''))
    if (idp.instead?.(request, response) !== true) handler(request, response)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const start = () =>
    new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', () => {
        port = (server.address() as AddressInfo).port
        resolve()
      })
    })
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  await start()
  const issuer = `http://127.0.0.1:${port}`
  const build = () => {
    const provider = quietly(() => new Provider(issuer, configured(options, { keys, clientId, clientSecret })))
    provider.use(async (context, next) => {
      await next()
      const { route } = context.oidc ?? {}
      if (idp.alter === null || route === undefined || context.status !== 200) return
      context.body = await idp.alter(route, context.body as Members)
    })
    const callback = provider.callback()
    handler = (request, response) =>
      request.url?.startsWith('/interaction/')
        ? void interact(provider, idp.next, request, response)
        : void callback(request, response)
  }
  const idp: SignInIdp = {
    issuer,
    clientId,
    clientSecret,
    get keys() {
      return keys
    },
    next: { account: 'alice' },
    alter: null,
    instead: null,
    asked: [],
    browse: (location, jar = new Map()) => browse(location, jar, options.proxyUrl),
    logOut: (jar) => logOut(issuer, jar),
    rotate: async () => {
      keys = [await newKey()]
      build()
    },
    stop,
    start,
  }
  build()
  t.teardown(stop)
  return idp
}

let count = 0
export async function newKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const kid = `key-${++count}`
  return { kid, privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' } }
}

function quietly<Value>(work: () => Value): Value {
  const { warn } = console
  console.warn = () => undefined
  try {
    return work()
  } finally {
    console.warn = warn
  }
}

interface Client {
  readonly keys: readonly SigningKey[]
  readonly clientId: string
  readonly clientSecret: string
}

function configured(options: SignInIdpOptions, { keys, clientId, clientSecret }: Client): Configuration {
  const { proxyUrl, name = 'corp', people = PEOPLE, claimsInIdToken = true, more, client } = options
  const known: { readonly [account: string]: Members } = people
  const configuration: Configuration = {
    jwks: { keys: keys.map(({ jwk }) => jwk as never) },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [`${proxyUrl}/auth/oidc/${name}/callback`],
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        id_token_signed_response_alg: 'ES256',
        backchannel_logout_uri: `${proxyUrl}/auth/oidc/${name}/logout`,
        backchannel_logout_session_required: true,
        ...client,
      } as never,
    ],
    acrValues: ['silver', 'gold'],
    scopes: ['openid', 'offline_access', 'groups'],
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time', 'sid'],
      profile: ['name'],
      email: ['email'],
      groups: ['groups', 'department'],
    },
    conformIdTokenClaims: !claimsInIdToken,
    enabledJWA: { idTokenSigningAlgValues: ['ES256', 'RS256', 'HS256'] } as never,
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, account) =>
      Object.hasOwn(known, account)
        ? { accountId: account, claims: () => ({ sub: account, ...known[account] }) }
        : undefined,
    issueRefreshToken: (_, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    rotateRefreshToken: true,
    // Its own guard against private addresses would keep it from telling a proxy on loopback.
    fetch: (url: string | URL | Request, asked?: RequestInit) =>
      globalThis.fetch(url, { ...asked, dispatcher: undefined } as never),
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
    },
  }
  return more?.(configuration) ?? configuration
}

/** What a person would do on the pages of the provider. */
async function interact(provider: Provider, next: NextSignIn, request: IncomingMessage, response: ServerResponse) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response)
  if (next.refuses !== undefined) {
    return provider.interactionFinished(request, response, { error: next.refuses, error_description: '<b>no</b>' })
  }
  if (prompt.name === 'login') {
    const { account: accountId, acr, amr } = next
    const login = { accountId, ...(acr === undefined ? {} : { acr }), ...(amr === undefined ? {} : { amr }) }
    return provider.interactionFinished(request, response, { login })
  }
  const accountId = String(session?.accountId)
  const grant =
    (grantId === undefined ? undefined : await provider.Grant.find(grantId)) ??
    new provider.Grant({ accountId, clientId: String(params.client_id) })
  grant.addOIDCScope(String(params.scope))
  const consent = { grantId: await grant.save() }
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true })
}
