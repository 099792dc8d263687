import type { Fault } from '../model/fault.ts'
import { errorBody, faultRow } from './errors.ts'

/** How an API writes its errors. */
export interface ErrorForm {
  body(fault: Fault, requestId: string): string
  /** What ends an event stream that has begun; `midEvent`: its last event is not complete. */
  lastEvent(fault: Fault, requestId: string, midEvent: boolean): string
  /** Headers (name, value…) by which its SDK finds the request. */
  names(requestId: string): readonly string[]
}

const OPENAI: ErrorForm = {
  body: errorBody,
  lastEvent: (fault, _, midEvent) => `${midEvent ? '\n\n' : ''}data: ${errorBody(fault)}\n\n`,
  names: (requestId) => ['x-request-id', requestId],
}

const ANTHROPIC: ErrorForm = {
  body: messageError,
  // An event that is under way becomes the error: ended by itself, its half of a JSON text would be read as a whole one.
  lastEvent: (fault, requestId, midEvent) =>
    `${midEvent ? '\n' : ''}event: error\ndata: ${messageError(fault, requestId)}\n\n`,
  names: (requestId) => ['x-request-id', requestId, 'request-id', requestId],
}

/** Types by status, as Anthropic's API documents them; the official SDK raises its classes by the status. */
const TYPES: { readonly [status: number]: string } = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  502: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

/** Our own code stands under its usual name, and where Anthropic's SDK looks for one (`details.error_code`). */
function messageError(fault: Fault, requestId: string): string {
  const { code, message, param } = fault
  const type = TYPES[faultRow(code).status] ?? 'invalid_request_error'
  const error = { type, message, code, param, details: { error_code: code } }
  return JSON.stringify({ type: 'error', error, request_id: requestId })
}

const MESSAGES = '/v1/messages'
const MODELS = '/v1/models'

interface Asked {
  readonly url?: string | undefined
  readonly rawHeaders: readonly string[]
}

/** The form that the client of a request reads, by what it asked for: known before anything else of it is. */
export function errorForm({ url: target = '', rawHeaders }: Asked): ErrorForm {
  if (!target.startsWith('/v1/m')) return OPENAI
  if (isAt(target, MESSAGES)) return ANTHROPIC
  return isAt(target, MODELS) && speaksAnthropic(rawHeaders) ? ANTHROPIC : OPENAI
}

/** The path, with or without more of it or a query behind. */
function isAt(target: string, path: string): boolean {
  if (!target.startsWith(path)) return false
  const next = target.charCodeAt(path.length)
  return Number.isNaN(next) || next === 47 || next === 63
}

/** A path that both APIs have: Anthropic's SDK says which one it speaks. */
function speaksAnthropic(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'anthropic-version')
}
