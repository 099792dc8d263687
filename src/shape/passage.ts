import type { Secret } from '../model/secret.ts'
import { MEDIA_TYPE } from './answer.ts'
import { isTraceparent } from './trace-context.ts'

export interface PassageInput {
  readonly method: string
  /** Where the path is on the upstream. */
  readonly path: string
  readonly query: string
  /** Of the client's head; what is malformed does not go on. */
  readonly contentType: string | undefined
  readonly accept: string | undefined
  /** Null where there is no body. Unit: bytes; undefined where it is not announced. */
  readonly body: { readonly length: number | undefined } | null
  readonly apiKey: Secret | null
  /** What an upstream of Anthropic's API is told in the head; null for one of OpenAI's. */
  readonly messageHead: { readonly version: string; readonly betas: string | null } | null
  readonly traceparent: string | undefined
}

/** A request whose body is passed on as it is. */
export interface PassedRequest {
  readonly method: string
  readonly path: string
  /** Lower-case names. `host` is not among them. */
  readonly headers: { readonly [name: string]: string }
}

const MAX_VALUE = 256
/** Media ranges with their weights. */
const ACCEPT = /^[A-Za-z0-9*/+.;=,_ -]+$/

/**
 * The head of a request to a passthrough route, built from nothing: of the client's own only the type of its body and of
 * the answer that it takes go on, and a well-formed `traceparent`. How the body is framed is said anew.
 */
export function shapePassage(input: PassageInput): PassedRequest {
  const { method, path, query, contentType, accept, body, apiKey, messageHead, traceparent } = input
  const headers: { [name: string]: string } = {
    accept: accept !== undefined && accept.length <= MAX_VALUE && ACCEPT.test(accept) ? accept : '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'sallyport',
  }
  if (body !== null) {
    if (contentType !== undefined) headers['content-type'] = contentType
    if (body.length === undefined) headers['transfer-encoding'] = 'chunked'
    else headers['content-length'] = String(body.length)
  }
  if (messageHead !== null) {
    headers['anthropic-version'] = messageHead.version
    if (messageHead.betas !== null) headers['anthropic-beta'] = messageHead.betas
    if (apiKey !== null) headers['x-api-key'] = apiKey.reveal()
  } else if (apiKey !== null) headers.authorization = `Bearer ${apiKey.reveal()}`
  if (traceparent !== undefined && isTraceparent(traceparent)) headers.traceparent = traceparent
  return { method, path: query === '' ? path : `${path}?${query}`, headers }
}

/** Whether a body's type can go on as it stands. */
export function isMediaType(written: string): boolean {
  return written.length <= MAX_VALUE && MEDIA_TYPE.test(written)
}
