import type { IdentityReport } from '../identity/authenticate.ts'
import type { AuditEvent } from '../model/audit.ts'
import type { PlacedProblem } from '../model/problem.ts'
import { VERSION } from '../model/version.ts'

/** The audit events of the proxy itself, beside those of its requests. */

export function proxyStarted(at: number, proxy: Address, admin: Address, digests: Digests): AuditEvent {
  return {
    at,
    action: 'proxy-started',
    outcome: 'success',
    message: `proxy ${VERSION} listens on ${proxy.address}:${proxy.port}`,
    server: proxy,
    extra: { 'admin.address': admin.address, 'admin.port': admin.port, ...digestExtra(digests) },
  }
}

export interface Address {
  readonly address: string
  readonly port: number
}

/** `sha256:…` of the files in force. */
export interface Digests {
  readonly config: string
  readonly policy: string
}

function digestExtra({ config, policy }: Digests): NonNullable<AuditEvent['extra']> {
  return { 'config.digest': config, 'policy.digest': policy }
}

export function proxyDraining(at: number, active: number): AuditEvent {
  return { at, action: 'proxy-draining', message: `draining ${active} requests`, extra: { active } }
}

export function proxyStopped(at: number, reason: string): AuditEvent {
  return { at, action: 'proxy-stopped', outcome: 'success', reason, message: `proxy stopped: ${reason}` }
}

/** `previous` is the digest that was in force before; null at the start. */
export function policyLoaded(at: number, digest: string, previous: string | null): AuditEvent {
  return {
    at,
    action: 'policy-loaded',
    outcome: 'success',
    message: `policy ${digest}`,
    policy: { ruleset: digest, latencyNs: 0, roles: [] },
    ...(previous === null ? {} : { extra: { 'previous.policy': previous } }),
  }
}

export function configLoaded(
  at: number,
  digest: string,
  previous: string | null,
  restart: readonly string[],
): AuditEvent {
  return {
    at,
    action: previous === null ? 'config-loaded' : 'config-reloaded',
    outcome: 'success',
    message: restart.length === 0 ? `config ${digest}` : `config ${digest}; ${restart.join(', ')} need a restart`,
    extra: {
      'config.digest': digest,
      ...(previous === null ? {} : { 'previous.config': previous }),
      ...(restart.length === 0 ? {} : { 'config.restart_required': restart }),
    },
  }
}

/** A reload that was asked for and found everything as it was. */
export function configUnchanged(at: number, digest: string): AuditEvent {
  return {
    at,
    action: 'config-reloaded',
    outcome: 'success',
    message: `config ${digest}; nothing has changed`,
    extra: { 'config.digest': digest, unchanged: true },
  }
}

/** A reload that was refused: the last good files stay in force. */
export function rejected(
  at: number,
  action: 'config-rejected' | 'policy-rejected',
  problems: readonly PlacedProblem[],
  inForce: Digests,
): AuditEvent {
  const [first] = problems
  const where = first ? `${first.file}:${first.line}:${first.column}: ${first.message}` : 'unreadable'
  return {
    at,
    action,
    outcome: 'failure',
    reason: first?.code ?? 'unreadable',
    message: `${problems.length} problems; the last good files stay in force`,
    error: { type: first?.code ?? 'unreadable', message: where },
    extra: { problems: problems.length, ...digestExtra(inForce) },
  }
}

/** A store that a reload asks for and cannot have. */
export function storeUnusable(file: string, message: string): PlacedProblem {
  return { file, line: 1, column: 1, severity: 'error', code: 'store_unusable', message }
}

const STATES = {
  'jwks-failed': (issuer) => `keys of the issuer ${issuer} cannot be fetched`,
  'jwks-refreshed': (issuer) => `keys of the issuer ${issuer} changed`,
  'directory-failed': (issuer) => `the directory ${issuer} cannot be asked`,
  'directory-recovered': (issuer) => `the directory ${issuer} answers again`,
  'introspection-failed': (issuer) => `the issuer ${issuer} cannot be asked about tokens`,
  'introspection-recovered': (issuer) => `the issuer ${issuer} can be asked about tokens again`,
} as const satisfies {
  readonly [Kind in Exclude<IdentityReport['kind'], 'authentication-throttled'>]: (issuer: string) => string
}

export function identityReported(at: number, report: IdentityReport): AuditEvent {
  const { kind, issuer, reason, keys, method = 'jwt' } = report
  if (kind === 'authentication-throttled') return throttled(at, report)
  const isOfDirectory = kind === 'directory-failed' || kind === 'directory-recovered'
  return {
    at,
    action: kind,
    outcome: kind.endsWith('-failed') ? 'failure' : 'success',
    ...(reason === undefined ? {} : { reason }),
    message: STATES[kind](issuer),
    authIssuer: issuer,
    authMethod: isOfDirectory ? 'ldap' : method,
    ...(keys === undefined ? {} : { extra: { 'jwks.keys': keys } }),
  }
}

/** Somebody guesses passwords: of one account, or from one address. */
function throttled(
  at: number,
  { issuer, method, scope, failures, waitMs, client, account }: IdentityReport,
): AuditEvent {
  const seconds = Math.ceil((waitMs ?? 0) / 1000)
  return {
    at,
    action: 'authentication-throttled',
    outcome: 'success',
    reason: 'throttled',
    message: `${failures} failed sign-ins ${scope === 'address' ? 'from one address' : 'to one account'}: the next ones are refused for ${seconds} s`,
    authIssuer: issuer,
    authMethod: method,
    ...(client === undefined ? {} : { client: { ip: client } }),
    extra: {
      'throttle.scope': scope ?? 'account',
      'throttle.failures': failures ?? 0,
      'throttle.wait_seconds': seconds,
      ...(account === undefined ? {} : { 'throttle.account': account }),
    },
  }
}
