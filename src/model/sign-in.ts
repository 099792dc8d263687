/** What a sign-in in a browser, or from a terminal, is made of; the parts of it that are built apart meet here. */

import type { Principal } from './identity.ts'
import type { JsonObject } from './json.ts'
import type { RejectReason, UnavailableReason } from './reasons.ts'
import type { Result } from './result.ts'
import type { Secret } from './secret.ts'

/** Somebody who has just signed in, as a provider vouches for it. */
export interface SignedIn {
  /** `issuer` is the configured name of the provider, or `local`; `method` is how the person signed in. */
  readonly principal: Omit<Principal, 'key' | 'tokenId' | 'expiresAt'>
  /** The methods that were used (RFC 8176); undefined where the provider does not say. */
  readonly amr: readonly string[] | undefined
  /** What the provider calls the person and the session when it ends them: `sub` and `sid`, NameID and SessionIndex. */
  readonly subject: string | null
  readonly session: string | null
  /** Epoch seconds after which the provider does not vouch for the person any more; null where it does not say. */
  readonly notAfter: number | null
  /** Epoch milliseconds: what has ended since then is not vouched for any more. Absent: just now. */
  readonly provenAt?: number
}

export interface IssuedToken {
  readonly token: Secret
  /** Epoch seconds. */
  readonly expiresAt: number
  /** Names the token in audit events (SHA-256 of its `jti`); never a credential. */
  readonly tokenId: string
}

/**
 * `too_large`: with all of its groups and claims the token would not fit into a request's head. `expired`: nobody vouches for
 * the person any more, or they were signed out since they have proved who they are.
 */
export type IssueFault = 'too_large' | 'unavailable' | 'expired'

/** Makes the proxy's own tokens. Never throws, never rejects. */
export interface TokenIssuer {
  /** `identity.tokens.issuer`, without a slash at its end: every page stands below it. */
  readonly url: string
  issue(who: SignedIn): Promise<Result<IssuedToken, IssueFault>>
  /** The JSON Web Key Set of those who verify (RFC 7517). */
  keySet(): Promise<Result<string, 'unavailable'>>
}

/**
 * Puts what must be known again later into a text that only this fleet can read or make (AES-256-GCM). `purpose` keeps one
 * use of it from being taken for another; what was sealed for one is `invalid` for every other.
 */
export interface StateSealer {
  seal(purpose: string, value: JsonObject, untilMs: number): Promise<Result<string, 'unavailable'>>
  open(purpose: string, sealed: string): Promise<Result<JsonObject, 'invalid' | 'expired' | 'unavailable'>>
}

/** What a token is asked for by, to see whether it was revoked. */
export interface RevocableToken {
  /** The configured name of the issuer. */
  readonly issuer: string
  /** The principal's id. */
  readonly subject: string
  /** What the provider calls the person, by which it ends their sessions; null, or absent, where nothing says so. */
  readonly sub?: string | null
  /** SHA-256 of its `jti`, or of all of it. */
  readonly tokenId: string | null
  /** The provider's session that it came from. */
  readonly session: string | null
  /** Epoch seconds; null where it does not say: then it is older than every revocation. */
  readonly issuedAt: number | null
}

/** Revoked tokens, as they were read at most ten seconds ago. Rejects, or throws, where nobody can tell. */
export interface RevocationReader {
  isRevoked(token: RevocableToken): boolean | Promise<boolean>
}

/** Ends what was issued so far. Rejects where it could not be written: then nothing was revoked. */
export interface Revoker {
  /** Every token of the person, that of any session of theirs; API keys that they own go on. */
  subject(issuer: string, subject: string, by: string): Promise<void>
  /** The tokens of one session of the provider's. */
  session(issuer: string, session: string, by: string): Promise<void>
  token(issuer: string, tokenId: string, expiresAtMs: number, by: string): Promise<void>
}

/** How strong, and how recent, the sign-in has to be that is asked for (RFC 9470). */
export interface SignInWish {
  readonly acrValues: readonly string[]
  /** Seconds; null asks for nothing, 0 for a sign-in now. */
  readonly maxAge: number | null
  /** Several factors, of whatever kind. No protocol asks a provider for it in these words: what comes back has to show it. */
  readonly mfa?: true
}

/** A request of a page, its form already read. Of every parameter, field and cookie there is one: two are refused before. */
export interface PageRequest {
  readonly id: string
  readonly method: 'GET' | 'POST'
  /** Without the query; never ambiguous. */
  readonly path: string
  readonly query: ReadonlyMap<string, string>
  /** Of `application/x-www-form-urlencoded`; empty for GET. */
  readonly form: ReadonlyMap<string, string>
  readonly cookies: ReadonlyMap<string, string>
  /** The value of a header that stands once; undefined where it is absent. Names in lower case. */
  header(name: string): string | undefined
  /** The client's address in its one form; empty where it is unknown. */
  readonly client: string
  /** Epoch milliseconds. */
  readonly now: number
}

