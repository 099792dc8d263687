import { answerForm } from '../../endpoints/answer-forms.ts'
import { parseJsonBody } from '../../endpoints/json.ts'
import type { ServerMessage } from '../../endpoints/realtime/server-message.ts'
import { type AnswerSealer, openAnswerSealer, sealedWhole } from '../../endpoints/seal-answer.ts'
import { readTurnEvent, type TurnEvent } from '../../endpoints/turns/turn-event.ts'
import { CREATES, laneOf } from '../../endpoints/turns/turn-message.ts'
import { type Fault, type FaultCode, fault } from '../../model/fault.ts'
import type { Principal } from '../../model/identity.ts'
import type { HeldAllowance } from '../../model/ports.ts'
import type { RequestFacts, RequestHead } from '../../model/request.ts'
import { type BodyBudget, callerOf } from '../body-budget.ts'
import type { Ending } from '../events.ts'
import { judge, policyInput } from '../judge.ts'
import type { OwnedAnswer } from '../ownership.ts'
import {
  binaryMessage,
  turnErrorMessage,
  upstreamChanged,
  upstreamClosed,
  workspaceChanged,
} from '../realtime/closing.ts'
import { Opening } from '../realtime/opening.ts'
import type { Judged, Refusal, SessionJudge } from '../realtime/session-judge.ts'
import type { Admission } from '../realtime/standing.ts'
import { auditUnavailable, decisionFault } from '../refusals.ts'
import type { ServingUpstream, Snapshot } from '../snapshot.ts'
import { type DecidedTurn, decideTurn } from './decided-turn.ts'
import { type ToldMessage, type ToldTurn, TurnTrail, type TurnTrailPorts } from './turn-trail.ts'
import { Turns } from './turns.ts'

/** A connection of the Responses API that was opened. */
export interface OpenedTurns {
  readonly head: RequestHead
  readonly facts: RequestFacts
  readonly upstream: ServingUpstream
}

export interface TurnPorts extends TurnTrailPorts {
  readonly statusOf: (code: FaultCode) => number
  readonly bodies: BodyBudget
}

/** A response that was asked for: what is told of it, how its ids stand in errors, and what these take of memory. */
interface Turn {
  readonly told: ToldTurn
  readonly answer: OwnedAnswer | null
  readonly held: HeldAllowance
}

/** A message that is allowed, and does not go on before the event that says so is written. */
interface Committing {
  readonly bytes: Buffer
  readonly decided: DecidedTurn
  accepted: boolean | null
}

/** Judges each message of one WebSocket of the Responses API as the request to create a response that it is. */
export class TurnJudge implements SessionJudge, Admission {
  readonly opened: OpenedTurns
  readonly opening = null
  readonly gate = new Opening(null)
  onSettled: (() => void) | null = null
  principal: Principal
  snapshot: Snapshot
  readonly #ports: TurnPorts
  readonly #trail: TurnTrail
  readonly #turns = new Turns<Turn>()
  readonly #workspace: string | null | undefined
  #committing: Committing | null = null
  /** Of the caller and the upstream; null where nothing is sealed. */
  #sealing: OwnedAnswer['sealing'] = null
  /** Of the client, so far. */
  #messages = 0
  #told: ToldMessage = { number: 0, bytes: 0, facts: null, model: null, alias: null }
  #isLeft = false
  /** Why what was under way ended with the connection (null: its client left), once it has. */
  #over: { readonly reason: Fault | null } | null = null

  constructor(opened: OpenedTurns, principal: Principal, snapshot: Snapshot, ports: TurnPorts) {
    this.opened = opened
    this.principal = principal
    this.snapshot = snapshot
    this.#ports = ports
    this.#trail = new TurnTrail(opened.head, opened.upstream, ports)
    this.#workspace = this.#standing().workspace
  }

