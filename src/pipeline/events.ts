import type { AuditAction, AuditEvent, AuditOutcome, AuditRequest, AuditUpstream } from '../model/audit.ts'
import { unreachable } from '../model/exhaustive.ts'
import type { Fault, FaultCode } from '../model/fault.ts'
import { CUT_REASONS, type CutReason, type Reason } from '../model/reasons.ts'
import type { AnswerFacts, RequestFacts, RequestHead } from '../model/request.ts'
import { isTraceparent } from '../shape/trace-context.ts'
import type { Upstream } from '../upstream/pools.ts'
import { askedOf } from './asked.ts'

const MAX_PATH = 512

/** How an authorized request ended. `status` is the upstream's own, 0 where it never answered. */
export interface Ending {
  readonly outcome: 'answered' | 'failed' | 'broken' | 'client_gone'
  readonly status: number
  readonly facts: AnswerFacts
  /** `performance.now()` of the first answer byte; 0 when there was none. */
  readonly firstByteAt: number
  readonly fault?: Fault
  /** Of a session, whose bytes are not those of one answer. */
  readonly session?: {
    readonly status: number
    readonly bytesSent: number
    readonly extra: NonNullable<AuditEvent['extra']>
  }
}

/** What both events tell of a request. Whatever the client wrote is cleared of what looks like a credential. */
export function auditRequest(
  head: RequestHead,
  operation: string | null,
  facts: RequestFacts | null,
  model: string | null,
  alias: string | null,
  batch?: AuditRequest['batch'],
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
  if (operation !== null) request.operation = operation
  if (facts !== null) {
    if (!facts.isUninspected) request.stream = facts.stream
    request.asked = askedOf(facts, head.project, blotted)
  }
  if (model !== null) request.model = blotted(model)
  if (alias !== null) request.alias = blotted(alias)
  if (batch !== undefined) request.batch = { ...batch, ...(batch.models ? { models: batch.models.map(blotted) } : {}) }
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
  const shown = path.includes('@') && !path.startsWith('/') ? '' : path
  // A credential is one in whatever spelling of the path.
  const plain = shown.replace(/%([2-7][0-9A-Fa-f])/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
  const clean = blotted(plain)
  return (clean === plain ? shown : clean).slice(0, MAX_PATH)
}

function traceContext(traceparent: string): { traceId: string; spanId: string } | null {
  if (!isTraceparent(traceparent)) return null
  return { traceId: traceparent.slice(3, 35), spanId: traceparent.slice(36, 52) }
}

/** Tokens and our own keys wherever they stand; what could be part of a word, only where a word begins. */
const CREDENTIAL =
  /eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}|sp_[A-Za-z0-9]{8,}|(?<![A-Za-z0-9])(?:sk-|sk_|ek_|(?:[Bb]earer|[Bb]asic) )[A-Za-z0-9._~+/=-]{8,}/g

/** A text of the client without what looks like a credential that was put in the wrong place. */
export function blotted(text: string): string {
  return text.length < 12 ? text : text.replace(CREDENTIAL, '[secret]')
}

/** What an answer told, without credentials: a model server repeats the name that it was asked for. */
export function blottedFacts(facts: AnswerFacts): AnswerFacts {
  const { responseId, responseModel, finishReasons } = facts
  const isClean =
    blotted(responseId ?? '') === (responseId ?? '') &&
    blotted(responseModel ?? '') === (responseModel ?? '') &&
    (finishReasons ?? []).every((reason) => blotted(reason) === reason)
  if (isClean) return facts
  return {
    ...facts,
    ...(responseId === undefined ? {} : { responseId: blotted(responseId) }),
    ...(responseModel === undefined ? {} : { responseModel: blotted(responseModel) }),
    ...(finishReasons === undefined ? {} : { finishReasons: finishReasons.map(blotted) }),
  }
}

/** The outcome of an authorized request as metrics count it. `status` is what the client was sent. */
export function measured({ outcome, fault }: Ending, status: number): string {
  if (outcome !== 'answered') return fault?.code ?? 'client_gone'
  if (status >= 500) return 'upstream_5xx'
  return status >= 400 ? 'upstream_4xx' : 'allowed'
}

/** The verdict of a refusal: `error` where nobody decided against the caller. */
export function decisionOf(fault: Fault | null): 'deny' | 'error' {
  switch (fault?.code) {
    case 'audit_unavailable':
    case 'identity_unavailable':
    case 'objects_unavailable':
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
  readonly reason: Reason | FaultCode | null
  readonly outcome: AuditOutcome
}

const CUT_SHORT: ReadonlySet<string> = new Set(CUT_REASONS)

const isCut = (reason: string): reason is CutReason => CUT_SHORT.has(reason)

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
      const cut = ending.facts.finishReasons?.find(isCut)
      if (cut !== undefined) return { action: 'completion-truncated', reason: cut, outcome: 'success' }
      return { action: 'completion-finished', reason: null, outcome: 'success' }
    }
    default:
      return unreachable(ending.outcome)
  }
}
