import type { JsonObject } from '../../src/model/json.ts'
import type { RunningProxy } from './proxy.ts'

export const SCIM_TOKEN = 'scim-0123456789abcdefghijklmnopqrstuvwxyz'
export const SCIM = { token: { env: 'SCIM_TOKEN' }, source: 'corp' } as const
export const SCIM_ENV = { SCIM_TOKEN } as const

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

export interface ScimReply {
  readonly status: number
  readonly headers: Headers
  readonly body: JsonObject
}

export interface ScimRequest {
  readonly body?: unknown
  readonly headers?: { readonly [name: string]: string }
  /** The bytes of the body as they are. */
  readonly raw?: string | Buffer
}

/** What an identity provider sends to a proxy. */
export class ScimClient {
  readonly #proxy: Pick<RunningProxy, 'adminUrl'>

  constructor(proxy: Pick<RunningProxy, 'adminUrl'>) {
    this.#proxy = proxy
  }

  async send(method: string, path: string, { body, headers, raw }: ScimRequest = {}): Promise<ScimReply> {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(`${this.#proxy.adminUrl}/scim/v2${path}`, {
      method,
      headers: {
        authorization: `Bearer ${SCIM_TOKEN}`,
        ...(sent === undefined ? {} : { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent as BodyInit }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
  }

  get(path: string, headers: ScimRequest['headers'] = {}) {
    return this.send('GET', path, { headers })
  }

  post(path: string, body: unknown) {
    return this.send('POST', path, { body })
  }

  put(path: string, body: unknown) {
    return this.send('PUT', path, { body })
  }

  patch(path: string, ...operations: unknown[]) {
    return this.send('PATCH', path, { body: { schemas: [PATCH_SCHEMA], Operations: operations } })
  }

  delete(path: string) {
    return this.send('DELETE', path)
  }

  /** The id of a user that is made. */
  async user(userName: string, more: object = {}): Promise<string> {
    const made = await this.post('/Users', { schemas: [USER_SCHEMA], userName, active: true, ...more })
    if (made.status !== 201) throw new Error(JSON.stringify(made.body))
    return String(made.body.id)
  }
}