  judge(bytes: Buffer, isBinary: boolean): Judged {
    if (this.#committing?.bytes === bytes) return this.#committed(this.#committing)
    this.#told = { number: ++this.#messages, bytes: bytes.length, facts: null, model: null, alias: null }
    if (isBinary) return refused(binaryMessage, null)
    const parsed = parseJsonBody(bytes)
    if (!parsed.ok) return refused(parsed.fault, null)
    const lane = laneOf(parsed.value.value)
    const { head, upstream } = this.opened
    const caller = { head, principal: this.principal, snapshot: this.snapshot, at: this.#ports.clock() }
    const { decided, verdict, fault, ...about } = decideTurn(parsed.value, upstream, caller)
    this.#told = { ...this.#told, ...about }
    const type = about.facts === null ? null : CREATES
    if (decided === null) return refused(fault, lane, type, verdict)
    if (this.#turns.isFull) return refused(tooManyTurns, lane, type, verdict)
    // Ids are kept until their response is over, which may take as long as the connection lasts.
    const held = this.#ports.bodies.open(callerOf(this.principal))
    const excess = held.take(decided.owned?.answer.ids.heldBytes ?? 0)
    if (excess !== null) return refused(excess, lane, type, verdict)
    return this.#commit({ bytes, decided, accepted: null }, lane, held)
  }

  /** A message that was refused is told of where the session counts it. */
  refused(refusal: Refusal): void {
    this.#trail.refuse(this.#told, this.principal, refusal, this.snapshot.policy.digest)
  }

  hear(bytes: Buffer): ReturnType<SessionJudge['hear']> {
    const event = readTurnEvent(bytes)
    const text = this.#sealed(bytes, event)
    const told = event === null ? null : this.#heard(event)
    return { told, text, settles: false }
  }

  errorText(fault: Fault, lane: string | null): string {
    return turnErrorMessage(fault, this.#ports.statusOf(fault.code), lane)
  }

  upstreamLeft(): void {
    this.#isLeft = true
  }

  adopt(snapshot: Snapshot): Fault | null {
    this.snapshot = snapshot
    const { facts, upstream } = this.opened
    if (!snapshot.upstreams.includes(upstream)) return upstreamChanged
    const decision = this.#standing()
    if (decision.effect !== 'allow') return decisionFault(decision, facts)
    // What was sealed for one workspace would be sealed for another one.
    return decision.workspace === this.#workspace ? null : workspaceChanged
  }

  /** What was under way when the connection ended is over, too. */
  ended({ outcome, fault }: Ending): void {
    const reason = outcome === 'client_gone' ? null : (fault ?? (this.#isLeft ? upstreamClosed : null))
    this.#over = { reason }
    for (const { told, held } of this.#turns.open) {
      held.release()
      this.#trail.leave(told, reason)
    }
  }

  /** What opened the connection, decided as things are now. */
  #standing() {
    const { head, facts, upstream } = this.opened
    const input = policyInput(this.principal, head, facts, facts.model, this.#ports.clock())
    return judge(this.snapshot.policy, input, facts.nestedModels, [upstream]).decision
  }

  #commit(committing: Committing, lane: string | null, held: HeldAllowance): Judged {
    this.#committing = committing
    const { verdict, obligations, owned } = committing.decided
    const decision = { ruleset: this.snapshot.policy.digest, verdict, obligations: obligations?.names }
    const turn = this.#trail.open(this.#told, this.principal)
    let isSynchronous = true
    this.#trail.authorize(turn, this.#told, decision, (accepted) => {
      committing.accepted = accepted
      const isBegun = accepted && this.#over === null
      if (isBegun) this.#turns.begin({ told: turn, answer: owned?.answer ?? null, held }, lane)
      else held.release()
      if (accepted && this.#over !== null) this.#trail.leave(turn, this.#over.reason)
      if (!isSynchronous) this.onSettled?.()
    })
    isSynchronous = false
    return this.#committed(committing)
  }

  #committed(committing: Committing): Judged {
    const { accepted, decided } = committing
    if (accepted === null) return { outcome: 'waits' }
    this.#committing = null
    if (!accepted) return { outcome: 'ends', fault: auditUnavailable }
    this.#sealing = decided.owned?.answer.sealing ?? null
    return { outcome: 'passed', text: decided.text }
  }

  /** The ids in an event are sealed; in an error they stand as the messages wrote them. */
  #sealed(bytes: Buffer, event: TurnEvent | null): Buffer {
    if (event?.kind === 'error') {
      return this.#turns.open.reduce((text, { answer }) => answer?.ids.sealError(text) ?? text, bytes)
    }
    const sealer = this.#sealer()
    return sealer === null ? bytes : sealedWhole(sealer, bytes)
  }

  #sealer(): AnswerSealer | null {
    const sealing = this.#sealing
    if (sealing === null) return null
    return openAnswerSealer(answerForm(sealing.form), 'json', sealing.sealer.suffix)
  }

  #heard(event: TurnEvent): ServerMessage | null {
    const over = this.#turns.hear(event)
    if (over === null) return null
    over.turn.held.release()
    if (over.facts === null) {
      this.#trail.finish(over.turn.told, {}, over.status ?? 502)
      return null
    }
    const { responseId, usage } = over.facts
    const suffix = responseId === undefined ? null : (this.#sealing?.sealer.suffix(responseId) ?? null)
    const facts = suffix === null ? over.facts : { ...over.facts, responseId: `${responseId}${suffix}` }
    this.#trail.finish(over.turn.told, facts, 200)
    return usage === undefined ? null : { kind: 'usage', usage }
  }
}

function refused(
  fault: Fault,
  lane: string | null,
  type: string | null = null,
  verdict: Refusal['verdict'] = null,
): Refusal {
  return { outcome: 'refused', fault, type, eventId: lane, verdict }
}

const tooManyTurns: Fault = fault('rate_limit_exceeded', 'too many responses are under way: wait for one to end', {
  reason: 'updates_unanswered',
})
