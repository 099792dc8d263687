import { readCredential } from '../../identity/credentials.ts'
import type { AuditLog } from '../../model/audit.ts'
import { type Fault, fault } from '../../model/fault.ts'
import type { Principal } from '../../model/identity.ts'
import type { ClientExchange, MessageSocket, SocketAllowances } from '../../model/ports.ts'
import { answerHeaders } from '../../shape/answer.ts'
import { shapeSession } from '../../shape/session.ts'
import { acceptSocket, type Dialled, dialSocket } from '../../sockets/web-socket.ts'
import { unacceptable } from '../../upstream/answer-head.ts'
import { faultOf, timedOut } from '../../upstream/faults.ts'
import { type BodyBudget, callerOf } from '../body-budget.ts'
import { named } from '../events.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Trail } from '../trail.ts'
import { auditPolicy } from '../verdict.ts'
import { handshakeOf } from './handshake.ts'
import { Liveness } from './liveness.ts'
import { type Judged, MessageJudge, type Opened } from './message-judge.ts'
import { Session } from './session.ts'
import type { SessionPlaces } from './session-places.ts'
import { Standing, type StandingPorts } from './standing.ts'

export interface ConversePorts extends StandingPorts {
  readonly audit: AuditLog
  readonly sessions: SessionPlaces
  readonly bodies: BodyBudget
  /** Told of a bug, with the request that met it; must not throw. */
  readonly bug: (cause: unknown, requestId: string) => void
}

/** A session that may be opened: who asks, for what, and where it goes. */
export interface Conversation extends Opened {
  readonly route: { readonly path: string; readonly query: string }
}

/**
 * Opens an authorized session with its upstream, and only then with the client, so that a refusal of either is an answer
 * like any other; carries it to its end. A fault is returned while it can still be answered; afterwards null.
 */
export async function converse(
  wanted: Conversation,
  principal: Principal,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
  ports: ConversePorts,
): Promise<Fault | null> {
  const place = ports.sessions.enter(callerOf(principal))
  if (!place.ok) return place.fault
  try {
    const dialled = await dial(wanted, exchange, allowancesOf(principal, ports))
    if (exchange.stopped || exchange.gone) {
      if (dialled.outcome === 'open') dialled.socket.cut()
      if (exchange.stopped) return exchange.stopped
      trail.complete({ outcome: 'client_gone', status: 0, facts: {}, firstByteAt: 0 })
      return null
    }
    if (dialled.outcome !== 'open') return answered(dialled, wanted, exchange, trail)
    try {
      await carried(dialled.socket, wanted, principal, exchange, snapshot, trail, ports)
    } catch (bug) {
      // An upstream that nobody listens to any more would stay open.
      dialled.socket.cut()
      throw bug
    }
    return null
  } finally {
    exchange.onGone = null
    place.value()
  }
}

/** What is kept for a session is its caller's, like the bodies of its requests. */
function allowancesOf(principal: Principal, { bodies }: ConversePorts): SocketAllowances {
  const caller = callerOf(principal)
  return { unread: bodies.open(caller), unsent: bodies.open(caller) }
}

async function dial(
  { head, route, model, alias, upstream }: Conversation,
  exchange: ClientExchange,
  allowances: SocketAllowances,
): Promise<Dialled> {
  const { url, apiKey, timeouts } = upstream.settings
  const { isBeta } = handshakeOf(head)
  const target = shapeSession({ url, route, model, alias, apiKey, isBeta, traceparent: head.traceparent })
  const left = new AbortController()
  exchange.onGone = () => left.abort()
  exchange.upgrade?.watch()
  return dialSocket({ ...target, handshakeMs: timeouts.connectMs + timeouts.firstByteMs, allowances }, left.signal)
}

/** An upstream that opens no session: what it says to that is passed on, as it is for every request. */
function answered(
  dialled: Exclude<Dialled, { outcome: 'open' }>,
  { upstream }: Conversation,
  exchange: ClientExchange,
  trail: Trail,
): Fault | null {
  if (dialled.outcome === 'late' || dialled.outcome === 'given_up')
    return timedOut('the upstream did not answer in time')
  if (dialled.outcome === 'failed') return faultOf(dialled.error)
  const { status, headers } = dialled
  const refused = unacceptable(status, headers)
  if (refused) return refused
  if (status < 400) return fault('upstream_unavailable', 'the upstream opened no session', { reason: 'bad_stream' })
  const body = upstream.answerShape('none', false).blot(dialled.body)
  exchange.start(status, [...answerHeaders(headers, false), 'content-length', String(body.length)], false)
  exchange.end(body)
  trail.complete({ outcome: 'answered', status, facts: {}, firstByteAt: performance.now() })
  return null
}

async function carried(
  upstream: MessageSocket,
  wanted: Conversation,
  principal: Principal,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
  ports: ConversePorts,
): Promise<void> {
  const handshake = handshakeOf(wanted.head)
  const taken = exchange.upgrade?.take() ?? null
  const allowances = allowancesOf(principal, ports)
  const client = taken && acceptSocket(taken, handshake.protocol, [`x-request-id: ${exchange.id}`], allowances)
  const credential = readCredential(wanted.head.rawHeaders)
  if (client === null || !credential.ok) {
    upstream.cut()
    client?.cut()
    trail.complete({ outcome: 'client_gone', status: 0, facts: {}, firstByteAt: 0 })
    return
  }
  const judge = new MessageJudge(wanted, principal, snapshot, ports.clock)
  const standing = new Standing(credential.value, judge, ports)
  const { keepAliveMs } = snapshot.settings.listen.timeouts
  const { idleMs, totalMs } = wanted.upstream.settings.timeouts
  const session = new Session(
    client,
    upstream,
    judge,
    standing,
    new Liveness(client, upstream, { clientMs: keepAliveMs, upstreamMs: idleMs, totalMs }),
    {
      held: ports.bodies.open(callerOf(principal)),
      isAuditWritable: () => ports.audit.writable,
      refused: (refusal) => tellRefused(refusal, judge, trail, ports),
      bug: (cause) => ports.bug(cause, exchange.id),
    },
  )
  exchange.onGone = (stopped) => {
    if (stopped) session.end(stopped)
  }
  const ending = await session.run()
  trail.received(session.receivedBytes)
  trail.complete(ending)
}

/** A message that was refused is an event of its own, under the id of the session's request. */
function tellRefused(
  { fault: reason, type, verdict }: Extract<Judged, { outcome: 'refused' }>,
  judge: MessageJudge,
  trail: Trail,
  { audit, clock }: ConversePorts,
): void {
  audit.append({
    at: clock(),
    action: 'message-denied',
    ...trail.subject,
    area: verdict === null ? 'request' : 'policy',
    decision: 'deny',
    reason: reason.reason ?? reason.code,
    message: `deny ${reason.reason ?? reason.code} ${type ?? 'a message'} of a session`,
    policy: auditPolicy(judge.snapshot.policy.digest, verdict, undefined),
    error: named(reason),
    ...(type === null ? {} : { extra: { 'session.message': type } }),
  })
}
