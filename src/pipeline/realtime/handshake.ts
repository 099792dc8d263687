import { type Fault, fault } from '../../model/fault.ts'
import type { RequestHead } from '../../model/request.ts'

/** What a client's handshake asks for beside its target. */
export interface Handshake {
  /** The protocol that the answer chooses; null where none of those that it offers is known. */
  readonly protocol: string | null
  /** The API as it was in its beta. */
  readonly isBeta: boolean
}

const BETA_PROTOCOL = 'openai-beta.realtime-v1'
/** In the order in which they are chosen. What carries a credential is never one of them. */
const PROTOCOLS = ['realtime', BETA_PROTOCOL] as const
const BETA = 'realtime=v1'
const PAGE_SECRET = 'openai-insecure-api-key.ek_'
const OWN_PREFIXES = ['openai-insecure-api-key.', 'openai-organization.', 'openai-project.']

const KEY = /^[+/0-9A-Za-z]{22}==$/
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const NAMES: ReadonlySet<string> = new Set([
  ...['upgrade', 'sec-websocket-key', 'sec-websocket-version', 'sec-websocket-protocol', 'origin', 'openai-beta'],
])

/** The protocols that a handshake offers, and what it says of the beta. */
export function handshakeOf(head: RequestHead): Handshake {
  const seen = read(head.rawHeaders)
  const offered = protocolsIn(seen.get('sec-websocket-protocol'))
  return {
    protocol: PROTOCOLS.find((protocol) => offered.includes(protocol)) ?? null,
    isBeta: seen.get('openai-beta') === BETA || offered.includes(BETA_PROTOCOL),
  }
}

/** What a client offers, but for its credential, and the account that it would choose. */
export function offeredProtocols(head: RequestHead): readonly string[] {
  const offered = protocolsIn(read(head.rawHeaders).get('sec-websocket-protocol'))
  return offered.filter((protocol) => !OWN_PREFIXES.some((prefix) => protocol.toLowerCase().startsWith(prefix)))
}

/**
 * Says why a request to a WebSocket cannot become one; null when it can. `isFirst`: no other request is being answered on
 * its connection. A page of some other origin may not open one, unless by a secret that was made for that.
 *
 * Faults: `invalid_request`. Source: RFC 6455 section 4.2.1.
 */
export function handshakeFault(head: RequestHead, operation: string, isFirst: boolean): Fault | null {
  const seen = read(head.rawHeaders)
  if (seen.get('upgrade')?.toLowerCase() !== 'websocket') {
    return malformed(`\`${operation}\` is a WebSocket: ask for an upgrade to it`, 'upgrade', [
      ...['upgrade', 'websocket'],
      ...['connection', 'Upgrade'],
    ])
  }
  if (head.httpVersion !== '1.1') return malformed('a WebSocket is opened with HTTP/1.1', 'version')
  if (seen.get('sec-websocket-version') !== '13') {
    return malformed('`Sec-WebSocket-Version` must be 13', 'sec-websocket-version', ['sec-websocket-version', '13'])
  }
  if (!KEY.test(seen.get('sec-websocket-key') ?? '')) {
    return malformed('`Sec-WebSocket-Key` must be 16 bytes in base64, once', 'sec-websocket-key')
  }
  const offered = protocolsIn(seen.get('sec-websocket-protocol'))
  if (seen.has('sec-websocket-protocol') && !areTokens(offered)) {
    return malformed('`Sec-WebSocket-Protocol` must be a list of different tokens, once', 'sec-websocket-protocol')
  }
  if (!isFirst) return malformed('another request is being answered on this connection: open one of its own', 'upgrade')
  if (!seen.has('origin') || offered.some(isOfPage)) return null
  return { ...malformed('pages of other origins may not open a session', 'origin'), reason: 'origin_not_allowed' }
}

/** A secret that was made for one session and put there by the page itself: no browser adds one, as it does cookies. */
function isOfPage(protocol: string): boolean {
  return protocol.startsWith(PAGE_SECRET)
}

/** The values of the headers that matter here; of one that stands twice the value is no good one. */
function read(rawHeaders: readonly string[]): Map<string, string> {
  const seen = new Map<string, string>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    if (NAMES.has(name)) seen.set(name, seen.has(name) ? ',' : (rawHeaders[index + 1] ?? ''))
  }
  return seen
}

function protocolsIn(value: string | undefined): readonly string[] {
  return value === undefined ? [] : value.split(',').map((protocol) => protocol.trim())
}

function areTokens(offered: readonly string[]): boolean {
  return offered.every((protocol) => TOKEN.test(protocol)) && new Set(offered).size === offered.length
}

function malformed(message: string, param: string, headers?: readonly string[]): Fault {
  return fault('invalid_request', message, { param, reason: 'head_malformed', ...(headers && { headers }) })
}
