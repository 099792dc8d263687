import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'

/** The client that asks about tokens. Both have to be written as in a form before they are joined. */
export const ASKING_CLIENT = { id: 'proxy of:us', secret: 'asking+secret/of the:tests' } as const
const SECRET = 'a-client-secret-of-the-tests'

/** A real OpenID provider whose access tokens are opaque, with introspection and revocation. */
export class OpaqueProvider {
  readonly issuer: string
  #server: Server
  readonly #port: number

  private constructor(server: Server, port: number) {
    this.#server = server
    this.#port = port
    this.issuer = `http://127.0.0.1:${port}`
  }

  /** `people` are clients of the `client_credentials` grant, with the claims that answers about their tokens have. */
  static async start(people: { readonly [name: string]: { readonly [claim: string]: unknown } }) {
    const server = createServer()
    const provider = new OpaqueProvider(server, await listen(server, 0))
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    const key = { ...(await exportJWK(privateKey)), kid: 'rs', alg: 'RS256', use: 'sig' }
    const callback = new Provider(provider.issuer, configuration(key, people)).callback()
    provider.#answer = (request, response) => void callback(request, response)
    server.on('request', provider.#answer)
    return provider
  }

  #answer: Parameters<typeof createServer>[1] & object = () => undefined

  /** Without an audience it is for nobody in particular; with a proof for `/token` it is bound to the key of that. */
  async token(person: string, audience: string | null = 'sallyport', proof?: string): Promise<string> {
    const form = {
      grant_type: 'client_credentials',
      ...(audience === null ? {} : { resource: `${this.issuer}/${audience}` }),
    }
    const answer = (await this.#post('/token', person, form, proof)) as { access_token?: string }
    if (answer.access_token === undefined) throw new Error(`no token for ${person}: ${JSON.stringify(answer)}`)
    return answer.access_token
  }

  async revoke(person: string, token: string): Promise<void> {
    await this.#post('/token/revocation', person, { token })
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async again(): Promise<void> {
    this.#server = createServer(this.#answer)
    await listen(this.#server, this.#port)
  }

  async #post(
    path: string,
    person: string,
    form: { readonly [name: string]: string },
    proof?: string,
  ): Promise<unknown> {
    const body = new URLSearchParams({ client_id: person, client_secret: SECRET, ...form })
    const headers = proof === undefined ? {} : { dpop: proof }
    const text = await (await fetch(this.issuer + path, { method: 'POST', body, headers })).text()
    return text === '' ? null : JSON.parse(text)
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function configuration(key: object, people: { readonly [name: string]: object }): Configuration {
  const client = (id: string, secret: string, method: 'client_secret_post' | 'client_secret_basic') => ({
    client_id: id,
    client_secret: secret,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: method,
  })
  return {
    jwks: { keys: [key as never] },
    clients: [
      client(ASKING_CLIENT.id, ASKING_CLIENT.secret, 'client_secret_basic'),
      ...Object.keys(people).map((id) => client(id, SECRET, 'client_secret_post')),
    ],
    ttl: { ClientCredentials: 300 },
    extraTokenClaims: (_, token) => ({ ...people[token.clientId ?? ''] }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_, client) => client.clientId === ASKING_CLIENT.id },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => [],
        getResourceServerInfo: (_, resource) => ({
          scope: '',
          audience: resource.split('/').at(-1) ?? '',
          accessTokenFormat: 'opaque',
          accessTokenTTL: 300,
        }),
      },
    },
  } as Configuration
}
