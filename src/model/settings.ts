import type { IssuerSettings, LdapSettings, MtlsSettings, ScimSettings, TokenSettings } from './identity-settings.ts'
import type { SamlSettings } from './saml-settings.ts'
import type { Secret } from './secret.ts'

/** The checked config with every default applied, every secret resolved and every path absolute. Times are milliseconds. */
export interface Settings {
  readonly listen: ListenSettings
  readonly issuers: readonly IssuerSettings[]
  readonly apiKeys: { readonly enabled: boolean }
  /** Users of the store. */
  readonly local: { readonly enabled: boolean }
  /** The first one is asked about users who name none. */
  readonly ldap: readonly LdapSettings[]
  /** Null where the proxy signs no tokens. */
  readonly tokens: TokenSettings | null
  readonly saml: readonly SamlSettings[]
  /** Absent: nobody calls by a certificate alone. */
  readonly mtls?: MtlsSettings
  /** Null where no identity provider tells of its users. */
  readonly scim: ScimSettings | null
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
