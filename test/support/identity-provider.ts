import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'

const AUDIENCE = 'sallyport'
const SECRET = 'a-client-secret-of-the-tests'

/** Somebody who can sign in: the claims of an access token beside the standard ones. */
export interface Person {
  readonly groups?: readonly string[]
  readonly [claim: string]: unknown
}

type Algorithm = 'ES256' | 'RS256'

/** One signing key of the provider, the private half included: attack rows sign with it. */
export interface SigningKey {
  readonly kid: string
  readonly alg: Algorithm
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

export interface IdentityProvider {
  readonly issuer: string
  readonly port: number
  /** The present keys, the one that signs first. */
  readonly keys: readonly SigningKey[]
  /** How often the key set was fetched. */
  readonly keyFetches: number
  /** An access token from the provider's own token endpoint, for one of its people. */
  token(person: string): Promise<string>
  /** A token with any claims, signed with one of the provider's own keys; the defaults make it a good one. */
  mint(claims?: JWTPayload, options?: MintOptions): Promise<string>
  /** New keys. `keep` goes on publishing the old ones beside them. */
  rotate(options?: { keep?: boolean }): Promise<void>
  /** Nobody listens until `start`. */
  stop(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

export interface MintOptions {
  readonly key?: SigningKey
  readonly header?: { readonly [name: string]: unknown }
  /** Claims to leave out. */
  readonly without?: readonly string[]
}

const PEOPLE: { readonly [name: string]: Person } = {
  'alice@example.org': { groups: ['analysts'], amr: ['pwd', 'mfa'], name: 'Alice', department: 'finance' },
  'bob@example.org': { groups: ['interns'], name: 'Bob' },
  'carol@example.org': { groups: ['analysts', 'admins'], name: 'Carol' },
}

let count = 0
async function newKey(alg: Algorithm): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const kid = `${alg.toLowerCase()}-${++count}`
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' } }
}

const newKeys = async (): Promise<SigningKey[]> => [await newKey('ES256'), await newKey('RS256')]

/**
 * A real OpenID provider on loopback. Its people are clients of the `client_credentials` grant, their access tokens are
 * JWTs for the audience `sallyport` (RFC 8707 resource indicators, RFC 9068).
 */
export async function startIdentityProvider(people: typeof PEOPLE = PEOPLE): Promise<IdentityProvider> {
  let keys = await newKeys()
  let published = keys
  let handler: ((request: IncomingMessage, response: ServerResponse) => void) | null = null
  let server: Server | null = null
  let port = 0
  let keyFetches = 0
  const sockets = new Set<Socket>()
  const rebuild = () => {
    handler = new Provider(`http://127.0.0.1:${port}`, configuration(published, people)).callback()
  }
  const start = async () => {
    const fresh = createServer((request, response) => {
      if (request.url?.startsWith('/jwks')) keyFetches += 1
      handler?.(request, response)
    })
    fresh.on('connection', (socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    await new Promise<void>((resolve, reject) => {
      fresh.once('error', reject)
      fresh.listen(port, '127.0.0.1', resolve)
    })
    port = (fresh.address() as AddressInfo).port
    server = fresh
    if (handler === null) rebuild()
  }
  const stop = () =>
    new Promise<void>((resolve) => {
      if (server === null) return resolve()
      server.close(() => resolve())
      server = null
      for (const socket of sockets) socket.destroy()
    })
  await start()
  const issuer = `http://127.0.0.1:${port}`
  return {
    issuer,
    port,
    get keys() {
      return keys
    },
    get keyFetches() {
      return keyFetches
    },
    token: (person) => fetchToken(issuer, person),
    mint: (claims, options = {}) => mint(issuer, claims ?? {}, { key: keys[0] as SigningKey, ...options }),
    rotate: async ({ keep = false } = {}) => {
      const old = keys
      keys = await newKeys()
      published = keep ? [...keys, ...old] : keys
      rebuild()
    },
    stop,
    start,
    close: stop,
  }
}

async function fetchToken(issuer: string, person: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: person,
      client_secret: SECRET,
      resource: `${issuer}/${AUDIENCE}`,
    }),
  })
  const answer = (await response.json()) as { access_token?: string }
  if (answer.access_token === undefined) throw new Error(`no token for ${person}: ${JSON.stringify(answer)}`)
  return answer.access_token
}

async function mint(
  issuer: string,
  claims: JWTPayload,
  { key, header = {}, without = [] }: MintOptions & { readonly key: SigningKey },
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const standard = {
    iss: issuer,
    aud: AUDIENCE,
    sub: 'alice@example.org',
    iat: now,
    exp: now + 300,
    groups: ['analysts'],
  }
  const payload = Object.fromEntries(
    Object.entries({ jti: `t-${++count}`, ...standard, ...claims }).filter(([name]) => !without.includes(name)),
  )
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
    .sign(key.privateKey)
}

function configuration(keys: readonly SigningKey[], people: typeof PEOPLE): Configuration {
  return {
    jwks: { keys: keys.map(({ jwk }) => jwk as never) },
    clients: Object.keys(people).map((id) => ({
      client_id: id,
      client_secret: SECRET,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_post',
    })),
    ttl: { ClientCredentials: 300 },
    extraTokenClaims: (_, token) => ({ ...people[token.clientId ?? ''] }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  }
}
