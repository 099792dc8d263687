import { type Fault, fault } from '../../model/fault.ts'
import type { MessageSocket, SocketAllowances } from '../../model/ports.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { answerHeaders } from '../../shape/answer.ts'
import { answerOfSound } from '../../shape/call-offer.ts'
import { callLocation, madeCallId } from '../../shape/made-call.ts'
import { shapeSession } from '../../shape/session.ts'
import { dialSocket } from '../../sockets/web-socket.ts'
import type { Delivery } from '../../upstream/delivery.ts'
import { faultOf, timedOut } from '../../upstream/faults.ts'
import { forward } from '../../upstream/forward.ts'
import { callerOf } from '../body-budget.ts'
import { passed } from '../delivered.ts'
import type { Ending } from '../events.ts'
import { PageSink, UNREAD, withoutLength } from '../page-sink.ts'
import type { ConversePorts } from '../realtime/converse.ts'
import { allowancesOf } from '../realtime/dialling.ts'
import { MessageJudge } from '../realtime/message-judge.ts'
import { Standing } from '../realtime/standing.ts'
import type { Served } from '../served.ts'
import { CallAdmission } from './call-admission.ts'
import { hangUp } from './hangup.ts'
import type { RunningCalls } from './running-calls.ts'
import { CallSupervision } from './supervision.ts'
import type { WantedCall } from './wanted-call.ts'

export interface CallPorts extends ConversePorts {
  readonly calls: RunningCalls
}

/** Far above what an answer to an offer takes. */
const MAX_ANSWER_BYTES = 256 * 1024
/** By when the proxy must listen to a call that was made. Milliseconds. */
const ATTACHED_MS = 5000

/** A call that an upstream has made, and to which the proxy listens. */
interface Made {
  readonly location: string
  readonly headers: PageSink['headers']
  /** As the client has it, whose offer has more than the upstream was asked. */
  readonly body: Buffer
  readonly socket: MessageSocket
}

/**
 * Makes a call that was decided and written down: the upstream is asked for it, the proxy joins its session, and only then
 * the client has the answer. Settles when the call is over. `sent`: called once nothing of the form is needed any more. A
 * fault is returned while it can still be answered; afterwards null.
 */
export async function makeCall(
  wanted: WantedCall,
  served: Served,
  ports: CallPorts,
  sent: () => void,
): Promise<Fault | null> {
  const { principal } = served
  const place = ports.sessions.enter(callerOf(principal))
  if (!place.ok) return place.fault
  const allowances = allowancesOf(principal, ports)
  try {
    return await made(wanted, served, ports, allowances, sent)
  } finally {
    served.exchange.onGone = null
    allowances.unread.release()
    allowances.unsent.release()
    place.value()
  }
}

async function made(
  wanted: WantedCall,
  served: Served,
  ports: CallPorts,
  allowances: SocketAllowances,
  sent: () => void,
): Promise<Fault | null> {
  const { upstream, request } = wanted
  const { exchange, trail } = served
  const { timeouts } = upstream.settings
  let location: string | undefined
  const plain = upstream.answerShape('none', false)
  const headers: typeof plain.headers = (head, stream) => {
    const { location: written } = head
    location = typeof written === 'string' ? written : undefined
    return answerHeaders(head, stream)
  }
  const sink = new PageSink(exchange, timeouts.totalMs, (bytes) => (bytes > MAX_ANSWER_BYTES ? badAnswer : null))
  const delivery = await forward(upstream, request, sink, { ...plain, headers, openTap: () => UNREAD })
  sent()
  const id = madeCallId(location, { url: upstream.settings.url, basePath: upstream.basePath })
  const end = id === null ? null : callEnder(wanted, id, served, ports)
  const isMade = delivery.outcome === 'answered' && sink.status < 400
  if (id === null || end === null || !isMade) {
    await end?.()
    return notMade(delivery, sink, served)
  }
  let isOver = false
  try {
    const attached = await attach(wanted, id, sink, served, allowances)
    const ending = attached.ok ? await supervised(attached.value, wanted, served, ports) : null
    const isHungUp = await end()
    isOver = true
    if (attached.ok) attached.value.socket.close(1000, '')
    if (ending !== null) trail.complete(ofCall(ending, isHungUp, exchange))
    return attached.ok ? null : unanswered(attached.fault, served)
  } finally {
    // A bug must not leave a call behind that nobody listens to.
    if (!isOver) await end()
  }
}

/** An upstream that has made no call: what it says to that is passed on, as it is for every request. */
function notMade(delivery: Delivery, sink: PageSink, { exchange, trail }: Served): Fault | null {
  if (delivery.outcome === 'answered' && sink.status >= 400) {
    exchange.start(sink.status, sink.headers, false)
    exchange.end(sink.body)
    return passed(delivery, exchange, trail)
  }
  if (delivery.outcome === 'client_gone') return passed(delivery, exchange, trail)
  return sink.full ?? delivery.fault ?? badAnswer
}

