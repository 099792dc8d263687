import type { Principal } from './identity.ts'
import type { AnswerFacts } from './request.ts'

/** The catalogue of auditable actions; `src/audit/catalogue.ts` gives each one its category, type and kind. */
export type AuditAction =
  | 'request-authorized'
  | 'request-denied'
  | 'message-authorized'
  | 'message-denied'
  | 'message-finished'
  | 'authentication-failed'
  | 'authentication-throttled'
  | 'sign-in-failed'
  | 'token-issued'
  | 'refresh-token-reused'
  | 'logout-refused'
  | 'sign-in-succeeded'
  | 'completion-finished'
  | 'completion-truncated'
  | 'completion-aborted'
  | 'completion-failed'
  | 'policy-loaded'
  | 'policy-rejected'
  | 'config-loaded'
  | 'config-reloaded'
  | 'config-rejected'
  | 'key-created'
  | 'key-rotated'
  | 'key-revoked'
  | 'sealing-key-created'
  | 'sealing-key-retired'
  | 'scim-denied'
  | 'scim-user-created'
  | 'scim-user-changed'
  | 'scim-user-disabled'
  | 'scim-user-enabled'
  | 'scim-user-removed'
  | 'scim-group-created'
  | 'scim-group-changed'
  | 'scim-group-removed'
  | 'user-created'
  | 'user-changed'
  | 'user-removed'
  | 'second-factor-enrolled'
  | 'second-factor-removed'
  | 'second-factor-used-recovery'
  | 'account-locked'
  | 'token-revoked'
  | 'token-key-created'
  | 'token-key-retired'
  | 'jwks-refreshed'
  | 'jwks-failed'
  | 'directory-failed'
  | 'directory-recovered'
  | 'introspection-failed'
  | 'introspection-recovered'
  | 'connection-rejected'
  | 'proxy-started'
  | 'proxy-draining'
  | 'proxy-stopped'
  | 'audit-degraded'
  | 'audit-recovered'
  | 'audit-gap'

export type AuditOutcome = 'success' | 'failure' | 'unknown'

/**
 * What a request asks for beside operation, model and stream, as far as a policy may speak of it. An absent member is
 * none, unless `omitted` names it: then there is something that the event does not say.
 */
export interface AuditAsked {
  /** Unit: tokens. */
  readonly maxOutputTokens?: number
  readonly functions?: readonly string[]
  readonly hosted?: readonly string[]
  /** Hosts of URLs. */
  readonly hosts?: readonly string[]
  /** Models named beside the main one. */
  readonly models?: readonly string[]
  readonly images?: true
  readonly files?: true
  readonly audio?: true
  /** Something stored may have brought tools, hosts and input of its own. */
  readonly stored?: true
  /** The workspace that the caller asked for. */
  readonly project?: string
  /** Ids of stored objects as the caller wrote them; nothing is decided by them. */
  readonly objects?: readonly string[]
  readonly omitted?: readonly string[]
  /** The body passed without being read: nothing that it asks for was decided. */
  readonly inspected?: false
}

/** The lines of a file that holds requests of a batch. */
export interface AuditBatch {
  /** As far as they were read. */
  readonly lines: number
  readonly operation?: string
  readonly models?: readonly string[]
  readonly omitted?: readonly string[]
  /** Where one refused the file. */
  readonly refusedLine?: number
}

/** What both events of one request tell of it. Absent members are left out of the event, never written as null. */
export interface AuditRequest {
  readonly id: string
  readonly method: string
  /** The path without its query, as the client sent it; at most 512 characters. */
  readonly path: string
  readonly httpVersion: string
  readonly userAgent?: string
  readonly clientIp?: string
  readonly clientPort?: number
  /** The raw `X-Forwarded-For` chain when it was believed; at most 256 characters. */
  readonly forwardedFor?: string
  readonly operation?: string
  readonly model?: string
  readonly alias?: string
  readonly stream?: boolean
  /** Absent where the body was not understood. */
  readonly asked?: AuditAsked
  readonly batch?: AuditBatch
  readonly traceId?: string
  readonly spanId?: string
}

