import type { AuditAction, AuditOutcome } from '../model/audit.ts'

/** ECS `event.category` and the values of `event.type` that Elastic expects beside each of them. */
export const EXPECTED_TYPES = {
  api: ['access', 'admin', 'allowed', 'change', 'creation', 'deletion', 'denied', 'end', 'info', 'start', 'user'],
  authentication: ['start', 'end', 'info'],
  configuration: ['access', 'change', 'creation', 'deletion', 'info'],
  iam: ['admin', 'change', 'creation', 'deletion', 'group', 'info', 'user'],
  network: ['access', 'allowed', 'connection', 'denied', 'end', 'info', 'protocol', 'start'],
  process: ['access', 'change', 'end', 'info', 'start'],
} as const

export interface CatalogueRow {
  readonly category: readonly (keyof typeof EXPECTED_TYPES)[]
  readonly type: readonly string[]
  readonly kind: 'event' | 'alert'
  readonly level: 'info' | 'warn' | 'error'
  /** What `event.outcome` says unless the event itself says otherwise: whether the proxy did its own job. */
  readonly outcome: AuditOutcome
  /** The first part of `event.code`; null takes `policy` when a policy decided, else `request`. */
  readonly area: string | null
}

/**
 * Every auditable action and what a SIEM is told of its class. A denial that worked is `type: denied` with
 * `outcome: success`: the outcome speaks of the enforcement, never of the verdict (ECS, "using the categorization
 * fields").
 */
export const CATALOGUE = {
  'request-authorized': row(['api'], ['allowed'], 'info', 'success', null),
  'request-denied': row(['api'], ['denied'], 'info', 'success', null),
  'message-authorized': row(['api'], ['allowed'], 'info', 'success', null),
  'message-denied': row(['api'], ['denied'], 'info', 'success', null),
  'message-finished': row(['api'], ['end'], 'info', 'success', 'completion'),
  'authentication-failed': row(['authentication', 'api'], ['start', 'denied'], 'warn', 'failure', 'authentication'),
  'authentication-throttled': row(['authentication'], ['info'], 'warn', 'success', 'authentication', 'alert'),
  'sign-in-failed': row(['authentication'], ['start'], 'warn', 'failure', 'sign_in'),
  'token-issued': row(['iam'], ['creation'], 'info', 'success', 'token'),
  'refresh-token-reused': row(['iam'], ['deletion'], 'error', 'success', 'token', 'alert'),
  'logout-refused': row(['authentication'], ['end'], 'warn', 'failure', 'sign_in'),
  'sign-in-succeeded': row(['authentication'], ['start'], 'info', 'success', 'sign_in'),
  'completion-finished': row(['api'], ['end'], 'info', 'success', 'completion'),
  'completion-truncated': row(['api'], ['end'], 'info', 'success', 'completion'),
  'completion-aborted': row(['api'], ['end'], 'info', 'unknown', 'completion'),
  'completion-failed': row(['api'], ['end'], 'warn', 'failure', 'completion'),
  'policy-loaded': row(['configuration'], ['change'], 'info', 'success', 'policy'),
  'policy-rejected': row(['configuration'], ['change'], 'error', 'failure', 'policy'),
  'config-loaded': row(['configuration'], ['change'], 'info', 'success', 'config'),
  'config-reloaded': row(['configuration'], ['change'], 'info', 'success', 'config'),
  'config-rejected': row(['configuration'], ['change'], 'error', 'failure', 'config'),
  'key-created': row(['iam'], ['creation'], 'info', 'success', 'key'),
  'key-rotated': row(['iam'], ['change'], 'info', 'success', 'key'),
  'key-revoked': row(['iam'], ['deletion'], 'info', 'success', 'key'),
  'sealing-key-created': row(['configuration'], ['creation'], 'info', 'success', 'sealing_key'),
  'sealing-key-retired': row(['configuration'], ['deletion'], 'info', 'success', 'sealing_key'),
  'scim-denied': row(['authentication', 'api'], ['start', 'denied'], 'warn', 'failure', 'scim'),
  'scim-user-created': row(['iam'], ['user', 'creation'], 'info', 'success', 'scim'),
  'scim-user-changed': row(['iam'], ['user', 'change'], 'info', 'success', 'scim'),
  'scim-user-disabled': row(['iam'], ['user', 'change'], 'info', 'success', 'scim'),
  'scim-user-enabled': row(['iam'], ['user', 'change'], 'info', 'success', 'scim'),
  'scim-user-removed': row(['iam'], ['user', 'deletion'], 'info', 'success', 'scim'),
  'scim-group-created': row(['iam'], ['group', 'creation'], 'info', 'success', 'scim'),
  'scim-group-changed': row(['iam'], ['group', 'change'], 'info', 'success', 'scim'),
  'scim-group-removed': row(['iam'], ['group', 'deletion'], 'info', 'success', 'scim'),
  'user-created': row(['iam'], ['user', 'creation'], 'info', 'success', 'user'),
  'user-changed': row(['iam'], ['user', 'change'], 'info', 'success', 'user'),
  'user-removed': row(['iam'], ['user', 'deletion'], 'info', 'success', 'user'),
  'second-factor-enrolled': row(['iam'], ['user', 'creation'], 'info', 'success', 'second_factor'),
  'second-factor-removed': row(['iam'], ['user', 'deletion'], 'info', 'success', 'second_factor'),
  'second-factor-used-recovery': row(['iam'], ['user', 'change'], 'warn', 'success', 'second_factor'),
  'account-locked': row(['authentication'], ['info'], 'warn', 'success', 'account', 'alert'),
  'token-revoked': row(['iam'], ['deletion'], 'info', 'success', 'token'),
  'token-key-created': row(['configuration'], ['creation'], 'info', 'success', 'token_key'),
  'token-key-retired': row(['configuration'], ['deletion'], 'info', 'success', 'token_key'),
  'jwks-refreshed': row(['configuration'], ['change'], 'info', 'success', 'jwks'),
  'jwks-failed': row(['configuration'], ['info'], 'warn', 'failure', 'jwks'),
  'directory-failed': row(['configuration'], ['info'], 'warn', 'failure', 'directory'),
  'directory-recovered': row(['configuration'], ['info'], 'info', 'success', 'directory'),
  'introspection-failed': row(['configuration'], ['info'], 'warn', 'failure', 'introspection'),
  'introspection-recovered': row(['configuration'], ['info'], 'info', 'success', 'introspection'),
  'connection-rejected': row(['network'], ['connection', 'denied'], 'info', 'success', 'connection'),
  'proxy-started': row(['process'], ['start'], 'info', 'success', 'proxy'),
  'proxy-draining': row(['process'], ['info'], 'info', 'success', 'proxy'),
  'proxy-stopped': row(['process'], ['end'], 'info', 'success', 'proxy'),
  'audit-degraded': row(['configuration'], ['info'], 'error', 'failure', 'audit', 'alert'),
  'audit-recovered': row(['configuration'], ['info'], 'warn', 'success', 'audit', 'alert'),
  'audit-gap': row(['configuration'], ['info'], 'error', 'failure', 'audit', 'alert'),
} as const satisfies Record<AuditAction, CatalogueRow>

function row(
  category: CatalogueRow['category'],
  type: CatalogueRow['type'],
  level: CatalogueRow['level'],
  outcome: AuditOutcome,
  area: string | null,
  kind: CatalogueRow['kind'] = 'event',
): CatalogueRow {
  return Object.freeze({ category, type, kind, level, outcome, area })
}
