import type { JsonObject } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { SignedIn } from '../../model/sign-in.ts'
import { Limiter } from '../limiter.ts'
import { OidcClient, type Tokens } from './client.ts'
import type { Trouble } from './faults.ts'
import { type IdTokenChecks, verifyIdToken } from './id-token.ts'
import { type Metadata, MetadataSource } from './metadata.ts'
import { FETCH_LIMIT_MS, type LoginIssuer, type OidcPorts } from './ports.ts'
import { IssuerSignatures } from './signatures.ts'
import { signedIn } from './signed-in.ts'

/** Sign-ins that an issuer is asked about at once, and that wait for it: half of what all pages have room for. */
const AT_ONCE = 16
const MAX_WAITING = 16

/** An issuer as it answers now. */
export interface Reached {
  readonly client: OidcClient
  readonly metadata: Metadata
}

/** One issuer whose people sign in: what its flows have in common. Nothing here rejects. */
export class IssuerSession {
  readonly settings: LoginIssuer
  readonly signatures: IssuerSignatures
  readonly #ports: OidcPorts
  readonly #source: MetadataSource
  readonly #limiter = new Limiter(AT_ONCE, MAX_WAITING)
  readonly #end = new AbortController()
  #reached: Reached | null = null

  constructor(settings: LoginIssuer, ports: OidcPorts) {
    this.settings = settings
    this.#ports = ports
    this.signatures = new IssuerSignatures(settings, ports)
    this.#source = new MetadataSource(settings, ports)
  }

  get nowSeconds(): number {
    return Math.floor(this.#ports.clock() / 1000)
  }

  /**
   * Asks the issuer, which is found first. `busy` where too many do so already, and for who has waited for their turn as
   * long as one answer may take: an issuer that does not answer would hold everybody else for minutes.
   */
  async ask<Value, Fault>(
    work: (reached: Reached) => Promise<Result<Value, Fault | Trouble>>,
  ): Promise<Result<Value, Fault | Trouble>> {
    const { clock, fetchLimitMs = FETCH_LIMIT_MS } = this.#ports
    const since = clock()
    const inTurn = async () => (Math.abs(clock() - since) < fetchLimitMs ? this.#askNow(work) : failed('busy' as const))
    return (await this.#limiter.run(inTurn)) ?? failed('busy')
  }

  /** Who signed in, by tokens that the issuer has just given out. `subject`: who it must be, where that is known. */
  async whoSignedIn(
    { client, metadata }: Reached,
    tokens: Tokens,
    checks: IdTokenChecks,
    subject: string | null,
  ): Promise<Result<SignedIn, Trouble>> {
    if (tokens.idToken === null) return failed('malformed')
    const nowMs = this.#ports.clock()
    const claims = await verifyIdToken(tokens.idToken, checks, this.settings, this.signatures, nowMs)
    if (!claims.ok) return claims
    const { sub } = claims.value
    if (typeof sub !== 'string' || (subject !== null && sub !== subject)) return failed('wrong_subject')
    const isAsked = this.settings.login.claimsFrom === 'userinfo' && metadata.hasUserInfo
    const more: Result<JsonObject, Trouble> = isAsked ? await client.userInfo(tokens.accessToken, sub) : ok({})
    return more.ok ? signedIn(claims.value, more.value, this.settings) : more
  }

  close(): void {
    this.#end.abort()
    this.#source.close()
    this.signatures.close()
  }

  async #askNow<Value, Fault>(
    work: (reached: Reached) => Promise<Result<Value, Fault | Trouble>>,
  ): Promise<Result<Value, Fault | Trouble>> {
    const metadata = await this.#source.current()
    if (!metadata.ok) return failed('provider_unavailable')
    if (this.#reached?.metadata !== metadata.value) {
      const client = new OidcClient(metadata.value, this.settings, this.#ports, this.#end.signal)
      this.#reached = { client, metadata: metadata.value }
    }
    return work(this.#reached)
  }
}
