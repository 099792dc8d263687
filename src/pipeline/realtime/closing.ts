import { randomUUID } from 'node:crypto'
import { unreachable } from '../../model/exhaustive.ts'
import { type Fault, fault } from '../../model/fault.ts'
import type { JsonObject } from '../../model/json.ts'

/** The code with which a session is closed for a fault (RFC 6455 section 7.4.1). */
export function closeCodeOf({ code }: Fault): number {
  switch (code) {
    case 'policy_denied':
    case 'step_up_required':
    case 'model_not_found':
    case 'object_not_found':
    case 'invalid_api_key':
    case 'missing_credentials':
    case 'ambiguous_credentials':
    case 'rate_limit_exceeded':
      return 1008
    case 'shutting_down':
    case 'upstream_timeout':
      return 1001
    case 'audit_unavailable':
    case 'identity_unavailable':
    case 'objects_unavailable':
    case 'overloaded':
      return 1013
    case 'unknown_endpoint':
    case 'method_not_allowed':
    case 'invalid_request':
    case 'invalid_body':
    case 'unsupported_media_type':
      return 1002
    case 'body_too_large':
      return 1009
    case 'request_timeout':
    case 'upstream_unavailable':
    case 'internal':
      return 1011
    default:
      return unreachable(code)
  }
}

/** A code that may be said to a peer: 1005, 1006 and 1015 only tell that none was. */
export function sayable(code: number): number {
  const isListed = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)
  if (isListed || (code >= 3000 && code <= 4999)) return code
  return code === 1005 ? 1000 : 1011
}

/** The upstream or the client ended a session as sessions end. */
export function isOrderly(code: number): boolean {
  return code === 1000 || code === 1001 || code === 1005
}

/** An id that nobody can guess. */
export function newEventId(): string {
  return `event_${randomUUID().replaceAll('-', '')}`
}

/**
 * A fault as the Realtime API tells of it. `answered`: the `event_id` of the client's message, where it had one. The
 * type is that of the API for whatever a client can mend.
 */
export function errorMessage(fault: Fault, answered: string | null): string {
  return JSON.stringify({
    type: 'error',
    event_id: newEventId(),
    error: { ...errorOf(fault), event_id: answered },
  })
}

/** What a client is told of a fault, wherever its API puts that. */
function errorOf(fault: Fault): JsonObject {
  const isOurs = closeCodeOf(fault) === 1013 || closeCodeOf(fault) === 1011 || closeCodeOf(fault) === 1001
  const type = isOurs ? 'server_error' : 'invalid_request_error'
  return { type, code: fault.code, message: fault.message, param: fault.param }
}

/** A fault as the Responses API tells of it on a WebSocket. `lane`: the stream of the message, where it named one. */
export function turnErrorMessage(fault: Fault, status: number, lane: string | null): string {
  return JSON.stringify({ type: 'error', status, error: errorOf(fault), ...(lane !== null && { stream_id: lane }) })
}

/** Why sessions end, beside what their callers lose. */
export const internalError = fault('internal', 'internal error')
export const tooManyRefused = fault('policy_denied', 'too many messages of this session were refused', {
  reason: 'messages_refused',
})
export const binaryAnswer = fault('upstream_unavailable', 'the upstream sent bytes instead of a text', {
  reason: 'bad_stream',
})
export const upstreamBroke = fault('upstream_unavailable', 'the upstream broke off', { reason: 'upstream_reset' })
export const upstreamClosed = fault('upstream_unavailable', 'the upstream closed the session', {
  reason: 'upstream_closed',
})
export const malformedFrames = fault('invalid_request', 'the client broke the protocol of WebSockets', {
  reason: 'frame_malformed',
})
export const binaryMessage = fault('invalid_body', 'a message must be a text with a JSON object in it', {
  reason: 'body_invalid',
})
export const upstreamChanged = fault('upstream_unavailable', 'the upstream of the session was changed: open another', {
  reason: 'upstream_changed',
})
export const workspaceChanged = fault('policy_denied', 'the workspace of the session was changed: open another', {
  reason: 'policy_changed',
})
