import { shown } from '../endpoints/draft.ts'
import type { Endpoint } from '../endpoints/endpoint.ts'
import { route } from '../endpoints/route.ts'
import { AMBIGUOUS, DPOP_CHALLENGE } from '../identity/credentials.ts'
import type { Decision } from '../model/decision.ts'
import { unreachable } from '../model/exhaustive.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { Verification } from '../model/identity.ts'
import type { RequestFacts, RequestHead } from '../model/request.ts'

const REALM = 'Bearer realm="sallyport"'

/** Methods that an operation or a route may have. */
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Says of a method that nothing has that it is refused, before anybody is asked who they are. Null for every other one,
 * and where the path is not in the table: which routes are open is not told to strangers.
 */
export function methodFault({ method, target }: Pick<RequestHead, 'method' | 'target'>): Fault | null {
  if (METHODS.has(method)) return null
  const found = route(method, target)
  if (found.ok) throw new Error('an operation with a method that no operation has')
  if (found.fault.code === 'method_not_allowed') return found.fault
  return found.fault.code === 'unknown_endpoint' ? null : nowhereAllowed(method)
}

/** Why nothing is found at a path that is neither in the table nor open: `unknown`, unless no path has the method. */
export function notFound(method: string, unknown: Fault): Fault {
  return METHODS.has(method) ? unknown : nowhereAllowed(method)
}

/** An empty `allow` says that there is no method for this target (RFC 9110 section 10.2.1). */
function nowhereAllowed(method: string): Fault {
  return fault('method_not_allowed', `the method \`${method.slice(0, 16)}\` is not allowed`, {
    param: 'method',
    reason: 'endpoint_not_allowed',
    headers: ['allow', ''],
  })
}

export const auditUnavailable: Fault = fault(
  'audit_unavailable',
  'the audit cannot be written, and nothing is served without it: try again later',
  { reason: 'audit_unavailable', headers: ['retry-after', '1'] },
)

/** Adds the challenge that a 401 must carry (RFC 9110 section 11.6.1, RFC 6750 section 3). */
export function challenged(refusal: Fault): Fault {
  if (refusal.code === 'missing_credentials') return { ...refusal, headers: ['www-authenticate', REALM] }
  if (refusal.code === 'invalid_api_key' && refusal.headers === undefined) {
    return { ...refusal, headers: ['www-authenticate', `${REALM}, error="invalid_token"`] }
  }
  return refusal
}

/** A credential that is wrong is 401; one that nobody can check right now is 503. The answer never says why. */
export function credentialFault(verification: Exclude<Verification, { outcome: 'verified' }>): Fault {
  if (verification.outcome === 'rejected') {
    if (verification.reason === 'ambiguous') return AMBIGUOUS
    const refusal = challenged(
      fault('invalid_api_key', 'the credential is not valid here', {
        reason: verification.reason,
        ...(verification.scheme === undefined ? {} : { headers: ['www-authenticate', DPOP_CHALLENGE] }),
      }),
    )
    if (verification.retryAfterSeconds === undefined) return refusal
    return { ...refusal, headers: [...(refusal.headers ?? []), 'retry-after', String(verification.retryAfterSeconds)] }
  }
  return fault('identity_unavailable', 'the credential cannot be checked right now: try again later', {
    reason: verification.reason,
    headers: ['retry-after', String(verification.retryAfterSeconds)],
  })
}

/** What a caller is told of a refusal by the policy: the rule and the field, never the policy's text. */
export function decisionFault(
  decision: Exclude<Decision, { effect: 'allow' }>,
  facts: Pick<RequestFacts, 'operation' | 'model'>,
): Fault {
  switch (decision.effect) {
    case 'step_up':
      return stepUp(decision)
    case 'deny': {
      const isKeys = decision.reason === 'key_model_not_allowed'
      const param = isKeys || decision.reason === 'model_not_allowed' ? 'model' : null
      const subject = `\`${facts.operation}\`${typeof facts.model === 'string' ? ` with the model \`${facts.model}\`` : ''}`
      const message =
        decision.rule !== null
          ? `the rule \`${decision.rule}\` denies ${subject}`
          : `${isKeys ? 'the API key is not for' : 'no rule allows'} ${subject}`
      return fault('policy_denied', `${message} (${decision.reason})`, { param, reason: decision.reason })
    }
    default:
      return unreachable(decision)
  }
}

/** RFC 9470 section 3: what stronger authentication has to show. */
function stepUp({ challenge, rule, reason }: Extract<Decision, { effect: 'step_up' }>): Fault {
  const parts = [
    REALM,
    'error="insufficient_user_authentication"',
    'error_description="stronger authentication is needed"',
  ]
  if (challenge.acrValues.length > 0) parts.push(`acr_values="${challenge.acrValues.map(quotable).join(' ')}"`)
  if (challenge.maxAgeSeconds !== null) parts.push(`max_age="${challenge.maxAgeSeconds}"`)
  return fault('step_up_required', `the rule \`${rule}\` asks for stronger authentication: sign in again`, {
    reason,
    headers: ['www-authenticate', parts.join(', ')],
    challenge,
  })
}

