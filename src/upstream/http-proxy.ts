import { EventEmitter } from 'node:events'
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { ProxyServer } from 'http-proxy-3'

/** The one request of a client that the library sees: a head that was built here. */
export interface BuiltHead {
  readonly method: string
  readonly path: string
  /** Lower-case names, `host` among them. */
  readonly headers: { readonly [name: string]: string }
}

export interface Target {
  readonly origin: string
  readonly connectMs: number
}

/** What of a WebSocket waits between the library and us, each way. */
const BETWEEN_BYTES = 16 * 1024

/**
 * The one place where the library is used: what it takes for the client's request, answer and socket are stand-ins, so
 * that it sees nothing of the client's head and writes nothing to the client. `toProxy`: else it would normalise paths.
 * The program takes `FORCE_FETCH_PATH` out of its environment: with it the library would fetch, and follow redirects.
 */
const proxy = new ProxyServer({ toProxy: true, selfHandleResponse: true })
proxy.on('proxyReq', (request, _, standIn) => {
  // Nobody asked for it, and without a listener its end would be told to nobody.
  request.on('upgrade', (__, socket) => {
    socket.destroy()
    ;(standIn as unknown as StandIn).failed(brokeOff())
  })
})
proxy.on('proxyReq', (request, _, standIn) => {
  request.on('information', ({ statusCode }) => (standIn as unknown as StandIn).informed(statusCode))
})
proxy.on('proxyRes', (answer, _, standIn) => (standIn as unknown as StandIn).answered(answer))
proxy.on('proxyReqWs', (request, _, far) => callers.get(far)?.asked(request))
proxy.on('open', (socket) => lines.get(socket)?.())
// Errors of the stand-ins: whoever hears of them has another way to.
proxy.on('error', () => undefined)

/** What the library takes for the answer to the client. It is told of its end, and never writes to it. */
export class StandIn extends EventEmitter {
  readonly headersSent = false
  readonly finished = false
  readonly writableFinished = false
  readonly answered: (answer: IncomingMessage) => void
  readonly failed: (error: Error) => void
  readonly informed: (status: number) => void

  constructor(answered: StandIn['answered'], failed: StandIn['failed'], informed: StandIn['informed']) {
    super()
    this.informed = informed
    this.answered = answered
    this.failed = failed
  }
}

/** Sends a request whose body is what is written to `body`; the stand-in hears what comes of it. */
export function sendThrough(head: BuiltHead, body: Duplex, standIn: StandIn, { origin, connectMs }: Target): void {
  const { method, path, headers } = head
  const seen = { method, url: path, headers, httpVersionMajor: 1, socket: { destroyed: false } }
  const request = Object.assign(body, seen) as unknown as IncomingMessage
  const options = { target: origin, connectTimeout: connectMs }
  proxy.web(request, standIn as unknown as ServerResponse, options, standIn.failed)
}

/** Who asks for a WebSocket. */
export interface SocketCaller {
  /** With the request as it will be sent: its listeners hear everything before the library does. */
  asked(request: ClientRequest): void
  failed(error: Error): void
}

/** The near end of what the library passes on, both ways and with backpressure, once there is a WebSocket. */
export interface Line {
  readonly near: Duplex
  /** With the upstream's socket, as the listener of the upgrade gets it: `ready` is called once bytes pass. */
  join(socket: Duplex, ready: () => void): void
  /** Ends the library's part, in whichever state. */
  drop(): void
}

const callers = new WeakMap<Duplex, SocketCaller>()
const lines = new WeakMap<Duplex, () => void>()

/** Asks for a WebSocket. Nothing is to be written to the near end, or read from it, before it is ready. */
export function openLine({ method, path, headers }: BuiltHead, caller: SocketCaller, target: Target): Line {
  const [near, far] = duplexPair({ highWaterMark: BETWEEN_BYTES })
  const same = () => far
  Object.assign(far, { setTimeout: same, setNoDelay: same, setKeepAlive: same, destroySoon: () => far.end() })
  for (const end of [near, far]) end.on('error', () => undefined)
  callers.set(far, caller)
  const request = { method, url: path, headers, httpVersion: '1.1', httpVersionMajor: 1 } as unknown as IncomingMessage
  const options = { target: target.origin, connectTimeout: target.connectMs }
  proxy.ws(request, far as Socket, Buffer.alloc(0), options, (error: Error) => caller.failed(error))
  return {
    near,
    join: (socket, ready) => {
      lines.set(socket, () => {
        // The library has written the upstream's own head, and nothing else yet: the client gets another one.
        near.read()
        ready()
      })
    },
    drop: () => {
      far.destroy()
      near.destroy()
    },
  }
}

export const brokeOff = () => Object.assign(new Error('the upstream broke off'), { code: 'ECONNRESET' })
