import { readCredential } from '../../identity/credentials.ts'
import type { Fault } from '../../model/fault.ts'
import type { Principal } from '../../model/identity.ts'
import type { ClientExchange, TakenConnection } from '../../model/ports.ts'
import type { RequestHead } from '../../model/request.ts'
import type { PassedRequest } from '../../shape/passage.ts'
import type { AnswerShape } from '../../upstream/answer-shape.ts'
import { KeyGuard } from '../../upstream/key-guard.ts'
import { acceptOf, dig, type Tunnel } from '../../upstream/tunnel.ts'
import { callerOf } from '../body-budget.ts'
import { passed } from '../delivered.ts'
import { blotted } from '../events.ts'
import type { ConversePorts } from '../realtime/converse.ts'
import { offeredProtocols } from '../realtime/handshake.ts'
import { Standing } from '../realtime/standing.ts'
import { auditUnavailable } from '../refusals.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Trail } from '../trail.ts'
import { Passing } from './passing.ts'
import { type OpenedRoute, RouteJudge } from './route-judge.ts'

/** A WebSocket of a passthrough route that may be opened, and what its upstream is asked. */
export interface WantedTunnel extends OpenedRoute {
  readonly request: PassedRequest
  readonly shape: AnswerShape
}

/** Longer ones are no names of protocols. */
const MAX_PROTOCOL = 64
/** What OpenAI's clients say in the list of protocols beside protocols: a credential, and whose account pays. */
const NO_PROTOCOL = /^openai-(?:insecure-api-key|organization|project)\./i

/**
 * Opens a WebSocket with the upstream, and only then with the client, so that a refusal of either is an answer like any
 * other; passes its bytes to the end. A fault is returned while it can still be answered; afterwards null.
 */
export async function tunnelled(
  wanted: WantedTunnel,
  principal: Principal,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
  ports: ConversePorts,
): Promise<Fault | null> {
  const place = ports.sessions.enter(callerOf(principal))
  if (!place.ok) return place.fault
  try {
    const { upstream, request, head, shape } = wanted
    const dug = await dig(upstream, request, protocolsFor(head), exchange, shape)
    if (dug.outcome === 'delivered') return passed(dug.delivery, exchange, trail)
    const { tunnel } = dug
    try {
      if (exchange.stopped) return exchange.stopped
      const taken = exchange.upgrade?.take() ?? null
      const credential = readCredential(head.rawHeaders)
      if (taken === null || !credential.ok) {
        trail.complete({ outcome: 'client_gone', status: 0, facts: {}, firstByteAt: 0 })
        return null
      }
      const judge = new RouteJudge(wanted, principal, snapshot, ports.clock)
      const standing = new Standing(credential.value, judge, ports)
      accept(taken, tunnel, exchange.id)
      const passing = new Passing(
        taken.socket,
        tunnel,
        KeyGuard.open(upstream.settings.apiKey),
        {
          fault: () => (ports.audit.writable ? standing.fault() : auditUnavailable),
          tick: (now) => standing.tick(now) ?? judge.tick(now),
        },
        { ...upstream.settings.timeouts, clientMs: snapshot.settings.listen.timeouts.keepAliveMs },
        (cause) => ports.bug(cause, exchange.id),
      )
      exchange.onGone = (stopped) => {
        if (stopped) passing.end(stopped)
      }
      const ending = await passing.run()
      trail.received(passing.receivedBytes)
      trail.complete(ending)
      return null
    } finally {
      // An upstream that nobody listens to any more would stay open.
      tunnel.cut()
    }
  } finally {
    exchange.onGone = null
    place.value()
  }
}

/** The protocols that are offered to the upstream: never what carries a credential, or looks like one. */
function protocolsFor(head: RequestHead): readonly string[] {
  return offeredProtocols(head).filter(
    (name) => name.length <= MAX_PROTOCOL && !NO_PROTOCOL.test(name) && blotted(name) === name,
  )
}

/** Answers the client's handshake with an answer of our own; what came behind it is the first of its bytes. */
function accept({ request, socket, head }: TakenConnection, { protocol }: Tunnel, requestId: string): void {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(request.headers['sec-websocket-key'] ?? '')}`,
    ...(protocol === null ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    `x-request-id: ${requestId}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (head.length > 0) socket.unshift(head)
}
