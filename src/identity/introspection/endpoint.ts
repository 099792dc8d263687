import type { IntrospectionSettings, IssuerSettings } from '../../model/identity-settings.ts'
import type { JsonObject } from '../../model/json.ts'
import type { Clock } from '../../model/ports.ts'
import { ok, type Result } from '../../model/result.ts'
import { type DiscoveryFailure, discoveredUrl } from '../jwt/discovery.ts'
import { openFetcher } from '../jwt/http-json.ts'

/** Why an issuer's word about a token cannot be had. These stand in `introspection-failed` events. */
export type AskFailure = DiscoveryFailure

/** How long a discovered URL is used before the metadata is read again; for longer where it cannot be. Milliseconds. */
const DISCOVERY_MS = 600_000

/** Where one issuer is asked about opaque tokens (RFC 7662). Never throws, never rejects. */
export class IntrospectionEndpoint {
  readonly #issuer: IssuerSettings
  readonly #settings: IntrospectionSettings
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #fetcher
  readonly #end = new AbortController()
  #found: { readonly url: string; readonly atMs: number } | null = null
  #discovery: Promise<Result<string, AskFailure>> | null = null

  constructor(
    issuer: IssuerSettings,
    settings: IntrospectionSettings,
    { clock, limitMs, connections }: { readonly clock: Clock; readonly limitMs: number; readonly connections: number },
  ) {
    this.#issuer = issuer
    this.#settings = settings
    this.#clock = clock
    this.#limitMs = limitMs
    this.#fetcher = openFetcher(connections)
  }

  async ask(token: string): Promise<Result<JsonObject, AskFailure>> {
    const url = await this.#url()
    if (!url.ok) return url
    const form = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString()
    const posted = { form, authorization: basicOf(this.#settings) }
    const signal = this.#signal()
    const answer = await this.#fetcher.post(url.value, posted, signal)
    // A connection that was kept may have been closed at that moment: asking twice changes nothing.
    if (answer.ok || answer.fault !== 'unreachable' || signal.aborted) return answer
    return this.#fetcher.post(url.value, posted, signal)
  }

  close(): void {
    this.#end.abort()
    this.#fetcher.close()
  }

  async #url(): Promise<Result<string, AskFailure>> {
    if (this.#settings.url !== null) return ok(this.#settings.url)
    const known = this.#found
    if (known !== null && Math.abs(this.#clock() - known.atMs) < DISCOVERY_MS) return ok(known.url)
    this.#discovery ??= discoveredUrl(this.#fetcher, this.#issuer, 'introspection_endpoint', this.#signal()).finally(
      () => {
        this.#discovery = null
      },
    )
    const discovered = await this.#discovery
    if (!discovered.ok) return known === null ? discovered : ok(known.url)
    this.#found = { url: discovered.value, atMs: this.#clock() }
    return discovered
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#end.signal, AbortSignal.timeout(this.#limitMs)])
  }
}

/** `client_secret_basic`: both are written as in a form before they are joined (RFC 6749 section 2.3.1). */
function basicOf({ clientId, clientSecret }: IntrospectionSettings): string {
  const pair = `${formText(clientId)}:${formText(clientSecret.reveal())}`
  return `Basic ${Buffer.from(pair, 'latin1').toString('base64')}`
}

function formText(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}