/** A call that nobody was answered. */
function unanswered(reason: Fault, { exchange, trail }: Served): Fault | null {
  if (!exchange.gone || exchange.stopped) return reason
  trail.complete({ outcome: 'client_gone', status: 0, facts: {}, firstByteAt: 0 })
  return null
}

/** Never rejects. True where the call is over. */
function callEnder(
  { upstream }: WantedCall,
  id: string,
  { exchange }: Served,
  ports: CallPorts,
): () => Promise<boolean> {
  return () =>
    hangUp(upstream, id).catch((cause: unknown) => {
      ports.bug(cause, exchange.id)
      return false
    })
}

/** Joins the session of a call whose answer is one to its offer. */
async function attach(
  { upstream, offer, name, opened }: WantedCall,
  id: string,
  sink: PageSink,
  { exchange }: Served,
  allowances: SocketAllowances,
): Promise<Result<Made, Fault>> {
  const named = name(id)
  const type = sink.headers.find((_, at, all) => all[at - 1] === 'content-type')
  const isSdp = /^application\/sdp\s*(?:;|$)/i.test(type ?? '')
  const answer = isSdp ? answerOfSound(sink.body.toString('utf8'), offer) : null
  if (named === null || sink.full !== null || answer === null) return failed(badAnswer)
  if (exchange.stopped) return failed(exchange.stopped)
  const { url, apiKey } = upstream.settings
  const route = { path: '/v1/realtime', query: `call_id=${id}` }
  const { traceparent } = opened.head
  const target = shapeSession({ url, route, model: null, alias: null, apiKey, isBeta: false, traceparent })
  const left = new AbortController()
  exchange.onGone = () => left.abort()
  const dialled = await dialSocket({ ...target, handshakeMs: ATTACHED_MS }, left.signal, allowances)
  exchange.onGone = null
  if (dialled.outcome === 'open' && !exchange.stopped && !exchange.gone) {
    return ok({
      location: callLocation(named),
      headers: sink.headers,
      body: Buffer.from(answer),
      socket: dialled.socket,
    })
  }
  if (dialled.outcome === 'open') dialled.socket.cut()
  if (exchange.stopped || exchange.gone) return failed(exchange.stopped ?? clientGone)
  if (dialled.outcome === 'failed') return failed(faultOf(dialled.error))
  return failed(
    dialled.outcome === 'answered' ? notJoined : timedOut('the upstream did not let the call be listened to'),
  )
}

/** Answers the client, and listens until the call is to end. */
async function supervised(
  { location, headers, body, socket }: Made,
  wanted: WantedCall,
  { head, exchange, principal, snapshot }: Served,
  ports: CallPorts,
): Promise<Ending> {
  const { opened, upstream, credential } = wanted
  const { idleMs, totalMs } = upstream.settings.timeouts
  const judge = new MessageJudge(opened, principal, snapshot, ports.clock)
  const standing = new Standing(credential, new CallAdmission(wanted, judge, ports.clock), ports, head.clientIp)
  const limits = { upstreamMs: idleMs, totalMs }
  const supervision = new CallSupervision(socket, judge, standing, limits, {
    isAuditWritable: () => ports.audit.writable,
    bug: (cause) => ports.bug(cause, exchange.id),
  })
  const running = supervision.run()
  const leave = ports.calls.enter(supervision)
  try {
    exchange.onGone = (stopped) => supervision.end(stopped ?? clientGone)
    exchange.start(201, [...withoutLength(headers), 'location', location, 'content-length', String(body.length)], false)
    exchange.end(body)
    return await running
  } finally {
    leave()
  }
}

function ofCall({ session, ...ending }: Ending, isHungUp: boolean, { bytesSent }: Served['exchange']): Ending {
  const { 'session.close_code': closeCode, ...heard } = session?.extra ?? {}
  const { 'session.transcribed_seconds': seconds } = heard
  const extra = {
    ...(closeCode === undefined ? {} : { 'session.close_code': closeCode }),
    ...(seconds === undefined ? {} : { 'session.transcribed_seconds': seconds }),
    'session.hung_up': isHungUp,
  }
  return { ...ending, status: 201, session: { status: 201, bytesSent, extra } }
}

const badAnswer: Fault = fault('upstream_unavailable', 'the upstream answered with no call that could be handed on', {
  reason: 'bad_stream',
})
const notJoined: Fault = fault('upstream_unavailable', 'the upstream did not let the call be listened to', {
  reason: 'bad_stream',
})
const clientGone: Fault = fault('upstream_unavailable', 'the client left before its call was answered', {
  reason: 'client_closed',
})
