import { readCredential } from '../../identity/credentials.ts'
import type { AuditLog } from '../../model/audit.ts'
import type { Fault } from '../../model/fault.ts'
import type { Credential, Principal } from '../../model/identity.ts'
import type { ClientExchange, MessageSocket } from '../../model/ports.ts'
import { ok } from '../../model/result.ts'
import { shapeSession } from '../../shape/session.ts'
import { acceptSocket } from '../../sockets/web-socket.ts'
import { callerOf } from '../body-budget.ts'
import { named } from '../events.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Trail } from '../trail.ts'
import { auditPolicy } from '../verdict.ts'
import { type DialPorts, withUpstream } from './dialling.ts'
import { handshakeOf } from './handshake.ts'
import { Liveness } from './liveness.ts'
import { type Judged, MessageJudge, type Opened } from './message-judge.ts'
import { Session } from './session.ts'
import { Standing, type StandingPorts } from './standing.ts'

export interface ConversePorts extends StandingPorts, DialPorts {
  readonly audit: AuditLog
  /** Told of a bug, with the request that met it; must not throw. */
  readonly bug: (cause: unknown, requestId: string) => void
}

/** A session that may be opened: who asks, for what, and where it goes. */
export interface Conversation extends Opened {
  readonly route: { readonly path: string; readonly query: string }
  /** Of the caller that the session was set up for; null where it is the request's own. */
  readonly credential: Credential | null
}

/** Opens an authorized session, and carries it to its end: see `withUpstream`. */
export function converse(
  wanted: Conversation,
  principal: Principal,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
  ports: ConversePorts,
): Promise<Fault | null> {
  const { head, route, model, alias, upstream, providerSecret } = wanted
  const { url } = upstream.settings
  const apiKey = providerSecret ?? upstream.settings.apiKey
  const { isBeta } = handshakeOf(head)
  const target = shapeSession({ url, route, model, alias, apiKey, isBeta, traceparent: head.traceparent })
  const carry = (socket: MessageSocket) => carried(socket, wanted, principal, exchange, snapshot, trail, ports)
  return withUpstream({ ...target, secret: providerSecret }, upstream, principal, exchange, trail, ports, carry)
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
  const held = ports.bodies.open(callerOf(principal))
  const client = taken && acceptSocket(taken, handshake.protocol, [`x-request-id: ${exchange.id}`], held)
  const credential = wanted.credential === null ? readCredential(wanted.head.rawHeaders) : ok(wanted.credential)
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
