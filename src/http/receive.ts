import type { IncomingMessage } from 'node:http'
import { type Fault, fault } from '../model/fault.ts'
import type { RequestHead } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { ClientAddress } from './client-address.ts'

/** Headers that decide how a request is read: one of each at most, so that no two readers take different ones. */
interface Deciding {
  host: string | undefined
  contentType: string | undefined
  contentEncoding: string | undefined
  contentLength: string | undefined
  transferEncoding: string | undefined
  userAgent: string | undefined
  traceparent: string | undefined
  project: string | undefined
  forwardedFor: string | undefined
  expect: string | undefined
}

const SLOTS = new Map<string, keyof Deciding>([
  ['host', 'host'],
  ['content-type', 'contentType'],
  ['content-encoding', 'contentEncoding'],
  ['content-length', 'contentLength'],
  ['transfer-encoding', 'transferEncoding'],
  ['user-agent', 'userAgent'],
  ['traceparent', 'traceparent'],
  ['openai-project', 'project'],
  ['x-forwarded-for', 'forwardedFor'],
  ['expect', 'expect'],
])

/** A registered name or address with an optional port: no userinfo, path, query or space (RFC 9112 section 3.2). */
const HOST = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/

/** The head as far as it could be read, and why the request goes no further when it must not. */
export interface Received {
  readonly head: RequestHead
  readonly fault: Fault | null
}

/**
 * Reads the head of a request, refusing every form that two readers could understand differently: Host absent, twice,
 * empty or with userinfo or a path; a second header that decides anything; a transfer coding other than `chunked`.
 *
 * Does not check: credentials, path, media type. Faults: `invalid_request`.
 * Source: RFC 9112 sections 3.2, 6.1 and 11.2.
 */
export function receive(
  request: IncomingMessage,
  id: string,
  clientAddress: (peer: string | undefined, chain: string | undefined) => ClientAddress,
): Received {
  const { seen, twice } = readDeciding(request.rawHeaders)
  const shape = twice === null ? framing(request, seen) : refused(`the header \`${twice}\` may stand once`, twice)
  const { ip, forwardedFor } = clientAddress(request.socket.remoteAddress, seen.forwardedFor)
  const head: RequestHead = {
    id,
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: request.httpVersion,
    rawHeaders: request.rawHeaders,
    contentType: seen.contentType,
    contentEncoding: seen.contentEncoding,
    contentLength: shape.ok ? shape.value.contentLength : undefined,
    hasBody: shape.ok && shape.value.hasBody,
    userAgent: seen.userAgent,
    traceparent: seen.traceparent,
    project: seen.project,
    clientIp: ip,
    clientPort: request.socket.remotePort,
    forwardedFor,
  }
  return { head, fault: shape.ok ? null : shape.fault }
}

function readDeciding(raw: readonly string[]): { seen: Partial<Deciding>; twice: string | null } {
  const seen: Partial<Deciding> = {}
  let twice: string | null = null
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    const slot = SLOTS.get(name)
    if (slot === undefined) continue
    const value = raw[index + 1] ?? ''
    if (seen[slot] === undefined) seen[slot] = value
    else if (slot === 'forwardedFor') seen.forwardedFor += `, ${value}`
    else twice ??= name
  }
  return { seen, twice }
}

function framing(
  request: IncomingMessage,
  seen: Partial<Deciding>,
): Result<{ contentLength: number | undefined; hasBody: boolean }, Fault> {
  if (seen.expect !== undefined && seen.expect.toLowerCase() !== '100-continue') {
    return refused('`Expect` may only be `100-continue`', 'expect')
  }
  if (seen.host === undefined || !HOST.test(seen.host)) {
    return refused('the request needs exactly one `Host` header, a name or address with an optional port', 'host')
  }
  if (seen.transferEncoding !== undefined) {
    if (request.httpVersion !== '1.1' || seen.transferEncoding.toLowerCase() !== 'chunked') {
      return refused('`Transfer-Encoding` may only be `chunked`, in HTTP/1.1', 'transfer-encoding')
    }
    if (seen.contentLength !== undefined)
      return refused('`Content-Length` beside `Transfer-Encoding`', 'content-length')
    return ok({ contentLength: undefined, hasBody: true })
  }
  if (seen.contentLength === undefined) return ok({ contentLength: undefined, hasBody: false })
  if (!/^[0-9]{1,15}$/.test(seen.contentLength)) return refused('`Content-Length` must be a number', 'content-length')
  const contentLength = Number(seen.contentLength)
  return ok({ contentLength, hasBody: contentLength > 0 })
}

function refused(message: string, param: string): Result<never, Fault> {
  return failed(fault('invalid_request', message, { param, reason: 'head_malformed' }))
}
