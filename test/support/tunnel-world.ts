import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'
import type { ProxyOptions } from './proxy-folder.ts'
import { requestBytes } from './raw-client.ts'
import { Log, within } from './within.ts'
import { sent, startWorld, type World } from './world.ts'

/** A WebSocket as the vendor has it. */
export interface VendorSocket {
  readonly request: IncomingMessage
  readonly socket: WebSocket
  readonly heard: Log<string>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

export interface Vendor {
  readonly url: string
  /** Every request to it: its first line, and each header that it had. */
  readonly requests: Log<IncomingMessage>
  readonly sockets: Log<VendorSocket>
  /** What it does with a handshake instead of answering it well. */
  script: ((socket: Socket, request: IncomingMessage) => void) | null
  /** Chooses of the protocols that it was offered; undefined: the first one. */
  protocol: string | false | undefined
  /** Connections that are open now. */
  readonly connections: ReadonlySet<Socket>
  close(): Promise<void>
}

/** A server of WebSockets that echoes texts, compresses where it may, and answers other requests with 200. */
async function startVendor(): Promise<Vendor> {
  const requests = new Log<IncomingMessage>()
  const sockets = new Log<VendorSocket>()
  const server = createServer((request, response) => {
    requests.push(request)
    response.writeHead(200, { 'content-type': 'text/plain' }).end('plain')
  })
  const own = { script: null as Vendor['script'], protocol: undefined as Vendor['protocol'] }
  const accepting = new WebSocketServer({
    noServer: true,
    perMessageDeflate: true,
    handleProtocols: (offered) => own.protocol ?? [...offered][0] ?? false,
  })
  const connections = new Set<Socket>()
  server.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  server.on('upgrade', (request, socket, head) => {
    requests.push(request)
    socket.on('error', () => undefined)
    if (own.script !== null) {
      // Read, too: else it would not be seen when the other end leaves.
      socket.resume().once('end', () => socket.destroy())
      own.script(socket as Socket, request)
    } else accepting.handleUpgrade(request, socket, head, (opened) => sockets.push(vendorSocket(request, opened)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(own, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    sockets,
    connections,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of connections) socket.destroy()
      }),
  })
}

function vendorSocket(request: IncomingMessage, socket: WebSocket): VendorSocket {
  const heard = new Log<string>()
  socket.on('error', () => undefined)
  socket.on('message', (bytes) => {
    heard.push(bytes.toString())
    if (!heard.entries.at(-1)?.startsWith('quiet')) socket.send(`echo ${bytes}`)
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  return { request, socket, heard, closed }
}

export interface TunnelWorld extends World {
  readonly vendor: Vendor
}

const upstreamOf = ({ url }: Vendor) => ({ name: 'mock', url, api_key: { env: 'MOCK_KEY' }, models: ['none'] })

export const ROUTES = [
  { name: 'live', path: '/live/', upstream: 'mock', methods: ['GET'], query: ['room'], websocket: true },
  { name: 'plain', path: '/plain/', upstream: 'mock', methods: ['GET', 'POST'] },
]

export const TUNNEL_POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [{ id: 'live', effect: 'allow', roles: ['analyst'], operations: ['passthrough.*'] }],
} as const

/** The program with a route where WebSockets are opened and one where they are not, and a vendor behind both. */
export async function startTunnels(
  t: Test,
  { timeouts, ...options }: ProxyOptions & { readonly timeouts?: { readonly [name: string]: string } } = {},
): Promise<TunnelWorld> {
  const vendor = await startVendor()
  t.teardown(() => vendor.close())
  const world = await startWorld(t, {
    policy: TUNNEL_POLICY as never,
    config: { passthrough: ROUTES },
    upstreams: [{ ...upstreamOf(vendor), ...(timeouts && { timeouts }) }],
    ...options,
  })
  return Object.assign(world, { vendor })
}

/** A client of the proxy, and what it was told. */
export class LiveClient {
  readonly socket: WebSocket
  readonly heard = new Log<string>()
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  requestId = ''
  headers: IncomingMessage['rawHeaders'] = []

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('upgrade', ({ headers, rawHeaders }) => {
      this.requestId = String(headers['x-request-id'])
      this.headers = rawHeaders
    })
    socket.on('message', (bytes) => this.heard.push(bytes.toString()))
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
  }

  /** Sends a text and waits for its echo. */
  async asks(text: string): Promise<void> {
    this.socket.send(text)
    await this.heard.until((all) => (all.includes(`echo ${text}`) ? true : undefined), `the echo of ${text}`)
  }
}

export interface Opened {
  readonly client: LiveClient
  readonly vendor: VendorSocket
}

/** Opens a WebSocket through the proxy; rejects where the handshake is refused. */
export async function open(
  world: TunnelWorld,
  options: ClientOptions & { target?: string; token?: string; protocols?: string[] } = {},
): Promise<Opened> {
  const { target = '/live/x', token, protocols = [], ...more } = options
  const bearer = token ?? (await world.token())
  const before = world.vendor.sockets.entries.length
  const socket = new WebSocket(`ws://127.0.0.1:${world.proxy.port}${target}`, protocols, {
    headers: bearer === '' ? {} : { authorization: `Bearer ${bearer}` },
    ...more,
  })
  const client = new LiveClient(socket)
  await within(
    new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve())
      socket.once('error', reject)
    }),
    'a WebSocket',
  )
  const vendor = await world.vendor.sockets.until((all) => all[before], 'a WebSocket upstream')
  return { client, vendor }
}

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
export const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket']
export const HANDSHAKE = [...UPGRADE, 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`]

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\n'
export const GOOD_SWITCH = ['Upgrade: websocket', 'Connection: Upgrade']

/** The proof that a handshake with this key was read. */
export const acceptOf = (key: string) => createHash('sha1').update(`${key}${GUID}`).digest('base64')

/** Answers a handshake with its proof and other headers; what comes behind the answer comes at once. */
export const switched =
  (headers: readonly string[], more = '') =>
  (socket: Socket, key: string): void => {
    socket.write(`${SWITCH}${[...headers, `Sec-WebSocket-Accept: ${acceptOf(key)}`].join('\r\n')}\r\n\r\n${more}`)
  }

/** A request with somebody's token, its answer and its decision. */
export async function asked(world: TunnelWorld, token: string | null, line: string, headers: readonly string[]) {
  const auth = token === null ? [] : [`Authorization: Bearer ${token}`]
  return sent(world, requestBytes(`${line} HTTP/1.1`, ['Host: x', ...auth, ...headers]), 'GET')
}
