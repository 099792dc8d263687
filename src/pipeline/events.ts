import type { AuditAction, AuditEvent, AuditOutcome, AuditRequest, AuditUpstream } from '../model/audit.ts'
import { unreachable } from '../model/exhaustive.ts'
import type { Fault } from '../model/fault.ts'
import type { AnswerFacts, RequestFacts, RequestHead } from '../model/request.ts'
import type { Upstream } from '../upstream/pools.ts'

const MAX_PATH = 512

/** How an authorized request ended. `status` is the upstream's own, 0 where it never answered. */
export interface Ending {
  readonly outcome: 'answered' | 'failed' | 'broken' | 'client_gone'
  readonly status: number
  readonly facts: AnswerFacts
  /** `performance.now()` of the first answer byte; 0 when there was none. */
  readonly firstByteAt: number
  readonly fault?: Fault
}

/** What both events tell of a request. Whatever the client wrote is cleared of what looks like a credential. */
export function auditRequest(
  head: RequestHead,
  facts: RequestFacts | null,
  model: string | null,
  alias: string | null,
): AuditRequest {
  const request: { -readonly [Key in keyof AuditRequest]: AuditRequest[Key] } = {
    id: head.id,
    method: head.method,
    path: pathOf(head.target),
    httpVersion: head.httpVersion,
  }
  if (head.userAgent !== undefined) request.userAgent = blotted(head.userAgent)
  if (head.clientIp !== undefined) request.clientIp = head.clientIp
  if (head.clientPort !== undefined) request.clientPort = head.clientPort
  if (facts !== null) {
    request.operation = facts.operation
    request.stream = facts.stream
  }
  if (model !== null) request.model = blotted(model)
  if (alias !== null) request.alias = blotted(alias)
  if (head.forwardedFor !== undefined) request.forwardedFor = head.forwardedFor.slice(0, 256)
  const trace = head.traceparent === undefined ? null : traceContext(head.traceparent)
  if (trace) {
    request.traceId = trace.traceId
    request.spanId = trace.spanId
  }
  return request
}

const targets = new WeakMap<Upstream, AuditUpstream>()

/** An upstream as events name it: one object for each upstream, so that a format need not write it twice. */
export function targetOf(upstream: Upstream): AuditUpstream {
  const known = targets.get(upstream)
  if (known) return known
  const { settings, address, port } = upstream
  const target: AuditUpstream = { name: settings.name, address, port, region: settings.region ?? undefined }
  targets.set(upstream, target)
  return target
}

/** The path that was asked for, without query, fragment, scheme or userinfo; cut at 512 characters. */
function pathOf(target: string): string {
  if (target.length <= 64 && /^\/[A-Za-z0-9/._-]*$/.test(target)) return blotted(target)
  const origin = target.startsWith('/')
    ? target
    : target.slice(0, 2048).replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, '')
  const end = origin.search(/[?#]/)
  const path = end === -1 ? origin : origin.slice(0, end)
  return blotted((path.includes('@') && !path.startsWith('/') ? '' : path).slice(0, MAX_PATH))
}

/** W3C Trace Context: version 00, ids that are not all zero. */
function traceContext(traceparent: string): { traceId: string; spanId: string } | null {
  const parts = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent)
  const [, traceId = '', spanId = ''] = parts ?? []
  return parts && !/^0+$/.test(traceId) && !/^0+$/.test(spanId) ? { traceId, spanId } : null
}

const CREDENTIAL =
  /(?<![A-Za-z0-9])(?:eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}|(?:sp_|sk-|sk_|Bearer |Basic )[A-Za-z0-9._~+/=-]{8,})/g

/** A text of the client without what looks like a credential that was put in the wrong place. */
export function blotted(text: string): string {
  return text.length < 12 ? text : text.replace(CREDENTIAL, '[secret]')
}

/** The verdict of a refusal: `error` where nobody decided against the caller. */
export function decisionOf(fault: Fault | null): 'deny' | 'error' {
  switch (fault?.code) {
    case 'audit_unavailable':
    case 'identity_unavailable':
    case 'shutting_down':
    case 'overloaded':
    case 'internal':
      return 'error'
    default:
      return 'deny'
  }
}

/** A fault as an event names it: the code, and the client's own code where a library told one. */
export function named({ code, message, cause }: Fault): NonNullable<AuditEvent['error']> {
  return { type: code, message: blotted(message), ...(typeof cause === 'string' ? { code: cause } : {}) }
}

interface Completion {
  readonly action: AuditAction
  readonly reason: string | null
  readonly outcome: AuditOutcome
}

const CUT_SHORT = new Set(['length', 'max_output_tokens', 'content_filter', 'incomplete'])

/** The action, reason and outcome of a `complete` event. `status` is what the client was sent. */
export function completion(ending: Ending, status: number): Completion {
  switch (ending.outcome) {
    case 'client_gone':
      return { action: 'completion-aborted', reason: 'client_closed', outcome: 'unknown' }
    case 'failed':
    case 'broken':
      return {
        action: 'completion-failed',
        reason: ending.fault?.reason ?? ending.fault?.code ?? 'bad_stream',
        outcome: 'failure',
      }
    case 'answered': {
      if (status >= 400) {
        return {
          action: 'completion-failed',
          reason: status >= 500 ? 'upstream_5xx' : 'upstream_4xx',
          outcome: 'failure',
        }
      }
      const cut = ending.facts.finishReasons?.find((reason) => CUT_SHORT.has(reason))
      if (cut !== undefined) return { action: 'completion-truncated', reason: cut, outcome: 'success' }
      return { action: 'completion-finished', reason: null, outcome: 'success' }
    }
    default:
      return unreachable(ending.outcome)
  }
}
