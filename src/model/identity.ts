import type { JsonObject } from './json.ts'
import type { Match } from './match.ts'
import type { RejectReason, UnavailableReason } from './reasons.ts'
import type { Secret } from './secret.ts'

export const METHODS = ['jwt', 'saml', 'ldap', 'local', 'api_key', 'mtls'] as const
export type MethodName = (typeof METHODS)[number]

/** What the caller presented, and where: exactly one of these stands in a request that goes on. */
export type Credential =
  | {
      readonly kind: 'token'
      readonly place: 'authorization' | 'x-api-key' | 'api-key' | 'subprotocol'
      readonly token: Secret
      /** What shows that the caller has the key of a bound token; absent where there is nothing. */
      readonly proof?: Proof
    }
  | {
      readonly kind: 'basic'
      readonly username: string
      readonly password: Secret
      /** The account is to be read now, whatever is remembered of it: something lasting comes of this. */
      readonly isFresh?: true
    }
  | { readonly kind: 'certificate'; readonly certificate: ClientCertificate }

/** What came with a token to show that its caller has a key. */
export interface Proof {
  /** Of the connection; null where there is none. */
  readonly certificate: ClientCertificate | null
  /** The certificate could be the credential itself: beside a token that is not bound to it, there are two. */
  readonly isCounted: boolean
  /** Null where the token did not come as one with a proof. */
  readonly dpop: DpopProof | null
}

/** A proof of RFC 9449 as it was sent, and with which request. The same object is of the same request. */
export interface DpopProof {
  readonly text: string
  readonly method: string
  /** Without the query. */
  readonly path: string
}

/** A credential that can be presented again elsewhere: a certificate belongs to its connection. */
export type StatedCredential = Exclude<Credential, { readonly kind: 'certificate' }>

/** The certificate of a connection's client, whose key the handshake showed it to have, as our authorities vouch for it. */
export interface ClientCertificate {
  /** DER. */
  readonly raw: Buffer
  /** Of SHA-256, base64url. */
  readonly thumbprint: string
  /** The authorities by which the handshake verified it, PEM. */
  readonly authorities: string
  /** When the first certificate of the chain expires that came with it. Epoch milliseconds. */
  readonly untilMs: number
}

/**
 * The authenticated caller. `undefined` means *cannot tell*: the credential did not say, or said it in a type that is
 * not understood. It is never the same as "none".
 */
export interface Principal {
  /** The mapped id, unchanged. Unique only together with `issuer`. */
  readonly id: string
  /** The configured name of who vouches: an issuer's name, or `api_keys`. */
  readonly issuer: string
  readonly method: MethodName
  readonly name: string | null
  readonly email: string | null
  readonly groups: readonly string[] | undefined
  /** Roles that the credential itself carries (an API key's `--role`), beside those that the policy's members give. */
  readonly roles: readonly string[]
  /** Those that the credential names; empty where it names none. */
  readonly workspaces: readonly string[] | undefined
  /** The raw claims, nested, as verified. */
  readonly claims: JsonObject
  readonly mfa: Match
  readonly acr: string | undefined
  /** Epoch seconds of the last interactive sign-in. */
  readonly authTime: number | undefined
  /** The id of the API key, `key_…`; null for every other method. */
  readonly key: string | null
  /** Patterns of the models that the credential itself is good for, whatever the policy says; absent for all of them. */
  readonly models?: readonly string[]
  /** A digest that names the token in audit events (SHA-256 of `jti`); never a credential. */
  readonly tokenId: string | null
  /** Epoch seconds after which the credential is void; null when it does not expire. */
  readonly expiresAt: number | null
}

/** A credential is verified, or it is wrong, or nobody can tell right now; the three never fall through to another. */
export type Verification =
  | { readonly outcome: 'verified'; readonly principal: Principal; readonly cache: 'hit' | 'miss' }
  | {
      readonly outcome: 'rejected'
      readonly reason: RejectReason
      readonly method: MethodName | null
      /** The configured name of the issuer that owns the credential, where one does. */
      readonly issuer?: string
      /** The id of an API key that is right, and not for here or now. */
      readonly key?: string
      /** How long attempts are refused unseen. */
      readonly retryAfterSeconds?: number
      /** How such a token has to be presented, where that is not as a bearer's. */
      readonly scheme?: 'DPoP'
    }
  | {
      readonly outcome: 'unavailable'
      readonly reason: UnavailableReason
      readonly method: MethodName
      readonly issuer?: string
      readonly retryAfterSeconds: number
    }

/**
 * One way to verify a credential. `owns` looks at form only (no I/O) and at most one method owns a credential;
 * `verify` answers at once where it can (a cache hit), so that the hot path waits for nothing.
 */
export interface IdentityMethod {
  readonly name: MethodName
  /** The configured name that events carry: the issuer's, or `api_keys`. */
  readonly issuer: string
  owns(credential: Credential): boolean
  /** `client`: the caller's address in its one form, where it is known. */
  verify(credential: Credential, client?: string): Verification | Promise<Verification>
  close(): void
}