export interface PageAnswer {
  readonly status: number
  /** Name, value… beside those that every page carries. */
  readonly headers: readonly string[]
  readonly body: string
}

/** One page, or one resource for programs, below the issuer's URL. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** From `/auth/` on; exact. */
  readonly path: string
  /** A form that other sites send here: neither its origin nor a one-time token is asked for. */
  readonly isCrossSite?: true
  /** Bytes of the form; 16 KiB where it is absent. */
  readonly maxForm?: number
  /** Never throws for what a client sends; what it does throw is a bug, and answered as one. */
  handle(request: PageRequest): Promise<PageAnswer>
}

/** Where the browser goes: by a redirect, or by a form that it posts. */
export type Departure =
  | { readonly by: 'redirect'; readonly location: string }
  | { readonly by: 'form'; readonly action: string; readonly fields: Readonly<Record<string, string>> }

export type SignInFault =
  | { readonly outcome: 'rejected'; readonly reason: RejectReason; readonly account?: string; readonly message: string }
  | {
      readonly outcome: 'unavailable'
      readonly reason: UnavailableReason
      readonly message: string
      readonly retryAfterSeconds: number
    }

export type SignInOutcome = { readonly outcome: 'signed-in'; readonly who: SignedIn } | SignInFault

/** Somebody else who lets people sign in. `message`s are for the person, and tell no secret. Nothing here throws. */
export interface SignInProvider {
  /** The configured name. */
  readonly name: string
  readonly kind: 'oidc' | 'saml'
  /** `state` comes back to `complete`, sealed in a cookie of the browser meanwhile. */
  begin(wish: SignInWish): Promise<Result<{ readonly departure: Departure; readonly state: JsonObject }, SignInFault>>
  /** Where its answer arrives: `GET /auth/oidc/NAME/callback`, `POST /auth/saml/NAME/acs`. */
  readonly arrival: Pick<Route, 'method' | 'path' | 'isCrossSite' | 'maxForm'>
  complete(request: PageRequest, state: JsonObject): Promise<SignInOutcome>
  /** What else it needs to stand below the issuer's URL: metadata, its logout. */
  readonly routes: readonly Route[]
  /** Sign-in by a code that is typed into the provider's own page (RFC 8628); absent where it has none. */
  readonly device?: DeviceSignIn
  /** Another token without the person, as long as the provider vouches for it; absent where it cannot. */
  renew?(grant: Secret): Promise<Renewed | SignInFault>
  close(): void
}

/** What lets a sign-in be renewed: the provider's refresh token. It leaves the proxy only sealed. */
export interface Renewed {
  readonly outcome: 'signed-in'
  readonly who: SignedIn
  readonly grant: Secret | null
}

export interface DeviceSignIn {
  begin(wish: SignInWish): Promise<
    Result<
      {
        readonly userCode: string
        readonly verificationUri: string
        readonly verificationUriComplete: string | null
        /** Seconds. */
        readonly interval: number
        readonly expiresIn: number
        readonly state: JsonObject
      },
      SignInFault
    >
  >
  poll(state: JsonObject): Promise<Renewed | { readonly outcome: 'pending' | 'slow_down' | 'expired' } | SignInFault>
}

/** Codes of second factors of accounts, whoever proves their passwords. Never throws, never rejects. */
export interface SecondFactorChecks {
  /** Whether the account has a second factor: who has one signs in with it, always. */
  isEnrolled(source: string, account: string): Promise<Result<boolean, 'unavailable'>>
  /** A code of TOTP (RFC 6238), or one for recovery. Each is right once. */
  check(
    source: string,
    account: string,
    code: Secret,
    client: string,
  ): Promise<
    | { readonly outcome: 'right'; readonly by: 'otp' | 'recovery' }
    | { readonly outcome: 'wrong'; readonly retryAfterSeconds: number | null }
    | { readonly outcome: 'unavailable' }
  >
}

/**
 * Whether somebody who has shown who they are may still be given something: not where their account has ended, or what they
 * had was revoked, since they did so. Never throws, never rejects.
 */
export type SignInStanding = (
  who: SignedIn,
) => Promise<Result<null, 'account_disabled' | 'unknown_user' | 'revoked' | 'unavailable'>>

/** What may be used once: assertions, sign-ins that are finished, logouts. Rejects where nobody can tell. */
export interface OneTime {
  /** True for its first use, and for no other. `value` is a digest; from `untilMs` on nobody would take it anyhow. */
  take(value: string, untilMs: number): Promise<boolean>
  /** The same for what is used by doing something: where that rejects, it was not used, and may come again. */
  takeAfter(value: string, untilMs: number, work: () => Promise<void>): Promise<boolean>
}
