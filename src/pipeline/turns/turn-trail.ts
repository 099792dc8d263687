import { CREATES } from '../../endpoints/turns/turn-message.ts'
import type { AuditEvent, AuditLog, AuditRequest } from '../../model/audit.ts'
import type { Fault } from '../../model/fault.ts'
import type { Principal } from '../../model/identity.ts'
import type { Clock } from '../../model/ports.ts'
import type { AnswerFacts, RequestFacts, RequestHead } from '../../model/request.ts'
import { auditRequest, blottedFacts, completion, decisionOf, type Ending, named, targetOf } from '../events.ts'
import type { Refusal } from '../realtime/session-judge.ts'
import { isOfPolicy } from '../refusals.ts'
import type { ServingUpstream } from '../snapshot.ts'
import { auditPolicy, undecided, type Verdict } from '../verdict.ts'

/** A message that is told of. */
export interface ToldMessage {
  /** Which of the client's messages it is, from 1. */
  readonly number: number
  readonly bytes: number
  /** Null where it could not be read. */
  readonly facts: RequestFacts | null
  readonly model: string | null
  readonly alias: string | null
}

/** A message that went on, for the event of its end. */
export interface ToldTurn {
  readonly number: number
  readonly request: AuditRequest
  /** Epoch milliseconds. */
  readonly at: number
  readonly since: number
  readonly principal: Principal
}

export interface TurnTrailPorts {
  readonly audit: AuditLog
  readonly clock: Clock
}

/**
 * The events of the messages of one connection, beside the two of the request that opened it: each one is decided, and
 * one that goes on ends. They have that request's id, and no stage: it has one decision and one end itself.
 */
export class TurnTrail {
  readonly #head: RequestHead
  readonly #upstream: ServingUpstream
  readonly #ports: TurnTrailPorts

  constructor(head: RequestHead, upstream: ServingUpstream, ports: TurnTrailPorts) {
    this.#head = head
    this.#upstream = upstream
    this.#ports = ports
  }

  /** What is told of a message that is allowed, from now on. */
  open(message: ToldMessage, principal: Principal): ToldTurn {
    const { number } = message
    return { number, request: this.#request(message), at: this.#ports.clock(), since: performance.now(), principal }
  }

  /** Writes that a message may go on; `answered` is told whether it is written, and it does not go on before. */
  authorize(
    { number, request, at, principal }: ToldTurn,
    { bytes }: ToldMessage,
    {
      ruleset,
      verdict,
      obligations,
    }: { ruleset: string; verdict: Verdict; obligations: readonly string[] | undefined },
    answered: (accepted: boolean) => void,
  ): void {
    const event: AuditEvent = {
      at,
      action: 'message-authorized',
      message: `allow allowed ${CREATES} ${request.model ?? '-'} ${principal.id}`,
      area: 'policy',
      decision: 'allow',
      request,
      ...callerIn(principal),
      policy: auditPolicy(ruleset, verdict, obligations),
      upstream: targetOf(this.#upstream),
      requestBytes: bytes,
      extra: { 'session.message': CREATES, 'session.message_number': number },
    }
    this.#ports.audit.commit(event, answered)
  }

  refuse(message: ToldMessage, principal: Principal, { fault, type, verdict }: Refusal, ruleset: string): void {
    const policy = auditPolicy(ruleset, verdict, undefined)
    const reason = fault.reason ?? fault.code
    const decision = decisionOf(fault)
    this.#ports.audit.append({
      at: this.#ports.clock(),
      action: 'message-denied',
      ...(decision === 'error' && { outcome: 'failure' as const }),
      message: `${decision} ${reason} ${type ?? 'a message'} ${message.model ?? '-'} ${principal.id}`,
      area: isOfPolicy(fault) ? 'policy' : 'request',
      decision,
      reason,
      request: this.#request(message),
      ...callerIn(principal),
      policy: isOfPolicy(fault) ? policy : undecided(policy),
      requestBytes: message.bytes,
      error: named(fault),
      extra: { ...(type !== null && { 'session.message': type }), 'session.message_number': message.number },
    })
  }

  /** A response is over. `status`: of what the upstream told, as HTTP would have it. */
  finish(turn: ToldTurn, facts: AnswerFacts, status: number): void {
    this.#ended(turn, { outcome: 'answered', status, facts, firstByteAt: 0 }, status)
  }

  /** The connection ended before the response did: for this reason, or because its client left; then it is null. */
  leave(turn: ToldTurn, reason: Fault | null): void {
    const nothing = { status: 0, facts: {}, firstByteAt: 0 }
    const ending: Ending =
      reason === null ? { outcome: 'client_gone', ...nothing } : { outcome: 'broken', fault: reason, ...nothing }
    this.#ended(turn, ending, 0)
  }

  #ended(turn: ToldTurn, ending: Ending, status: number): void {
    const { reason, outcome } = completion(ending, status)
    this.#ports.audit.append({
      at: this.#ports.clock(),
      action: 'message-finished',
      outcome,
      reason: reason ?? undefined,
      message: `message-finished ${CREATES} ${turn.request.model ?? '-'} ${turn.principal.id}`,
      decision: 'allow',
      request: turn.request,
      ...callerIn(turn.principal),
      upstream: targetOf(this.#upstream),
      startedAt: turn.at,
      durationNs: Math.max(0, Math.round((performance.now() - turn.since) * 1e6)),
      answer: blottedFacts(ending.facts),
      error: ending.fault ? named(ending.fault) : undefined,
      extra: { 'session.message': CREATES, 'session.message_number': turn.number },
    })
  }

  #request({ facts, model, alias }: ToldMessage): AuditRequest {
    return auditRequest(this.#head, facts?.operation ?? 'responses', facts, model, alias)
  }
}

function callerIn(principal: Principal): Pick<AuditEvent, 'principal' | 'authMethod' | 'authIssuer'> {
  return { principal, authMethod: principal.method, authIssuer: principal.issuer }
}
