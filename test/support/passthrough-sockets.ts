import type { Test } from 'tap'
import type { ClientOptions, WebSocket } from 'ws'
import { closed, dialled, opened } from './opened-socket.ts'
import { type ProviderSession, type RealtimeServer, startRealtimeServer } from './realtime-server.ts'
import { Log } from './within.ts'
import { ALICE, startWorld, type World } from './world.ts'

const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [
    { id: 'vendor', effect: 'allow', roles: ['analyst'], operations: ['passthrough.vendor', 'passthrough.plain'] },
  ],
}
export const NOBODY = { ...POLICY, rules: [{ ...POLICY.rules[0], operations: ['passthrough.plain'] }] }

export interface SocketWorld extends World {
  readonly provider: RealtimeServer
}

/** A route that takes WebSockets beside one that does not. */
export async function startSockets(t: Test, timeouts: { readonly [key: string]: string } = {}): Promise<SocketWorld> {
  const provider = await startRealtimeServer()
  t.teardown(() => provider.close())
  const routes = [
    { name: 'vendor', path: '/vendor/', upstream: 'mock', query: ['room'] },
    { name: 'plain', path: '/plain/', upstream: 'mock', websocket: false },
  ]
  const world = await startWorld(t, {
    policy: POLICY as never,
    config: { passthrough: routes },
    upstreams: [{ name: 'mock', url: provider.url, api_key: { env: 'MOCK_KEY' }, models: ['gpt-*'], timeouts }],
  })
  return Object.assign(world, { provider })
}

export interface Talk {
  readonly socket: WebSocket
  readonly heard: Log<{ readonly bytes: Buffer; readonly isBinary: boolean }>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  readonly session: ProviderSession
  readonly requestId: string
  readonly head: { readonly [name: string]: unknown }
}

export async function openSocket(
  world: SocketWorld,
  {
    target = '/vendor/chat?room=1&x=2',
    token,
    protocols = [] as string[],
    ...more
  }: ClientOptions & {
    target?: string
    token?: string
    protocols?: string[]
  } = {},
): Promise<Talk> {
  const bearer = token ?? (await world.token(ALICE))
  const before = world.provider.sessions.entries.length
  const socket = dialled(world.proxy, target, bearer, protocols, more)
  const heard = new Log<{ bytes: Buffer; isBinary: boolean }>()
  let head: { readonly [name: string]: unknown } = {}
  socket.on('upgrade', (answer) => {
    head = answer.headers
  })
  socket.on('message', (bytes, isBinary) => heard.push({ bytes: bytes as Buffer, isBinary }))
  const end = closed(socket)
  await opened(socket, 'a WebSocket')
  const session = await world.provider.sessions.until((all) => all[before], 'a session upstream')
  return { socket, heard, closed: end, session, head, requestId: String(head['x-request-id']) }
}
