import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { clientAddresses } from '../../src/http/client-address.ts'
import type { Exchange } from '../../src/http/exchange.ts'
import { receive } from '../../src/http/receive.ts'
import { createProxyServer, type RejectedConnection, type ServerLimits } from '../../src/http/server.ts'
import type { Fault } from '../../src/model/fault.ts'
import type { RequestHead } from '../../src/model/request.ts'
import { Log } from './within.ts'

/** What a listener saw of one request: every request gives exactly one of these. */
export interface Handled {
  readonly head: RequestHead
  fault: Fault | null
  body: Buffer | null
  readonly exchange: Exchange
}

export interface Listener {
  readonly port: number
  readonly server: Server
  readonly handled: Log<Handled>
  readonly rejected: Log<RejectedConnection>
  draining: boolean
  close(): Promise<void>
}

export interface ListenerOptions {
  readonly limits?: Partial<ServerLimits>
  readonly maxBodyBytes?: number
  readonly trustedProxies?: readonly string[]
  /** Awaited before the body is read, as authentication would be. */
  readonly before?: (handled: Handled) => Promise<void>
  /** Answers a request whose body is there; the default echoes method, target and body as JSON. */
  readonly answer?: (handled: Handled) => void | Promise<void>
}

/** The proxy's listener with the smallest handler behind it: head, body, an echo. */
export async function startListener(options: ListenerOptions = {}): Promise<Listener> {
  const handled = new Log<Handled>()
  const rejected = new Log<RejectedConnection>()
  const limits = { headMs: 10_000, bodyMs: 10_000, uploadMs: 10_000, keepAliveMs: 10_000, ...options.limits }
  const addresses = clientAddresses(options.trustedProxies ?? [])
  const listener = { draining: false }
  let count = 0
  const handle = async (request: IncomingMessage, exchange: Exchange) => {
    const { head, fault } = receive(request, exchange.id, addresses)
    const entry: Handled = { head, fault, body: null, exchange }
    handled.push(entry)
    if (fault) return exchange.refuse(fault)
    await options.before?.(entry)
    const body = await exchange.readBody(head.contentLength, options.maxBodyBytes ?? 1024 * 1024, limits.bodyMs)
    if (body.ok) entry.body = body.value
    else entry.fault = body.fault
    handled.touch()
    if (!body.ok) return exchange.refuse(body.fault)
    if (options.answer) return options.answer(entry)
    exchange.json(
      200,
      JSON.stringify({ method: head.method, target: head.target, body: body.value.toString('latin1') }),
    )
  }
  const ports = {
    newRequestId: () => `req-${++count}`,
    handle,
    rejected: (connection: RejectedConnection) => rejected.push(connection),
    upgrades: () => false,
    draining: () => listener.draining,
  }
  const server = createProxyServer(limits, ports, null)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(listener, {
    port: (server.address() as AddressInfo).port,
    server,
    handled,
    rejected,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}
