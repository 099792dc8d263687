import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'

const HOST = '127.0.0.1'

export interface LoopbackServer {
  /** Without a slash at the end. */
  readonly origin: string
  close(): Promise<void>
}

/** An HTTP server on a free port of 127.0.0.1. `handlerFor` is called once, with the origin that it got. */
export async function listenOnLoopback(
  handlerFor: (origin: string) => Promise<RequestListener> | RequestListener,
): Promise<LoopbackServer> {
  let handle: RequestListener = (_, response) => void response.writeHead(503).end()
  const server = createServer((request, response) => handle(request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, HOST, resolve)
  })
  const origin = `http://${HOST}:${(server.address() as AddressInfo).port}`
  handle = await handlerFor(origin)
  return { origin, close: () => closed(server) }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** The wished port when nobody listens there, else 0: a free one is picked when it is bound. */
export function freeOr0(wished: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createSocketServer()
    probe.once('error', () => resolve(0))
    probe.listen(wished, HOST, () => probe.close(() => resolve(wished)))
  })
}
