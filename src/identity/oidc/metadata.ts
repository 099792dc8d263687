import { type JsonObject, ownValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { type DiscoveryFailure, discovered, isTrustworthy } from '../jwt/discovery.ts'
import { type JsonFetcher, openFetcher } from '../jwt/http-json.ts'
import { FETCH_LIMIT_MS, type LoginIssuer, type OidcPorts } from './ports.ts'

/** What an issuer says of itself, as far as a sign-in needs it. Every URL in it is one that may be trusted. */
export interface Metadata {
  /** All of it, as it was read. */
  readonly document: JsonObject
  readonly namesItself: boolean
  readonly wantsPushed: boolean
  readonly hasUserInfo: boolean
  readonly hasDevices: boolean
  readonly logoutNamesSessions: boolean
}

const REQUIRED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const
const OPTIONAL = [
  'userinfo_endpoint',
  'device_authorization_endpoint',
  'pushed_authorization_request_endpoint',
] as const
/** After a failure nobody is asked again for this long, however many people want to sign in. Milliseconds. */
const COOLDOWN_MS = 1000

/**
 * The metadata of one issuer, fetched when it is first needed and again when it is older than its keys may be. One fetch
 * at a time; a failed one changes nothing until what is known is too old.
 */
export class MetadataSource {
  readonly #settings: LoginIssuer
  readonly #ports: OidcPorts
  readonly #fetcher: JsonFetcher = openFetcher()
  readonly #end = new AbortController()
  #known: { readonly metadata: Metadata; readonly atMs: number } | null = null
  #failure: { readonly fault: DiscoveryFailure; readonly atMs: number } | null = null
  #inFlight: Promise<Result<Metadata, DiscoveryFailure>> | null = null

  constructor(settings: LoginIssuer, ports: OidcPorts) {
    this.#settings = settings
    this.#ports = ports
  }

  async current(): Promise<Result<Metadata, DiscoveryFailure>> {
    const { refreshMs, maxStaleMs } = this.#settings.jwks
    if (this.#known !== null && this.#ageOf(this.#known) < refreshMs) return ok(this.#known.metadata)
    const fresh = await this.#fetch()
    if (fresh.ok || this.#known === null || this.#ageOf(this.#known) > maxStaleMs) return fresh
    return ok(this.#known.metadata)
  }

  close(): void {
    this.#end.abort()
    this.#fetcher.close()
  }

  #ageOf({ atMs }: { readonly atMs: number }): number {
    return Math.abs(this.#ports.clock() - atMs)
  }

  #fetch(): Promise<Result<Metadata, DiscoveryFailure>> {
    if (this.#inFlight !== null) return this.#inFlight
    if (this.#failure !== null && this.#ageOf(this.#failure) < COOLDOWN_MS) {
      return Promise.resolve(failed(this.#failure.fault))
    }
    this.#inFlight = this.#load().finally(() => {
      this.#inFlight = null
    })
    return this.#inFlight
  }

  async #load(): Promise<Result<Metadata, DiscoveryFailure>> {
    const limit = AbortSignal.timeout(this.#ports.fetchLimitMs ?? FETCH_LIMIT_MS)
    const signal = AbortSignal.any([this.#end.signal, limit])
    const document = await discovered(this.#fetcher, this.#settings.issuer, signal)
    const read = document.ok ? readMetadata(document.value, this.#settings) : document
    const atMs = this.#ports.clock()
    this.#failure = read.ok ? null : { fault: read.fault, atMs }
    if (read.ok) this.#known = { metadata: read.value, atMs }
    return read
  }
}

/** OpenID Connect Discovery 1.0 section 3. */
function readMetadata(document: JsonObject, settings: LoginIssuer): Result<Metadata, DiscoveryFailure> {
  const isAbsent = (name: string) => ownValue(document, name) === undefined
  if (REQUIRED.some(isAbsent)) return failed('malformed')
  for (const name of [...REQUIRED, ...OPTIONAL.filter((name) => !isAbsent(name))]) {
    const url = ownValue(document, name)
    if (typeof url !== 'string') return failed('malformed')
    if (!isTrustworthy(url, settings.allowInsecure)) return failed('insecure_url')
  }
  return ok({
    document,
    namesItself: ownValue(document, 'authorization_response_iss_parameter_supported') === true,
    wantsPushed: ownValue(document, 'require_pushed_authorization_requests') === true,
    hasUserInfo: !isAbsent('userinfo_endpoint'),
    hasDevices: !isAbsent('device_authorization_endpoint'),
    logoutNamesSessions: ownValue(document, 'backchannel_logout_session_supported') === true,
  })
}
