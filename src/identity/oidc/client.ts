import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  calculatePKCECodeChallenge,
  clockTolerance,
  customFetch,
  fetchUserInfo,
  genericGrantRequest,
  initiateDeviceAuthorization,
  None,
  ResponseBodyError,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  refreshTokenGrant,
  type ServerMetadata,
  type TokenEndpointResponse,
  WWWAuthenticateChallengeError,
} from 'openid-client'
import { type JsonObject, ownValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { Secret } from '../../model/secret.ts'
import { boundedFetch } from './bounded-fetch.ts'
import { type Trouble, troubleOf } from './faults.ts'
import type { Metadata } from './metadata.ts'
import { FETCH_LIMIT_MS, type LoginIssuer, type OidcPorts } from './ports.ts'

/** What an issuer gave for a code or a refresh token. Of the ID token only the form is known. */
export interface Tokens {
  /** Null where there is none: then nobody says who signed in. */
  readonly idToken: string | null
  readonly accessToken: Secret
  readonly refreshToken: Secret | null
}

/** What a browser takes along, and what has to come back with it. */
export interface Challenge {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

type Parameters = Readonly<Record<string, string>>
export type DeviceStart = Awaited<ReturnType<typeof initiateDeviceAuthorization>>
/** An error code of the token endpoint that is no end of a sign-in by code. */
export type DeviceTrouble = Trouble | 'pending' | 'slow_down' | 'expired_code'

const WAITING: { readonly [error: string]: DeviceTrouble } = {
  authorization_pending: 'pending',
  slow_down: 'slow_down',
  expired_token: 'expired_code',
}
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

export async function newChallenge(): Promise<Challenge & { readonly codeChallenge: string }> {
  const verifier = randomPKCECodeVerifier()
  const codeChallenge = await calculatePKCECodeChallenge(verifier)
  return { state: randomState(), nonce: randomNonce(), verifier, codeChallenge }
}

/**
 * The requests of one client to one issuer. Nothing here rejects for what an issuer answers or does not answer.
 *
 * Does not check: the signature of the ID token, nor when and how strongly the person signed in.
 */
export class OidcClient {
  readonly #config: Configuration

  constructor(metadata: Metadata, settings: LoginIssuer, ports: OidcPorts, end: AbortSignal) {
    const { clientId, clientSecret } = settings.login
    const auth = clientSecret === null ? None() : secretAuth(metadata.document, clientSecret)
    const client = { [clockTolerance]: settings.clockSkewMs / 1000 }
    this.#config = new Configuration(metadata.document as unknown as ServerMetadata, clientId, client, auth)
    const limitMs = ports.fetchLimitMs ?? FETCH_LIMIT_MS
    this.#config[customFetch] = (url, asked) => boundedFetch(url, asked as never, end, limitMs)
    // Which URLs may be plain http was decided when the metadata was read.
    allowInsecureRequests(this.#config)
  }

  authorizationUrl(parameters: Parameters, isPushed: boolean): Promise<Result<string, Trouble>> {
    return attempt(async () => {
      const build = isPushed ? buildAuthorizationUrlWithPAR : buildAuthorizationUrl
      return (await build(this.#config, { ...parameters })).href
    })
  }

  /** `answer`: the redirect URI with the parameters that came. Source: OpenID Connect Core 3.1.3, RFC 9207 section 2.4. */
  exchange(answer: URL, { state, nonce, verifier }: Challenge): Promise<Result<Tokens, Trouble>> {
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
    return attempt(async () => tokensOf(await authorizationCodeGrant(this.#config, answer, checks)))
  }

  startDevice(parameters: Parameters): Promise<Result<DeviceStart, Trouble>> {
    return attempt(() => initiateDeviceAuthorization(this.#config, { ...parameters }))
  }

  /** One attempt; when to make the next one is for the caller to keep. */
  async pollDevice(code: Secret): Promise<Result<Tokens, DeviceTrouble>> {
    try {
      return ok(tokensOf(await genericGrantRequest(this.#config, DEVICE_GRANT, { device_code: code.reveal() })))
    } catch (error) {
      const waiting = error instanceof ResponseBodyError && Object.hasOwn(WAITING, error.error)
      return failed((waiting && WAITING[error.error]) || translated(error))
    }
  }

  refresh(token: Secret): Promise<Result<Tokens, Trouble>> {
    return attempt(async () => tokensOf(await refreshTokenGrant(this.#config, token.reveal())))
  }

  /** `wrong_subject` where it is about somebody else. */
  userInfo(accessToken: Secret, subject: string): Promise<Result<JsonObject, Trouble>> {
    return attempt(async () => {
      const answer = await fetchUserInfo(this.#config, accessToken.reveal(), subject)
      return answer as unknown as JsonObject
    })
  }
}

/** `client_secret_basic` is what clients are registered with unless something else was said. */
function secretAuth(document: JsonObject, secret: Secret): ClientAuth {
  const methods = ownValue(document, 'token_endpoint_auth_methods_supported')
  const knows = (method: string) => !Array.isArray(methods) || methods.includes(method)
  const isPosted = !knows('client_secret_basic') && knows('client_secret_post')
  return isPosted ? ClientSecretPost(secret.reveal()) : ClientSecretBasic(secret.reveal())
}

function tokensOf({ id_token: idToken, access_token: access, refresh_token: refresh }: TokenEndpointResponse): Tokens {
  return {
    idToken: idToken ?? null,
    accessToken: new Secret(access),
    refreshToken: refresh === undefined ? null : new Secret(refresh),
  }
}

async function attempt<Value>(work: () => Promise<Value>): Promise<Result<Value, Trouble>> {
  try {
    return ok(await work())
  } catch (error) {
    return failed(translated(error))
  }
}

/** By the claim that a comparison failed for. */
const CLAIMS: { readonly [claim: string]: Trouble } = { iss: 'wrong_iss', aud: 'wrong_aud', nonce: 'wrong_nonce' }

/** What the library throws is about what the issuer did. Its words are left behind: they may quote a token. */
function translated(error: unknown): Trouble {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) return troubleOf(error.error)
  if (error instanceof WWWAuthenticateChallengeError) {
    return error.status === 401 ? 'client_refused' : 'provider_unavailable'
  }
  if (!(error instanceof Error)) throw error
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  const inner = cause instanceof Error ? (cause.cause as { claim?: unknown } | undefined) : undefined
  switch (code) {
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED':
      return CLAIMS[String(inner?.claim)] ?? 'malformed'
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return inner?.claim === 'exp' ? 'expired' : 'not_yet_valid'
    case 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED':
      return 'wrong_subject'
    case 'OAUTH_INVALID_RESPONSE':
    case 'OAUTH_PARSE_ERROR':
    case 'OAUTH_UNSUPPORTED_OPERATION':
      return 'malformed'
    default:
      return 'provider_unavailable'
  }
}
