import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Configuration } from 'oidc-provider'
import { type LoopbackServer, listenOnLoopback } from './loopback.ts'
import { PEOPLE, PERSON_IDS, type PersonId } from './people.ts'
import { developmentPackage } from './problem.ts'

export const AUDIENCE = 'sallyport'
/** Long enough to play with. Unit: seconds. */
const LIFETIME = 3600

export interface DemoIdentityProvider {
  readonly issuer: string
  /** A fresh access token from the provider's own token endpoint. */
  token(person: PersonId): Promise<string>
  close(): Promise<void>
}

/**
 * A real OpenID provider on loopback. Its people are clients of the `client_credentials` grant, so that they sign in
 * without a browser; their access tokens are JWTs (RFC 9068) for the audience `sallyport`, with the claims that an
 * interactive sign-in would have given them. Keys and secrets are new at each start.
 */
export async function startIdentityProvider(): Promise<DemoIdentityProvider> {
  const secret = randomBytes(24).toString('base64url')
  const server: LoopbackServer = await quietly(async () => {
    const { default: Provider } = await developmentPackage('oidc-provider', () => import('oidc-provider'))
    return listenOnLoopback((origin) => new Provider(origin, configuration(secret)).callback())
  })
  return { issuer: server.origin, token: (person) => fetchToken(server.origin, person, secret), close: server.close }
}

/** The library warns that its memory is no store for production. This is none, and the warning would worry people. */
async function quietly<Opened>(open: () => Promise<Opened>): Promise<Opened> {
  const { console } = globalThis
  const { warn } = console
  console.warn = () => undefined
  try {
    return await open()
  } finally {
    console.warn = warn
  }
}

async function fetchToken(issuer: string, person: PersonId, secret: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: person,
      client_secret: secret,
      resource: `${issuer}/${AUDIENCE}`,
    }),
  })
  const answer = (await response.json()) as { access_token?: unknown }
  if (typeof answer.access_token !== 'string') throw new Error(`the provider gave no token: ${response.status}`)
  return answer.access_token
}

function configuration(secret: string): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'demo', alg: 'ES256', use: 'sig' }
  return {
    jwks: { keys: [jwk as never] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clients: PERSON_IDS.map((id) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_post',
    })),
    ttl: { ClientCredentials: LIFETIME },
    extraTokenClaims: (_, { clientId }) => {
      const person = PERSON_IDS.find((id) => id === clientId)
      return person === undefined ? {} : { ...PEOPLE[person].claims, auth_time: Math.floor(Date.now() / 1000) }
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: LIFETIME,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  }
}