/** A value inside a quoted string (RFC 9110 section 5.6.4), without what would end it or the header. */
function quotable(value: string): string {
  return value.replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, '')
}

export function modelNotFound(model: string): Fault {
  return fault('model_not_found', `the model \`${model}\` does not exist or you do not have access to it`, {
    param: 'model',
    reason: 'model_not_found',
  })
}

/**
 * An object that is not there, or not the caller's: the answer is the same, whoever says it. `keys` are the places of the
 * request's ids.
 */
export function objectNotFound(keys: readonly string[]): Fault {
  const places = keys.slice(0, 16).map((key) => `\`${shown(key)}\``)
  return fault(
    'object_not_found',
    `the request names a stored object that does not exist or that you have no access to (${places.join(', ')})`,
    { param: keys[0] === undefined ? null : shown(keys[0]), reason: 'object_not_found' },
  )
}

/** A member by which the caller would choose the id of what is answered and stored. */
export function answerNamed(key: string): Fault {
  const name = shown(key)
  return fault('invalid_body', `\`${name}\` names the answer, and whose name it is cannot be told: leave it out`, {
    param: name,
    reason: 'object_not_allowed',
  })
}

/**
 * A stored object where it cannot be told whose it is: a member of a body asks for objects without naming them; a form names
 * one within a field; a message of a session names one.
 */
export function objectRefused(key: string, where: keyof typeof NOT_OPENED): Fault {
  const name = shown(key)
  return fault('invalid_body', NOT_OPENED[where](`\`${name}\``), {
    param: name,
    reason: 'object_not_allowed',
  })
}

const NOT_OPENED = {
  body: (name: string) => `${name} asks for stored objects of everybody: give rows of your own instead`,
  form: (name: string) =>
    `the form names a stored object as ${name} within a field, or in a field that stands twice: send its id as the whole text of one field`,
  message: (name: string) => `the message names a stored object as ${name}, and sessions open none: leave it out`,
  session: (name: string) => `the session names a stored object as ${name}, and sessions open none: leave it out`,
  secret: (name: string) => `the secret opens one session, and no object of ${name} beside it: leave it out`,
} as const

/** An operation that cannot be kept to the caller's own objects. */
export function storedRefused(operation: string, why: string): Fault {
  return fault('unknown_endpoint', `\`${operation}\` is not opened here: ${why}`, {
    param: 'path',
    reason: 'object_not_allowed',
  })
}

/** A transform that the policy wants, and that has no place in the body of the operation. */
export function unplacedRefused(operation: string, parts: readonly string[]): Fault {
  const named = parts.map((part) => `\`${part}\``).join(' and ')
  return fault('policy_denied', `a transform of the policy has no place in \`${operation}\`: ${named}`, {
    reason: 'transform_not_applicable',
  })
}

/** Without the keys that seal ids nobody's objects can be told from anybody else's. */
export const objectsUnavailable: Fault = fault(
  'objects_unavailable',
  'stored objects cannot be told apart right now: try again later',
  { reason: 'sealing_keys_unavailable', headers: ['retry-after', '10'] },
)

/** What keeps an operation of the table from being carried at all; null for nothing. */
export function notCarried({ operation, awaits }: Pick<Endpoint, 'operation' | 'awaits'>): Fault | null {
  switch (awaits) {
    case null:
      return null
    case 'websocket':
      return notOpened(`\`${operation}\` is a WebSocket, ${LATER}`)
    case 'requests':
      return notOpened(`\`${operation}\` is about requests that run later, ${LATER}`)
    case 'session':
      return notOpened(`\`${operation}\` is part of sessions that go past this proxy, ${LATER}`)
    default:
      return unreachable(awaits)
  }
}

const LATER = 'which is part of the API but not built yet'

function notOpened(message: string): Fault {
  return fault('unknown_endpoint', message, { param: 'path', reason: 'endpoint_not_allowed' })
}

/** A transform that cannot be applied must not be left out. */
export const noPlaceForText: Fault = fault(
  'policy_denied',
  'the policy puts a text before the instructions of a session, and one that transcribes has none',
  { reason: 'transform_not_applicable' },
)

/** A stored prompt brings instructions of its own. */
export const promptRefused: Fault = fault(
  'policy_denied',
  'the policy puts a text before the instructions, and a stored prompt brings its own: leave `prompt` out',
  { param: 'prompt', reason: 'transform_not_applicable' },
)

/** Of a message in a session: it may not name another model than the one that the session was opened with. */
export function modelSwitched(model: string): Fault {
  return fault('policy_denied', `the session is one of \`${model}\`: open another one for another model`, {
    param: 'model',
    reason: 'model_not_allowed',
  })
}

/** The caller is not known, or not for certain. */
export function isAuthentication({ code }: Fault): boolean {
  return (
    code === 'missing_credentials' ||
    code === 'ambiguous_credentials' ||
    code === 'invalid_api_key' ||
    code === 'identity_unavailable'
  )
}

/** A rule, or the lack of one, decided. */
export function isOfPolicy({ code }: Fault): boolean {
  return code === 'policy_denied' || code === 'step_up_required'
}
