import type { RevocationList } from './revocation-list.ts'
import type { Secret } from './secret.ts'

/** The checked config with every default applied, every secret resolved and every path absolute. Times are milliseconds. */
export interface Settings {
  readonly listen: ListenSettings
  readonly issuers: readonly IssuerSettings[]
  readonly apiKeys: { readonly enabled: boolean }
  /** The first one is asked about users who name none. */
  readonly ldap: readonly LdapSettings[]
  /** Absent: nobody calls by a certificate alone. */
  readonly mtls?: MtlsSettings
  /** `origins`: of this proxy, as clients know it. */
  readonly dpop?: { readonly origins: readonly string[] }
  readonly upstreams: readonly UpstreamSettings[]
  readonly passthrough: readonly PassthroughSettings[]
  /** Absolute paths of policy files and folders. */
  readonly policies: readonly string[]
  readonly store: StoreSettings
  readonly audit: AuditSettings
  readonly telemetry: { readonly metrics: boolean }
}

/** Paths of one upstream that are opened without looking into bodies. */
export interface PassthroughSettings {
  readonly name: string
  /** Of all of these the fixed part: with a slash at its end, everything below it. */
  readonly path: string
  /** By name. */
  readonly upstream: string
  readonly methods: readonly string[]
  /** It takes WebSockets, too, by GET. */
  readonly websocket: boolean
  /** The parameters of a query that go on. */
  readonly query: readonly string[]
}

/** One address to listen on: `host` without brackets; port 0 picks a free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** What the listener speaks TLS with, as it was read: PEM. */
export interface TlsSettings {
  readonly cert: string
  readonly key: Secret
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** The authorities of client certificates; absent: none is asked for. */
  readonly clientCa?: string
}

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

export interface ListenSettings {
  readonly proxy: ListenAddress
  /** Null: plain HTTP. */
  readonly tls: TlsSettings | null
  readonly admin: ListenAddress
  /** Addresses and CIDR ranges whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  readonly maxBodyBytes: number
  /** Of all request bodies that are in memory at once. */
  readonly maxBufferedBytes: number
  /** Of one form with its files. */
  readonly maxUploadBytes: number
  /** Where the files of forms are kept while they are judged: the absolute path of a folder, and how much there may be. */
  readonly spool: string
  readonly maxSpooledBytes: number
  /** Of clients: slower ones are cut off. `drainMs`: how long running answers may go on once the proxy is told to stop. */
  readonly timeouts: {
    readonly headMs: number
    readonly bodyMs: number
    readonly uploadMs: number
    readonly keepAliveMs: number
    readonly drainMs: number
  }
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
  /** Absent: opaque tokens are not its. */
  readonly introspection?: IntrospectionSettings
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

/** Which API an upstream speaks. */
export type UpstreamKind = 'openai' | 'anthropic'

export interface UpstreamSettings {
  readonly name: string
  readonly kind: UpstreamKind
  /** Without a trailing slash, query or fragment. */
  readonly url: string
  /** Null where the upstream asks for none. */
  readonly apiKey: Secret | null
  /** Names and patterns. */
  readonly models: readonly string[]
  readonly region: string | null
  readonly labels: { readonly [name: string]: string }
  readonly timeouts: {
    readonly connectMs: number
    readonly firstByteMs: number
    readonly idleMs: number
    readonly totalMs: number
  }
  readonly isolation: 'workspace' | 'user' | 'off'
  /** Names of files and containers bear whose they are, where callers are kept apart. */
  readonly markNames: boolean
  /** Lower is tried first. */
  readonly priority: number
  /** The share among upstreams of one priority. */
  readonly weight: number
  readonly allowInsecure: boolean
}

export type StoreSettings =
  /** `file`: an absolute path. */
  | { readonly kind: 'sqlite'; readonly file: string }
  /** `server`: null where references to secrets are left unresolved. */
  | { readonly kind: 'postgres'; readonly server: PostgresServer | null }

export interface PostgresServer {
  /** A name or an address; the absolute path of a folder for a socket in it. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly password: Secret | null
  /** Null for plain connections. `ca`: the absolute path of certificates to trust in place of the system's. */
  readonly tls: { readonly ca: string | null } | null
}

export interface AuditSettings {
  readonly format: 'ecs'
  readonly delivery: 'strict' | 'relaxed'
}
