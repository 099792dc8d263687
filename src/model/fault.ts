import type { Challenge } from './decision.ts'
import type { Reason } from './reasons.ts'

/** Every way in which a request can fail; `src/http/errors.ts` gives each one its status and type. */
export type FaultCode =
  | 'missing_credentials'
  | 'ambiguous_credentials'
  | 'invalid_api_key'
  | 'step_up_required'
  | 'policy_denied'
  | 'model_not_found'
  | 'object_not_found'
  | 'unknown_endpoint'
  | 'method_not_allowed'
  | 'invalid_request'
  | 'invalid_body'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'request_timeout'
  | 'audit_unavailable'
  | 'identity_unavailable'
  | 'objects_unavailable'
  | 'shutting_down'
  | 'overloaded'
  | 'rate_limit_exceeded'
  | 'upstream_unavailable'
  | 'upstream_timeout'
  | 'internal'

/**
 * One failure, as a value. `code` is the contract and `message` is for people. `reason` is the audit event's reason
 * code where it says more than `code`; `cause` goes to diagnostics only and never holds a credential or a body.
 */
export interface Fault {
  readonly code: FaultCode
  readonly message: string
  readonly param: string | null
  readonly reason?: Reason
  /** Headers that this answer carries (`www-authenticate`, `allow`, `retry-after`): name, value… */
  readonly headers?: readonly string[]
  readonly cause?: unknown
  /** What a sign-in would have to show, where one would help. */
  readonly challenge?: Challenge
}

export function fault(code: FaultCode, message: string, more: Partial<Omit<Fault, 'code' | 'message'>> = {}): Fault {
  return { param: null, ...more, code, message }
}
