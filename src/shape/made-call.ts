import { CALL_ID } from '../model/call-id.ts'
import { isTraceparent } from './trace-context.ts'

const PATH = '/v1/realtime/calls/'

/** Where an upstream is reached. */
export interface CallPlace {
  /** The url of the upstream, without a slash at its end. */
  readonly url: string
  readonly basePath: string
}

/**
 * The id of the call that an upstream has made, by its `Location`: a path of calls on the upstream itself, and nothing
 * behind the id. Null for every other one.
 */
export function madeCallId(location: string | undefined, { url, basePath }: CallPlace): string | null {
  const { origin } = new URL(url)
  if (location === undefined) return null
  const path = location.startsWith(`${origin}/`) ? location.slice(origin.length) : location
  const own = `${basePath}/realtime/calls/`
  const prefix = [PATH, own].find((one) => path.startsWith(one))
  const id = prefix === undefined ? '' : path.slice(prefix.length)
  return CALL_ID.test(id) ? id : null
}

/** Where a client finds its call. */
export function callLocation(id: string): string {
  return PATH + id
}

/** The form that goes upstream: an offer, and the session that was decided. `boundary` must be unpredictable. */
export function callForm(sdp: string, session: string, boundary: string): Buffer {
  const part = (name: string, type: string, text: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: ${type}\r\n\r\n${text}\r\n`
  const parts = [part('sdp', 'application/sdp', sdp), part('session', 'application/json', session)]
  return Buffer.from(`${parts.join('')}--${boundary}--\r\n`)
}

/** Headers of a request about calls, built from nothing. */
export function callHeaders(
  apiKey: { reveal(): string } | null,
  accept: string,
  traceparent: string | undefined,
  contentType: string | null,
): string[] {
  const headers = ['accept', accept, 'accept-encoding', 'identity', 'user-agent', 'sallyport']
  if (contentType !== null) headers.push('content-type', contentType)
  if (apiKey !== null) headers.push('authorization', `Bearer ${apiKey.reveal()}`)
  if (traceparent !== undefined && isTraceparent(traceparent)) headers.push('traceparent', traceparent)
  return headers
}