export interface AuditPolicy {
  readonly rule?: string | undefined
  /** Digest of the policy that decided, `sha256:…`. */
  readonly ruleset: string
  /** Wall time of the policy decision alone. Unit: nanoseconds. */
  readonly latencyNs: number
  readonly roles: readonly string[]
  /**
   * The workspace that the request was decided in. Undefined where the policy knows of none: then it is the one that the
   * credential names, if it names one; null where several could be meant.
   */
  readonly workspace?: string | null | undefined
  /** What was done to an allowed request because of the policy: `transform:ID`. */
  readonly obligations?: readonly string[] | undefined
  /** What the shadow rules would have changed, or would have decided themselves. */
  readonly shadow?: AuditShadow | undefined
}

/** `decision` in the words of the event's own: a step-up is a `deny` with the reason `step_up_required`. */
export interface AuditShadow {
  readonly decision: 'allow' | 'deny'
  readonly rule?: string | undefined
  readonly reason: string
}

export interface AuditUpstream {
  readonly name: string
  readonly address: string
  readonly port?: number
  readonly region?: string | undefined
}

/** Where a format leaves what it wrote of a request's first event, for the second one. Nobody else looks inside. */
export interface AuditKeep {
  text: object | null
}

/** One audit event before it takes a schema's form: `src/audit/formats/` renders it. Times are epoch milliseconds. */
export interface AuditEvent {
  readonly at: number
  readonly action: AuditAction
  readonly outcome?: AuditOutcome | undefined
  /** Whose reason it is: the policy's, or that of the request itself. */
  readonly area?: 'policy' | 'request' | undefined
  readonly reason?: string | undefined
  readonly message: string
  readonly stage?: 'decision' | 'complete' | undefined
  readonly decision?: 'allow' | 'deny' | 'error' | undefined
  readonly request?: AuditRequest | undefined
  /** Given where the same request, principal, policy and upstream come in a second event. */
  readonly keep?: AuditKeep | undefined
  readonly principal?: Principal | undefined
  /** The configured name of the issuer whose credential was refused, when its owner is known. */
  readonly authIssuer?: string | undefined
  readonly authMethod?: string | undefined
  /** The id of an API key that is right, and was refused. */
  readonly authKey?: string | undefined
  readonly authCache?: 'hit' | 'miss' | undefined
  /** The caller has a secret that was made for one session, and not the credential itself. */
  readonly authEphemeral?: true | undefined
  readonly policy?: AuditPolicy | undefined
  readonly upstream?: AuditUpstream | undefined
  readonly status?: number | undefined
  readonly answer?: AnswerFacts | undefined
  readonly startedAt?: number | undefined
  readonly durationNs?: number | undefined
  readonly ttftNs?: number | undefined
  readonly upstreamNs?: number | undefined
  readonly overheadNs?: number | undefined
  readonly requestBytes?: number | undefined
  readonly responseBytes?: number | undefined
  readonly attempts?: number | undefined
  readonly error?: { readonly type: string; readonly code?: string; readonly message?: string } | undefined
  /** Flat extra members under `sallyport.` for lifecycle events: `{ 'admin.port': 8081 }`; dots nest. */
  readonly extra?: { readonly [dotted: string]: string | number | boolean | readonly string[] } | undefined
  readonly server?: { readonly address: string; readonly port: number } | undefined
  /** The peer of a connection that carried no request; a request names its own client. */
  readonly client?: { readonly ip?: string; readonly port?: number } | undefined
}

/**
 * Where audit events go. `commit` answers once the line is with the kernel (true) or cannot be (false): nothing may be
 * sent upstream before it answered true. `append` is for events that nothing waits for. Neither ever throws.
 */
export interface AuditLog {
  commit(event: AuditEvent, answered: (accepted: boolean) => void): void
  append(event: AuditEvent): void
  /** False while an audit event cannot be written: new requests are refused and `/readyz` is 503. */
  readonly writable: boolean
}
