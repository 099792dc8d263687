import { messageHead } from '../endpoints/message-head.ts'
import { type Passage, passage, pathAt } from '../endpoints/passthrough.ts'
import { type Fault, fault } from '../model/fault.ts'
import { passthroughOperation } from '../model/operations.ts'
import type { TakePiece } from '../model/ports.ts'
import type { RequestFacts, RequestHead } from '../model/request.ts'
import { ok, type Result } from '../model/result.ts'
import type { ListenSettings } from '../model/settings.ts'
import { isMediaType, type PassedRequest, shapePassage } from '../shape/passage.ts'
import { timedOut } from '../upstream/faults.ts'
import { carry } from '../upstream/passthrough.ts'
import { passed } from './delivered.ts'
import { headerReader, judge, judgeShadow, policyInput } from './judge.ts'
import { UNREAD } from './page-sink.ts'
import { passSocket } from './passed-socket.ts'
import type { ConversePorts } from './realtime/converse.ts'
import { handshakeFault } from './realtime/handshake.ts'
import { auditUnavailable, decisionFault } from './refusals.ts'
import type { Served } from './served.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'

/** Of what the table does not have: what a passthrough route makes of it; null where `unknown` stands. */
export function opened(head: RequestHead, unknown: Fault, { settings }: Snapshot): Result<Passage, Fault> | null {
  return unknown.code === 'unknown_endpoint' ? passage(settings.passthrough, head.method, head.target) : null
}

/**
 * A request to a passthrough route: decided by who asks for which operation, written down, then passed on as it is.
 * Null: it was answered. A WebSocket is one only where the route takes them; elsewhere the request is one like any other.
 */
export async function passThrough(found: Passage, served: Served, ports: ConversePorts): Promise<Fault | null> {
  const { head, exchange, snapshot, trail } = served
  const upstream = snapshot.upstreams.find(({ settings }) => settings.name === found.route.upstream)
  if (upstream === undefined) throw new Error('a route without an upstream')
  const operation = passthroughOperation(found.route.name)
  trail.routed(operation)
  const isSocket = found.route.websocket && exchange.upgrade !== null
  const unfitting = unfit(head) ?? (isSocket ? handshakeFault(head, operation, true) : null)
  const facts: RequestFacts = { ...NOTHING_KNOWN, operation }
  const refused = unfitting ?? decided(facts, upstream, served)
  if (refused) return refused
  const request = shaped(found, head, upstream)
  if (!request.ok) return request.fault
  if (!(await trail.authorize(upstream))) return auditUnavailable
  if (exchange.stopped) return exchange.stopped
  if (exchange.gone) {
    trail.complete({ outcome: 'client_gone', status: 0, facts: {}, firstByteAt: 0 })
    return null
  }
  if (isSocket) {
    const wanted = { route: found.route, facts, upstream, request: request.value }
    return passSocket(wanted, served, ports)
  }
  let received = 0
  const counting = (take: TakePiece) =>
    exchange.readPieces(head.contentLength, limitsOf(snapshot.settings.listen), (piece) => {
      received += piece.length
      return take(piece)
    })
  const shape = { ...upstream.answerShape('none', false), openTap: () => UNREAD }
  const delivery = await carry(upstream, request.value, head.hasBody ? counting : null, exchange, shape)
  trail.received(received)
  return passed(delivery, exchange, trail)
}

function limitsOf({ maxUploadBytes, timeouts }: ListenSettings) {
  return { bytes: maxUploadBytes, idleMs: timeouts.bodyMs, totalMs: timeouts.uploadMs, untaken: upstreamLate }
}

const upstreamLate = timedOut('the upstream did not take the body in time')

/** A body that some server would not read would be its next request. */
function unfit({ method, contentType, contentEncoding, hasBody }: RequestHead): Fault | null {
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') {
    return unsupported('a compressed body is not accepted: leave `Content-Encoding` out', 'content-encoding')
  }
  if (!hasBody) return null
  if (method === 'GET' || method === 'DELETE') {
    return fault('invalid_body', `a request with ${method} takes no body here`, { reason: 'body_invalid' })
  }
  if (contentType === undefined || isMediaType(contentType)) return null
  return unsupported('`Content-Type` must be a media type', 'content-type')
}

function unsupported(message: string, param: string): Fault {
  return fault('unsupported_media_type', message, { param, reason: 'body_invalid' })
}

/** The policy's word, written down; null for an allow. */
function decided(facts: RequestFacts, upstream: ServingUpstream, served: Served): Fault | null {
  const { head, principal, snapshot, trail } = served
  const { policy } = snapshot
  trail.described(facts, null, null)
  const input = policyInput(principal, head, facts, undefined, trail.startedAt)
  const began = performance.now()
  const { decision } = judge(policy, input, [], [upstream])
  const latencyNs = Math.round((performance.now() - began) * 1e6)
  trail.decided({ decision, latencyNs, shadow: judgeShadow(policy, decision, input, [], [upstream]) })
  return decision.effect === 'allow' ? null : decisionFault(decision, facts)
}

/** What the policy asks of a body cannot be told for operations of these routes, whatever stands here. */
const NOTHING_KNOWN: Omit<RequestFacts, 'operation'> = {
  model: undefined,
  nestedModels: [],
  stream: false,
  maxOutputTokens: undefined,
  tools: { functions: [], hosted: [] },
  input: { bytes: undefined, images: false, files: false, audio: false },
  urls: [],
  objects: [],
  isUninspected: true,
}

function shaped({ path, query }: Passage, head: RequestHead, upstream: ServingUpstream): Result<PassedRequest, Fault> {
  const { basePath, settings } = upstream
  const said = settings.kind === 'anthropic' ? messageHead(head.rawHeaders) : ok(null)
  if (!said.ok) return said
  return ok(
    shapePassage({
      method: head.method,
      path: pathAt(basePath, path),
      query,
      contentType: head.contentType,
      accept: headerReader(head.rawHeaders)('accept'),
      body: head.hasBody ? { length: head.contentLength } : null,
      apiKey: settings.apiKey,
      messageHead: said.value,
      traceparent: head.traceparent,
    }),
  )
}
