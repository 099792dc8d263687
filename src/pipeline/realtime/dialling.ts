import { type Fault, fault } from '../../model/fault.ts'
import type { Principal } from '../../model/identity.ts'
import type { MessageSocket, SocketAllowances } from '../../model/ports.ts'
import type { Secret } from '../../model/secret.ts'
import { answerHeaders, blotKey } from '../../shape/answer.ts'
import { type Dialled, type DialTarget, dialSocket } from '../../sockets/web-socket.ts'
import { unacceptable } from '../../upstream/answer-head.ts'
import { faultOf, timedOut } from '../../upstream/faults.ts'
import { headersWithout } from '../../upstream/key-guards.ts'
import { type BodyBudget, callerOf } from '../body-budget.ts'
import type { OwnedAnswer } from '../ownership.ts'
import { sealedShape } from '../sealed-answer.ts'
import type { Served } from '../served.ts'
import type { ServingUpstream } from '../snapshot.ts'
import type { SessionPlaces } from './session-places.ts'

export interface DialPorts {
  readonly sessions: SessionPlaces
  readonly bodies: BodyBudget
}

/** What a session is asked for by, beside its target. */
interface AskedBy {
  /** In the place of the upstream's key; null for that. */
  readonly secret: Secret | null
  /** How the ids that open it are answered; null where none is kept apart, or none is named. */
  readonly owned: OwnedAnswer | null
}

/**
 * Opens an authorized session with its upstream, and only then has it carried, so that a refusal of the upstream is an
 * answer like any other. A fault is returned while it can still be answered; afterwards null. `carry` opens the client's
 * side, and settles when the session is over.
 */
export async function withUpstream(
  { secret = null, owned = null, ...target }: Omit<DialTarget, 'handshakeMs'> & Partial<AskedBy>,
  upstream: ServingUpstream,
  served: Served,
  ports: DialPorts,
  carry: (socket: MessageSocket) => Promise<void>,
): Promise<Fault | null> {
  const { principal, exchange, trail } = served
  const place = ports.sessions.enter(callerOf(principal))
  if (!place.ok) return place.fault
  const allowances = allowancesOf(principal, ports)
  try {
    const { connectMs, firstByteMs } = upstream.settings.timeouts
    const left = new AbortController()
    exchange.onGone = () => left.abort()
    exchange.upgrade?.watch()
    const dialled = await dialSocket({ ...target, handshakeMs: connectMs + firstByteMs }, left.signal, allowances)
    if (exchange.stopped || exchange.gone) {
      if (dialled.outcome === 'open') dialled.socket.cut()
      if (exchange.stopped) return exchange.stopped
      trail.complete({ outcome: 'client_gone', status: 0, facts: {}, firstByteAt: 0 })
      return null
    }
    if (dialled.outcome !== 'open') return answered(dialled, { secret, owned }, upstream, served)
    try {
      await carry(dialled.socket)
    } catch (bug) {
      // An upstream that nobody listens to any more would stay open.
      dialled.socket.cut()
      throw bug
    }
    return null
  } finally {
    exchange.onGone = null
    allowances.unread.release()
    allowances.unsent.release()
    place.value()
  }
}

/** What is kept for one end of a session is its caller's, like the bodies of its requests. */
export function allowancesOf(principal: Principal, { bodies }: DialPorts): SocketAllowances {
  const caller = callerOf(principal)
  return { unread: bodies.open(caller), unsent: bodies.open(caller) }
}

/** An upstream that opens no session: what it says to that is passed on, as it is for every request. */
function answered(
  dialled: Exclude<Dialled, { outcome: 'open' }>,
  { secret, owned }: AskedBy,
  upstream: ServingUpstream,
  { exchange, trail }: Served,
): Fault | null {
  if (dialled.outcome === 'late' || dialled.outcome === 'given_up')
    return timedOut('the upstream did not answer in time')
  if (dialled.outcome === 'failed') return faultOf(dialled.error)
  const { status, headers } = dialled
  const refused = unacceptable(status, headers)
  if (refused) return status === 401 && secret !== null ? secretRefused : refused
  if (status < 400) return fault('upstream_unavailable', 'the upstream opened no session', { reason: 'bad_stream' })
  const plain = upstream.answerShape('none', false)
  const shape = owned === null ? plain : sealedShape(plain, owned)
  const hidden = shape.faultFor?.(status, dialled.body) ?? null
  if (hidden) return hidden
  const body = blotKey(shape.blot(dialled.body), secret)
  const passed = headersWithout([upstream.settings.apiKey, secret], answerHeaders(headers, false))
  exchange.start(status, [...passed, 'content-length', String(body.length)], false)
  exchange.end(body)
  trail.complete({ outcome: 'answered', status, facts: {}, firstByteAt: performance.now() })
  return null
}

/** By the time that the provider keeps, one that is good here may have expired. */
const secretRefused: Fault = fault(
  'upstream_unavailable',
  'the upstream does not take the secret that it made for this session any more: ask for another one',
  { reason: 'upstream_401' },
)
