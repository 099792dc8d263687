import type { AuditAction, AuditEvent, AuditKeep, AuditLog, AuditPolicy, AuditRequest } from '../model/audit.ts'
import type { Fault, FaultCode } from '../model/fault.ts'
import type { ClientExchange, Clock } from '../model/ports.ts'
import type { RequestFacts, RequestHead } from '../model/request.ts'
import type { Upstream } from '../upstream/pools.ts'
import { auditRequest, blottedFacts, completion, decisionOf, type Ending, measured, named, targetOf } from './events.ts'
import type { Identified } from './identified.ts'
import type { Meter } from './meter.ts'
import { auditUnavailable, isAuthentication, isOfPolicy } from './refusals.ts'
import { auditPolicy, undecided, type Verdict } from './verdict.ts'

export interface TrailPorts {
  readonly audit: AuditLog
  readonly meter: Meter
  readonly clock: Clock
  /** The HTTP status that a fault is answered with. */
  readonly statusOf: (code: FaultCode) => number
}

type State = 'open' | 'authorized' | 'over'

/**
 * The audit of one request: exactly one `decision` event on every path, and exactly one `complete` event after an
 * authorization. What the stages learn is noted here; whoever ends the request says how, once.
 */
export class Trail {
  readonly #ports: TrailPorts
  readonly #exchange: ClientExchange
  #head: RequestHead
  readonly #ruleset: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly #started = performance.now()
  #state: State = 'open'
  #identified: Identified = {}
  #operation: string | null = null
  #facts: RequestFacts | null = null
  #model: string | null = null
  #alias: string | null = null
  #batch: AuditRequest['batch']
  #requestBytes = 0
  #verdict: Verdict | null = null
  #obligations: readonly string[] | undefined
  #upstream: Upstream | null = null
  #dispatchedAt = 0
  #request: AuditRequest | null = null
  #policy: AuditPolicy | null = null
  #said = ''
  readonly #keep: AuditKeep = { text: null }

  constructor(head: RequestHead, exchange: ClientExchange, ruleset: string, ports: TrailPorts) {
    this.#ports = ports
    this.#exchange = exchange
    this.#head = head
    this.#ruleset = ruleset
    this.startedAt = ports.clock()
    ports.meter.active++
  }

  identified(identified: Identified): void {
    this.#identified = identified
  }

  /** The operation is known before its body is, so that a body that cannot be read is still one of something. */
  routed(operation: string): void {
    this.#operation = operation
  }

  /** What every event of the request tells, for those that are told beside its two. */
  get subject(): Pick<AuditEvent, 'request' | 'principal'> {
    const { principal } = this.#identified
    return { request: this.#described(), ...(principal && { principal }) }
  }

  received(bytes: number): void {
    this.#requestBytes = bytes
  }

  /** `head`: with the workspace that is asked for, where that is not the one that the request names. */
  described(facts: RequestFacts, model: string | null, alias: string | null, head = this.#head): void {
    this.#head = head
    this.#facts = facts
    this.#model = model
    this.#alias = alias
  }

  /** What the lines of its file are. */
  batched(batch: AuditRequest['batch']): void {
    this.#batch = batch
  }

  decided(verdict: Verdict): void {
    this.#verdict = verdict
  }

  /** What is done to the request because of the policy. */
  obliged(obligations: readonly string[]): void {
    this.#obligations = obligations
  }

  /** Writes the `decision` event of an allow. False: it cannot be written, and nothing may be sent upstream. */
  authorize(upstream: Upstream | null): Promise<boolean> {
    this.#upstream = upstream
    const event = this.#decisionEvent('request-authorized', 'allow', null)
    return new Promise((resolve) => {
      this.#ports.audit.commit(event, (accepted) => {
        if (accepted && this.#state === 'open') this.#state = 'authorized'
        if (accepted) this.#dispatchedAt = performance.now()
        resolve(accepted)
      })
    })
  }

