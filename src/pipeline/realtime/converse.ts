import type { Dialect } from '../../endpoints/endpoint.ts'
import type { AuditLog } from '../../model/audit.ts'
import type { Fault, FaultCode } from '../../model/fault.ts'
import type { Credential } from '../../model/identity.ts'
import type { MessageSocket } from '../../model/ports.ts'
import { shapeSession } from '../../shape/session.ts'
import { callerOf } from '../body-budget.ts'
import type { Ending } from '../events.ts'
import type { OwnedAnswer } from '../ownership.ts'
import type { Served } from '../served.ts'
import { TurnJudge } from '../turns/turn-judge.ts'
import { clientSide } from './client-side.ts'
import { type DialPorts, withUpstream } from './dialling.ts'
import { handshakeOf } from './handshake.ts'
import { MessageJudge, type Opened } from './message-judge.ts'
import { MessageTrail } from './message-trail.ts'
import { Session } from './session.ts'
import type { Refusal, SessionJudge } from './session-judge.ts'
import { type Admission, Standing, type StandingPorts } from './standing.ts'

export interface ConversePorts extends StandingPorts, DialPorts {
  readonly audit: AuditLog
  /** The HTTP status that a fault is answered with. */
  readonly statusOf: (code: FaultCode) => number
  /** Told of a bug, with the request that met it; must not throw. */
  readonly bug: (cause: unknown, requestId: string) => void
}

/** A session that may be opened: who asks, for what, and where it goes. */
export interface Conversation extends Omit<Opened, 'dialect'> {
  readonly dialect: Dialect
  readonly route: { readonly path: string; readonly query: string }
  /** How ids are answered; null where the upstream keeps nobody apart, or the session is opened by none. */
  readonly owned: OwnedAnswer | null
  /** Of the caller that the session was set up for; null where it is the request's own. */
  readonly credential: Credential | null
}

/** Opens an authorized session, and carries it to its end: see `withUpstream`. */
export function converse(wanted: Conversation, served: Served, ports: ConversePorts): Promise<Fault | null> {
  const { head, route, owned, model, alias, upstream, providerSecret: secret } = wanted
  const { url } = upstream.settings
  const apiKey = secret ?? upstream.settings.apiKey
  const isBeta = wanted.dialect !== 'responses' && handshakeOf(head).isBeta
  const target = shapeSession({ url, route, model, alias, apiKey, isBeta, traceparent: head.traceparent })
  const carry = (socket: MessageSocket) => carried(socket, wanted, served, ports)
  return withUpstream({ ...target, secret, owned }, upstream, served, ports, carry)
}

async function carried(
  upstream: MessageSocket,
  wanted: Conversation,
  served: Served,
  ports: ConversePorts,
): Promise<void> {
  const { dialect } = wanted
  const { principal, exchange, trail } = served
  // A WebSocket of the Responses API has no protocol to choose.
  const protocol = dialect === 'responses' ? null : handshakeOf(wanted.head).protocol
  const side = clientSide(upstream, protocol, wanted, served, ports)
  if (side === null) return
  const { judge, refused, ended } = judgeOf(wanted, served, ports)
  const standing = new Standing(side.credential, judge, ports, served.head.clientIp)
  const session = new Session(side.client, upstream, judge, standing, side.liveness, {
    held: ports.bodies.open(callerOf(principal)),
    isAuditWritable: () => ports.audit.writable,
    refused,
    bug: (cause) => ports.bug(cause, exchange.id),
  })
  exchange.onGone = (stopped) => {
    if (stopped) session.end(stopped)
  }
  // After a bug nobody tells how it ended; what is held for it must not stay so.
  let ending: Ending = { outcome: 'broken', status: 101, facts: {}, firstByteAt: 0 }
  try {
    ending = await session.run()
  } finally {
    ended(ending)
  }
  trail.received(session.receivedBytes)
  trail.complete(ending)
}

interface Judging {
  readonly judge: SessionJudge & Admission
  /** Told of each message that is refused. */
  readonly refused: (refusal: Refusal) => void
  readonly ended: (ending: Ending) => void
}

function judgeOf(wanted: Conversation, { principal, snapshot, trail }: Served, ports: ConversePorts): Judging {
  const { dialect } = wanted
  if (dialect === 'responses') {
    const judge = new TurnJudge(wanted, principal, snapshot, ports)
    return { judge, refused: (refusal) => judge.refused(refusal), ended: (ending) => judge.ended(ending) }
  }
  const judge = new MessageJudge({ ...wanted, dialect }, principal, snapshot, ports.clock)
  const events = new MessageTrail(trail, () => judge.snapshot.policy.digest, ports)
  judge.onShadowed = (type, verdict) => events.shadow(type, verdict)
  return { judge, refused: (refusal) => events.refuse(refusal), ended: () => undefined }
}
