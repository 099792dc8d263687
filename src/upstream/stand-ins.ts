import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ProxyServer } from 'http-proxy-3'

/**
 * The one place where the library is used: what it takes for the client's request and answer are stand-ins, so that it
 * sees nothing of the client's head and writes nothing to the client. `toProxy`: else it would normalise paths. The
 * program takes `FORCE_FETCH_PATH` out of its environment: with it the library would fetch, and follow redirects.
 */
const proxy = new ProxyServer({ toProxy: true, selfHandleResponse: true })
proxy.on('proxyReq', (request, _, response) => {
  const standIn = standInOf(response)
  // Nobody asked for it, and without a listener its end would be told to nobody.
  request.on('upgrade', (__, socket) => {
    socket.destroy()
    standIn.failed(broken())
  })
  request.on('information', ({ statusCode }) => standIn.informed(statusCode))
})
proxy.on('proxyRes', (answer, _, response) => standInOf(response).answered(answer))

/** What the library uses of a request, and of the answer to it. */
interface Asking extends Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'httpVersionMajor' | 'pipe'> {
  readonly socket: { readonly destroyed: boolean }
  on(event: 'error', listener: (error: Error) => void): unknown
}
interface Answering extends Pick<ServerResponse, 'headersSent' | 'finished' | 'writableFinished'> {
  on(event: 'close', listener: () => void): unknown
}

/** Two casts, since its types ask for the whole of both. `connectTimeout`: milliseconds. */
export function passOn(
  request: Asking,
  standIn: StandIn,
  options: { readonly target: string; readonly connectTimeout: number },
): void {
  const response: Answering = standIn
  proxy.web(request as IncomingMessage, response as ServerResponse, options, standIn.failed)
}

/** What the library takes for the answer to the client. It is told of its end, and never writes to it. */
export class StandIn extends EventEmitter implements Answering {
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

/** The library hands on what it was given. */
function standInOf(response: object): StandIn {
  if (response instanceof StandIn) return response
  throw new Error('an answer that was not given to the library')
}

/** As Node says it of a connection. */
export function broken(): Error {
  return Object.assign(new Error('the upstream broke off'), { code: 'ECONNRESET' })
}
