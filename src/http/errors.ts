import type { Fault, FaultCode } from '../model/fault.ts'

/** How a fault is answered. `retry: false` becomes `x-should-retry: false`, which OpenAI's SDKs obey. */
interface FaultRow {
  readonly status: number
  readonly type: string
  readonly retry?: false
}

/** The one table from faults to HTTP: a code without a row does not compile. */
export const FAULTS = {
  missing_credentials: { status: 401, type: 'authentication_error' },
  ambiguous_credentials: { status: 400, type: 'invalid_request_error' },
  invalid_api_key: { status: 401, type: 'authentication_error' },
  step_up_required: { status: 401, type: 'authentication_error' },
  policy_denied: { status: 403, type: 'permission_error', retry: false },
  model_not_found: { status: 404, type: 'invalid_request_error' },
  object_not_found: { status: 404, type: 'invalid_request_error' },
  unknown_endpoint: { status: 404, type: 'invalid_request_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  invalid_request: { status: 400, type: 'invalid_request_error' },
  invalid_body: { status: 400, type: 'invalid_request_error' },
  unsupported_media_type: { status: 415, type: 'invalid_request_error' },
  body_too_large: { status: 413, type: 'invalid_request_error' },
  request_timeout: { status: 408, type: 'invalid_request_error', retry: false },
  audit_unavailable: { status: 503, type: 'server_error' },
  identity_unavailable: { status: 503, type: 'server_error' },
  objects_unavailable: { status: 503, type: 'server_error' },
  overloaded: { status: 503, type: 'server_error' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error' },
  shutting_down: { status: 503, type: 'server_error' },
  upstream_unavailable: { status: 502, type: 'upstream_error' },
  upstream_timeout: { status: 504, type: 'upstream_error' },
  internal: { status: 500, type: 'server_error' },
} as const satisfies Record<FaultCode, FaultRow>

export function faultRow(code: FaultCode): FaultRow {
  return FAULTS[code]
}

/** The body of every error: the four members that OpenAI's `openapi.yaml` (`Error`) requires, `code` a string. */
export function errorBody(fault: Fault): string {
  const { type } = faultRow(fault.code)
  return JSON.stringify({ error: { message: fault.message, type, param: fault.param, code: fault.code } })
}

/** The headers that a fault's answer carries beside `content-type`, `content-length` and `x-request-id`. */
export function errorHeaders(fault: Fault): string[] {
  const headers: string[] = []
  if (faultRow(fault.code).retry === false) headers.push('x-should-retry', 'false')
  if (fault.headers) headers.push(...fault.headers)
  return headers
}
