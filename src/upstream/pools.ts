import { Pool } from 'undici'
import { compilePattern, isPattern } from '../model/pattern.ts'
import type { UpstreamSettings } from '../model/settings.ts'

/** Below what common model servers keep idle connections open (5 s), so that a reused one is not already dead. */
const KEEP_ALIVE_MS = 4000
/** Hints of longer life are believed up to this: less than the 30 s of common load balancers. */
const KEEP_ALIVE_MAX_MS = 25_000
const MAX_ANSWER_HEAD_BYTES = 16 * 1024

/** One configured endpoint, its connections and the names that it serves. */
export interface Upstream {
  readonly settings: UpstreamSettings
  readonly pool: Pool
  readonly address: string
  readonly port: number
  /** The path of the configured url without a slash at its end: `/v1`. */
  readonly basePath: string
  /** Models named in full, in the order of the config. */
  readonly namedModels: readonly string[]
  serves(model: string): boolean
}

export function openUpstream(settings: UpstreamSettings): Upstream {
  const url = new URL(settings.url)
  const patterns = settings.models.map(compilePattern)
  const pool = new Pool(url.origin, {
    allowH2: false, // one stale HTTP/2 session fails every stream on it
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    maxHeaderSize: MAX_ANSWER_HEAD_BYTES,
    headersTimeout: settings.timeouts.firstByteMs,
    bodyTimeout: settings.timeouts.idleMs,
    connect: { timeout: settings.timeouts.connectMs },
  })
  return {
    settings,
    pool,
    address: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    basePath: url.pathname.replace(/\/+$/, ''),
    namedModels: settings.models.filter((model) => !isPattern(model)),
    serves: (model) => patterns.some((matches) => matches(model)),
  }
}

/** Upstreams in the order in which they are tried: lower `priority` first, then as the config lists them. */
export function inOrder<Any extends Upstream>(upstreams: readonly Any[]): Any[] {
  return [...upstreams].sort((a, b) => a.settings.priority - b.settings.priority)
}
