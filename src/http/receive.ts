import type { IncomingMessage } from 'node:http'
import { type Fault, fault } from '../model/fault.ts'
import type { RequestHead } from '../model/request.ts'
import type { ClientAddress } from './client-address.ts'
import { clientCertificateOf } from './client-certificate.ts'

/** Headers that decide how a request is read: one of each at most, so that no two readers take different ones. */
class Deciding {
  host: string | undefined = undefined
  contentType: string | undefined = undefined
  contentEncoding: string | undefined = undefined
  contentLength: string | undefined = undefined
  transferEncoding: string | undefined = undefined
  userAgent: string | undefined = undefined
  traceparent: string | undefined = undefined
  project: string | undefined = undefined
  forwardedFor: string | undefined = undefined
  expect: string | undefined = undefined
  /** The first header that stood a second time, in lower case. */
  twice: string | null = null
}

/** By the length of its name, so that most headers are passed over without being read. */
function slotOf(name: string): Exclude<keyof Deciding, 'twice'> | null {
  switch (name.length) {
    case 4:
      return isNamed(name, 'host') ? 'host' : null
    case 6:
      return isNamed(name, 'expect') ? 'expect' : null
    case 10:
      return isNamed(name, 'user-agent') ? 'userAgent' : null
    case 11:
      return isNamed(name, 'traceparent') ? 'traceparent' : null
    case 12:
      return isNamed(name, 'content-type') ? 'contentType' : null
    case 14:
      if (isNamed(name, 'content-length')) return 'contentLength'
      return isNamed(name, 'openai-project') ? 'project' : null
    case 15:
      return isNamed(name, 'x-forwarded-for') ? 'forwardedFor' : null
    case 16:
      return isNamed(name, 'content-encoding') ? 'contentEncoding' : null
    case 17:
      return isNamed(name, 'transfer-encoding') ? 'transferEncoding' : null
    default:
      return null
  }
}

function isNamed(name: string, lower: string): boolean {
  // The first letters differ in bit 5 at most; most other names of the same length end here.
  return (name.charCodeAt(0) | 32) === lower.charCodeAt(0) && name.toLowerCase() === lower
}

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
  const seen = readDeciding(request.rawHeaders)
  const wrong = seen.twice === null ? framingFault(request, seen) : twiceFault(seen.twice)
  const { ip, forwardedFor } = clientAddress(request.socket.remoteAddress, seen.forwardedFor)
  const length = wrong === null && seen.contentLength !== undefined ? Number(seen.contentLength) : undefined
  const head: RequestHead = {
    id,
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: request.httpVersion,
    rawHeaders: request.rawHeaders,
    contentType: seen.contentType,
    contentEncoding: seen.contentEncoding,
    contentLength: length,
    hasBody: wrong === null && (length === undefined ? seen.transferEncoding !== undefined : length > 0),
    userAgent: seen.userAgent,
    traceparent: seen.traceparent,
    project: seen.project,
    clientIp: ip,
    clientPort: request.socket.remotePort,
    forwardedFor,
    certificate: clientCertificateOf(request.socket),
  }
  return { head, fault: wrong }
}

function readDeciding(raw: readonly string[]): Deciding {
  const seen = new Deciding()
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? ''
    const slot = slotOf(name)
    if (slot === null) continue
    const value = raw[index + 1] ?? ''
    if (seen[slot] === undefined) seen[slot] = value
    else if (slot === 'forwardedFor') seen.forwardedFor += `, ${value}`
    else seen.twice ??= name.toLowerCase()
  }
  return seen
}

function framingFault(request: IncomingMessage, seen: Deciding): Fault | null {
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') {
    return malformed('the request must be one of HTTP/1.1 or HTTP/1.0', 'version')
  }
  if (seen.expect !== undefined && seen.expect.toLowerCase() !== '100-continue') {
    return malformed('`Expect` may only be `100-continue`', 'expect')
  }
  if (seen.host === undefined || !HOST.test(seen.host)) {
    return malformed('the request needs exactly one `Host` header, a name or address with an optional port', 'host')
  }
  if (seen.transferEncoding !== undefined) {
    if (request.httpVersion !== '1.1' || seen.transferEncoding.toLowerCase() !== 'chunked') {
      return malformed('`Transfer-Encoding` may only be `chunked`, in HTTP/1.1', 'transfer-encoding')
    }
    if (seen.contentLength === undefined) return null
    return malformed('`Content-Length` beside `Transfer-Encoding`', 'content-length')
  }
  if (seen.contentLength === undefined || /^[0-9]{1,15}$/.test(seen.contentLength)) return null
  return malformed('`Content-Length` must be a number', 'content-length')
}

function twiceFault(name: string): Fault {
  return malformed(`the header \`${name}\` may stand once`, name)
}

function malformed(message: string, param: string): Fault {
  return fault('invalid_request', message, { param, reason: 'head_malformed' })
}