  /**
   * Ends a request that goes no further: its event is written first, then it is answered. After an authorization that
   * event is the `complete` one. Where the audit cannot be written, the answer is `audit_unavailable` whatever it was.
   */
  refuse(fault: Fault): Promise<void> {
    if (this.#state === 'authorized') {
      this.#exchange.refuse(fault)
      this.complete({ outcome: 'failed', status: 0, facts: {}, firstByteAt: 0, fault })
      return Promise.resolve()
    }
    if (this.#state === 'over') return Promise.resolve()
    this.#state = 'over'
    const unauthenticated = this.#identified.principal === undefined && isAuthentication(fault)
    const event = this.#decisionEvent(unauthenticated ? 'authentication-failed' : 'request-denied', null, fault)
    return new Promise((resolve) => {
      this.#ports.audit.commit(event, (accepted) => {
        const answer = accepted ? fault : auditUnavailable
        this.#exchange.refuse(answer)
        this.#settle(answer.code, performance.now())
        resolve()
      })
    })
  }

  /** Writes the `complete` event; without effect unless the request was authorized and is not over. */
  complete(ending: Ending): void {
    if (this.#state !== 'authorized') return
    this.#state = 'over'
    const now = performance.now()
    const { status, bytesSent } = ending.session ?? this.#exchange
    const { action, reason, outcome } = completion(ending, status)
    const upstreamNs = this.#upstream ? nanoseconds(now - this.#dispatchedAt) : 0
    const durationNs = nanoseconds(now - this.#started)
    const { principal, method, issuer, cache, ephemeral } = this.#identified
    const event: AuditEvent = {
      at: this.#ports.clock(),
      action,
      outcome,
      reason: reason ?? undefined,
      message: `${action} ${this.#words()}`,
      stage: 'complete',
      decision: 'allow',
      request: this.#described(),
      keep: this.#keep,
      principal,
      authMethod: principal?.method ?? method,
      authIssuer: principal?.issuer ?? issuer,
      authCache: cache,
      authEphemeral: ephemeral,
      policy: this.#judged(),
      upstream: this.#upstream ? targetOf(this.#upstream) : undefined,
      startedAt: this.startedAt,
      durationNs,
      overheadNs: durationNs - upstreamNs,
      upstreamNs: this.#upstream ? upstreamNs : undefined,
      attempts: this.#upstream ? 1 : undefined,
      ttftNs: ending.firstByteAt > 0 ? nanoseconds(ending.firstByteAt - this.#started) : undefined,
      status: status === 0 ? undefined : status,
      requestBytes: this.#requestBytes,
      responseBytes: bytesSent,
      answer: blottedFacts(ending.facts),
      error: ending.fault ? named(ending.fault) : undefined,
      extra: ending.session?.extra,
    }
    this.#ports.audit.append(event)
    this.#ports.meter.used(ending.facts)
    this.#settle(measured(ending, status), now)
  }

  /** Ends what nobody ended: a bug must not leave a request without its event. */
  close(): void {
    if (this.#state === 'over') return
    const fault = { code: 'internal', message: 'internal error', param: null } as const
    if (this.#state === 'open') void this.refuse(fault)
    else this.complete({ outcome: 'failed', status: 0, facts: {}, firstByteAt: 0, fault })
  }

  #settle(outcome: string, now: number): void {
    const { meter } = this.#ports
    meter.active--
    meter.answered(this.#operation ?? '-', outcome)
    meter.took((now - this.#started) / 1000)
  }

  #decisionEvent(action: AuditAction, verdict: 'allow' | null, fault: Fault | null): AuditEvent {
    const decision = verdict ?? decisionOf(fault)
    const reason = fault ? (fault.reason ?? fault.code) : undefined
    const { principal, method, issuer, key, cache, ephemeral } = this.#identified
    return {
      at: this.#ports.clock(),
      action,
      outcome: action === 'authentication-failed' || decision === 'error' ? 'failure' : 'success',
      reason,
      message: `${decision} ${reason ?? 'allowed'} ${this.#words()}`,
      stage: 'decision',
      decision,
      request: this.#described(),
      keep: verdict === null ? undefined : this.#keep,
      principal,
      authMethod: principal?.method ?? method,
      authIssuer: principal?.issuer ?? issuer,
      authKey: key,
      authCache: cache,
      authEphemeral: ephemeral,
      area: fault && !isOfPolicy(fault) ? 'request' : 'policy',
      policy: fault && !isOfPolicy(fault) ? undecided(this.#judged()) : this.#judged(),
      upstream: this.#upstream ? targetOf(this.#upstream) : undefined,
      requestBytes: this.#requestBytes,
      status: fault ? this.#ports.statusOf(fault.code) : undefined,
      error: fault ? named(fault) : undefined,
    }
  }

  /** Written once: both events share the object, and what a format makes of it. */
  #described(): AuditRequest {
    const asked = [this.#operation, this.#facts, this.#model, this.#alias, this.#batch] as const
    this.#request ??= auditRequest(this.#head, ...asked)
    return this.#request
  }

  #judged(): AuditPolicy {
    this.#policy ??= auditPolicy(this.#ruleset, this.#verdict, this.#obligations)
    return this.#policy
  }

  /** What is asked for and by whom; the same in both events, so that it is put together once. */
  #words(): string {
    if (this.#said !== '') return this.#said
    const model = this.#model === null ? '' : ` ${this.#described().model ?? ''}`
    this.#said = `${this.#operation ?? this.#head.method}${model} ${this.#identified.principal?.id ?? '-'}`
    return this.#said
  }
}

function nanoseconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 1e6))
}
