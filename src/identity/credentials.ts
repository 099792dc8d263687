import { isUtf8 } from 'node:buffer'
import { type Fault, fault } from '../model/fault.ts'
import type { Credential, DpopProof } from '../model/identity.ts'
import type { RejectReason } from '../model/reasons.ts'
import type { RequestHead } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { Secret } from '../model/secret.ts'

/** What no credential is longer than. Unit: characters. */
const MAX_TOKEN_LENGTH = 16 * 1024
const SUBPROTOCOL = 'openai-insecure-api-key.'

/** What a proof of possession is made for. */
export type PresentedRequest = Pick<RequestHead, 'method' | 'target'>
const NO_REQUEST: PresentedRequest = { method: '', target: '' }

type Place = 'authorization' | 'x-api-key' | 'api-key' | 'subprotocol'

/**
 * Reads the one credential of a request from its headers (name, value, name, value… as received). Two are refused
 * even when they are equal: whoever reads the request next could take the other one.
 *
 * `request`: with which it came; nothing is proven by a proof that is of no request.
 *
 * Not credentials: query parameters, cookies, and spellings such as `x_api_key`, which other software may take for
 * `x-api-key` and which are therefore never forwarded either. Does not check: the credential itself.
 * Faults: `missing_credentials`, `ambiguous_credentials`, `invalid_api_key`.
 */
export function readCredential(rawHeaders: readonly string[], request = NO_REQUEST): Result<Credential, Fault> {
  let place: Place | null = null
  let value = ''
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const found = placeOf(rawHeaders[index] ?? '')
    if (found === null) continue
    const written = rawHeaders[index + 1] ?? ''
    const count = found === 'subprotocol' ? countSubprotocols(written) : 1
    if (count === 0) continue
    if (count > 1 || place !== null) return failed(AMBIGUOUS)
    place = found
    value = written
  }
  if (place === null) return failed(MISSING)
  if (place === 'authorization') return readAuthorization(value, rawHeaders, request)
  if (place === 'subprotocol') return readSubprotocol(value)
  return readToken(place, value)
}

/** Told apart by length first: most headers are none of these, and this runs for every header of every request. */
function placeOf(name: string): Place | null {
  switch (name.length) {
    case 7:
      return name.toLowerCase() === 'api-key' ? 'api-key' : null
    case 9:
      return name.toLowerCase() === 'x-api-key' ? 'x-api-key' : null
    case 13:
      return name.toLowerCase() === 'authorization' ? 'authorization' : null
    case 22:
      return name.toLowerCase() === 'sec-websocket-protocol' ? 'subprotocol' : null
    default:
      return null
  }
}

function countSubprotocols(value: string): number {
  return value.split(',').filter((protocol) => protocol.trim().toLowerCase().startsWith(SUBPROTOCOL)).length
}

/** Browsers cannot set headers of a WebSocket: there the credential is one of the protocols that they offer. */
function readSubprotocol(offered: string): Result<Credential, Fault> {
  const named = offered.split(',').map((protocol) => protocol.trim())
  const token = named.find((protocol) => protocol.startsWith(SUBPROTOCOL))?.slice(SUBPROTOCOL.length) ?? ''
  return readToken('subprotocol', token)
}

function readAuthorization(
  value: string,
  rawHeaders: readonly string[],
  request: PresentedRequest,
): Result<Credential, Fault> {
  const space = value.indexOf(' ')
  const scheme = (space === -1 ? value : value.slice(0, space)).toLowerCase()
  if (scheme !== 'bearer' && scheme !== 'basic' && scheme !== 'dpop') {
    return failed(refusal(/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(scheme) && space > 0 ? 'unsupported_scheme' : 'malformed'))
  }
  const rest = space === -1 ? '' : value.slice(space + 1)
  if (scheme === 'basic') return readBasic(rest)
  const token = readToken('authorization', rest)
  return scheme === 'dpop' ? withProof(token, rawHeaders, request) : token
}

function readToken(place: Place, token: string): Result<Credential, Fault> {
  if (token === '' || token.length > MAX_TOKEN_LENGTH || token.includes(' ')) return failed(refusal('malformed'))
  return ok({ kind: 'token', place, token: new Secret(token) })
}

/** By the headers that they stand in: a proof is used once, however often its request's head is read. */
const proofs = new WeakMap<readonly string[], DpopProof>()

/** RFC 9449 section 7.1: exactly one header `DPoP` beside the token. */
function withProof(
  token: Result<Credential, Fault>,
  rawHeaders: readonly string[],
  { method, target }: PresentedRequest,
): Result<Credential, Fault> {
  if (!token.ok || token.value.kind !== 'token') return failed(DPOP_REFUSED)
  const written = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'dpop')
  const [text, more] = written
  if (text === undefined || more !== undefined) return failed(DPOP_REFUSED)
  const query = target.indexOf('?')
  const dpop = proofs.get(rawHeaders) ?? { text, method, path: query === -1 ? target : target.slice(0, query) }
  proofs.set(rawHeaders, dpop)
  return ok({ ...token.value, proof: { certificate: null, isCounted: false, dpop } })
}

/** RFC 7617 section 2: base64 of UTF-8, a colon between, no control characters. */
function readBasic(encoded: string): Result<Credential, Fault> {
  const bytes = Buffer.from(encoded, 'base64')
  const canonical = encoded.length <= MAX_TOKEN_LENGTH && bytes.toString('base64') === encoded
  if (!canonical || bytes.length === 0 || !isUtf8(bytes)) return failed(refusal('malformed'))
  const pair = bytes.toString('utf8')
  const colon = pair.indexOf(':')
  if (colon === -1 || /\p{Cc}/u.test(pair)) return failed(refusal('malformed'))
  return ok({ kind: 'basic', username: pair.slice(0, colon), password: new Secret(pair.slice(colon + 1)) })
}

const MISSING: Fault = fault('missing_credentials', 'no credential: send `Authorization: Bearer …`', {
  reason: 'missing',
})
export const AMBIGUOUS: Fault = fault('ambiguous_credentials', 'two credentials: send exactly one', {
  reason: 'ambiguous',
})

function refusal(reason: RejectReason): Fault {
  return fault('invalid_api_key', 'the credential is not valid here', { reason })
}

/** How a token that is bound to a key is to be presented (RFC 9449 section 7.1). */
export const DPOP_CHALLENGE =
  'DPoP realm="sallyport", error="invalid_token", algs="ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512 EdDSA"'

const DPOP_REFUSED: Fault = { ...refusal('malformed'), headers: ['www-authenticate', DPOP_CHALLENGE] }
