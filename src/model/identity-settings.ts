/** The settings of those who vouch for callers. Times are milliseconds. */

import type { RevocationList } from './revocation-list.ts'
import type { ScimMatch } from './scim.ts'
import type { Secret } from './secret.ts'

/** Callers that TLS client certificates name. */
export interface MtlsSettings {
  /** The authorities, PEM. */
  readonly authorities: string
  /** Of `subject`, `san`: the path of each mapped name. */
  readonly claims: Omit<ClaimPaths, 'workspace'> & { readonly workspace: readonly string[] | null }
  /** Verified; one of each authority, or null where certificates are not revoked by lists. */
  readonly revocations: readonly RevocationList[] | null
  /** Equal only for the same lists. */
  readonly revocationsDigest: string
}

/** Where an issuer's keys come from: `discover` reads the issuer's metadata, `file` is an absolute path. */
export type KeySetSettings =
  | { readonly kind: 'discover'; readonly refreshMs: number; readonly maxStaleMs: number }
  | { readonly kind: 'url'; readonly url: string; readonly refreshMs: number; readonly maxStaleMs: number }
  | { readonly kind: 'file'; readonly file: string; readonly refreshMs: number; readonly maxStaleMs: number }

/** The path of each mapped claim, one member name a step. */
export interface ClaimPaths {
  readonly id: readonly string[]
  readonly name: readonly string[]
  readonly email: readonly string[]
  readonly groups: readonly string[]
  readonly workspace: readonly string[]
}

export interface IssuerSettings {
  readonly name: string
  readonly issuer: string
  readonly audience: readonly string[]
  readonly jwks: KeySetSettings
  /** Asymmetric only. */
  readonly algorithms: readonly string[]
  readonly clockSkewMs: number
  readonly claims: ClaimPaths
  /** Values of `acr` that show multi-factor authentication. */
  readonly mfaAcr: readonly string[]
  readonly allowInsecure: boolean
  /** How people sign in with it; absent where they do not. */
  readonly login?: LoginSettings
  /** Absent: opaque tokens are not its. */
  readonly introspection?: IntrospectionSettings
}

/** The client that the proxy is to an issuer whose people sign in. */
export interface LoginSettings {
  readonly clientId: string
  /** Null for a public client. */
  readonly clientSecret: Secret | null
  readonly scopes: readonly string[]
  /** What else is asked about the person beside the ID token. */
  readonly claimsFrom: 'userinfo' | 'id_token'
}

/** How an issuer is asked about opaque tokens (RFC 7662). */
export interface IntrospectionSettings {
  readonly clientId: string
  readonly clientSecret: Secret
  /** Null: where the issuer's metadata says. */
  readonly url: string | null
  /** How long an answer is believed. */
  readonly cacheMs: number
  /** What its tokens begin with; null for every one that no other issuer's prefix fits. */
  readonly prefix: string | null
}

/** One server of a directory: `host` without brackets. */
export interface LdapServer {
  /** TLS from the first byte (`ldaps://`). */
  readonly secure: boolean
  readonly host: string
  readonly port: number
}

/** A directory whose users sign in with their passwords. */
export interface LdapSettings {
  readonly name: string
  /** In the order in which they are tried. */
  readonly servers: readonly LdapServer[]
  readonly startTls: boolean
  /** Absolute path of the certificates that sign those of the servers; null for those that the platform trusts. */
  readonly ca: string | null
  /** Who searches; null for nobody (an anonymous search). */
  readonly bind: { readonly dn: string; readonly password: Secret } | null
  readonly base: string
  readonly groupBase: string
  /** Templates of filters, checked. */
  readonly userFilter: string
  readonly groupFilter: string
  /** `ad`: by Active Directory's matching rule; `walk`: step by step; `detect`: whichever the directory can. */
  readonly nestedGroups: 'detect' | 'ad' | 'walk' | 'off'
  /** Attributes: of the user, and for `groups` of each group; `dn` is the name of the entry. */
  readonly claims: {
    readonly id: string
    readonly name: string
    readonly email: string
    readonly groups: readonly string[]
    readonly workspace: string | null
  }
  /** Attributes of the user that policies may speak of as claims. */
  readonly attributes: readonly string[]
  readonly timeouts: {
    readonly connectMs: number
    readonly operationMs: number
    readonly totalMs: number
    readonly idleMs: number
  }
  /** At once, of each kind: those that search, and those that try passwords. */
  readonly maxConnections: number
  readonly maxWaiting: number
  /** How long a password that was right is believed. */
  readonly cacheMs: number
}

/** A key that signs, or has signed, tokens. */
export interface TokenKeyFile {
  /** An absolute path. */
  readonly file: string
  /** As read and found sound; null where secrets are left unread. */
  readonly pem: Secret | null
}

/** The tokens that the proxy signs itself. */
export interface TokenSettings {
  /** A URL without a slash at its end; null for that of the listener itself. */
  readonly issuer: string | null
  readonly lifetimeMs: number
  /** `files`: the first one signs. */
  readonly keys: { readonly kind: 'store' } | { readonly kind: 'files'; readonly files: readonly TokenKeyFile[] }
}

/** An identity provider that tells of users and groups. */
export interface ScimSettings {
  /** What it shows; null where references to secrets are left unresolved. */
  readonly token: Secret | null
  /** The configured name of who vouches for these people. */
  readonly source: string
  readonly match: ScimMatch
  /** People of the source that it has never told of are refused. */
  readonly required: boolean
}
