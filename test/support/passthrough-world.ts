import type { Test } from 'tap'
import { startModelServer } from './model-server.ts'
import { requestBytes } from './raw-client.ts'
import { startWorld, type World } from './world.ts'

/** Admins may use both routes and the rest; analysts the vendor's, nobody else any. */
const RULES = [
  { id: 'vendor', effect: 'allow', roles: ['analyst'], operations: ['passthrough.vendor'] },
  { id: 'administration', effect: 'allow', roles: ['admin'], operations: ['passthrough.admin', 'passthrough.vendor'] },
  { id: 'models', effect: 'allow', roles: ['analyst'], models: ['gpt-*'], operations: ['chat', 'passthrough.spoken'] },
  { id: 'all', effect: 'allow', roles: ['admin'] },
]

const ROUTES = [
  { name: 'admin', path: '/v1/organization/*', upstream: 'mock', methods: ['GET', 'POST'], query: ['limit', 'ids[]'] },
  { name: 'vendor', path: '/vendor/', upstream: 'mock' },
  { name: 'spoken', path: '/spoken/', upstream: 'mock' },
]

interface Options {
  readonly rules?: readonly object[]
  readonly listen?: { readonly [key: string]: string | { readonly [key: string]: string } }
  readonly timeouts?: { readonly [key: string]: string }
  readonly env?: { readonly [name: string]: string }
}

/** A proxy with three routes to one upstream, and a model server behind it. */
export async function startPassthrough(
  t: Test,
  { rules = RULES, listen, timeouts, env }: Options = {},
): Promise<World> {
  const model = await startModelServer()
  t.teardown(() => model.close())
  const mock = { name: 'mock', url: model.url, api_key: { env: 'MOCK_KEY' }, models: ['gpt-*'] }
  const policy = {
    version: 1,
    roles: { analyst: { members: [{ group: 'analysts' }] }, admin: { members: [{ group: 'admins' }] } },
    rules,
  }
  const world = await startWorld(t, {
    policy: policy as never,
    config: { passthrough: ROUTES },
    upstreams: [timeouts === undefined ? mock : { ...mock, timeouts }],
    ...(listen === undefined ? {} : { listen }),
    ...(env === undefined ? {} : { env }),
  })
  for (const path of ['/v1/organization/users', '/v1/organization/users/u-1', '/vendor/x', '/vendor/deep/er']) {
    model.scriptPath(path, ({ request, response }) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ path: request.target, got: request.body.length }))
    })
  }
  return { ...world, model }
}

/** The bytes of a request to a route by somebody. */
export function routed(
  token: string,
  line: string,
  body: string | Buffer = '',
  headers: readonly string[] = [],
): Buffer {
  return requestBytes(`${line} HTTP/1.1`, ['Host: x', `Authorization: Bearer ${token}`, ...headers], body)
}
