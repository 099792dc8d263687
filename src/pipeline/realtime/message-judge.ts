import type { SessionDialect } from '../../endpoints/endpoint.ts'
import { parseJsonBody } from '../../endpoints/json.ts'
import { type ClientMessage, describeMessage } from '../../endpoints/realtime/client-message.ts'
import { configuration, limitedTo } from '../../endpoints/realtime/configured.ts'
import { isLimitedElsewhere, wider } from '../../endpoints/realtime/limits.ts'
import { OwnItems } from '../../endpoints/realtime/own-items.ts'
import { readServerMessage } from '../../endpoints/realtime/server-message.ts'
import { factsInSession, SessionState } from '../../endpoints/realtime/session-state.ts'
import { describeTold, hasPrompt } from '../../endpoints/realtime/told-session.ts'
import { type Fault, fault } from '../../model/fault.ts'
import type { Principal } from '../../model/identity.ts'
import { isJsonObject, type JsonBody, type JsonObject, ownValue } from '../../model/json.ts'
import type { Clock } from '../../model/ports.ts'
import type { RequestFacts, RequestHead } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { Secret } from '../../model/secret.ts'
import type { Obligations } from '../../model/transforms.ts'
import { errorAbout, type OpeningUpdate, openingUpdate, shapedMessage } from '../../shape/session.ts'
import { judge, judgeShadow, policyInput } from '../judge.ts'
import { decisionFault, modelNotFound, modelSwitched, objectRefused, promptRefused } from '../refusals.ts'
import type { ServingUpstream, Snapshot } from '../snapshot.ts'
import type { Verdict } from '../verdict.ts'
import { binaryMessage, errorMessage, newEventId, upstreamChanged } from './closing.ts'
import { handshakeOf } from './handshake.ts'
import { Introduction } from './introduction.ts'
import { modelOfCall, unlikeAsked } from './joined-call.ts'
import { idle, namesPrompt, withModels } from './message-facts.ts'
import { Opening } from './opening.ts'
import type { Gate, Judged, Refusal, SessionJudge } from './session-judge.ts'

/** What a session was opened by. */
export interface Opened {
  readonly head: RequestHead
  readonly dialect: SessionDialect
  readonly facts: RequestFacts
  /** The one that was decided; null or undefined where the session names none. */
  readonly model: RequestFacts['model']
  readonly alias: string | null
  readonly obligations: Obligations | null
  readonly upstream: ServingUpstream
  /** By which the provider knows a session that was set up before; null where the session is a new one. */
  readonly providerSecret: Secret | null
  /** It is a call that was made before. */
  readonly joins: boolean
  /** The model that the provider told of when it was; null where it told of none. */
  readonly told: string | null
}

const MAX_ID = 512

/** Judges each message of one session by the policy that is in force and by what the session is set to. */
export class MessageJudge implements SessionJudge {
  readonly opened: Opened
  readonly state = new SessionState()
  readonly #items = new OwnItems()
  readonly opening: OpeningUpdate | null
  readonly gate: Gate
  /** Nothing is waited for but what the upstream says. */
  onSettled: (() => void) | null = null
  /** Told of each message that goes on and would not if the shadow rules were enforced. */
  onShadowed: ((type: string, verdict: Verdict) => void) | null = null
  readonly errorText = errorMessage
  snapshot: Snapshot
  principal: Principal
  /** The one that is decided: of a call that is joined without naming it, known once the upstream tells of it. */
  #model: RequestFacts['model']
  readonly #clock: Clock
  readonly #isBeta: boolean

  constructor(opened: Opened, principal: Principal, snapshot: Snapshot, clock: Clock) {
    this.opened = opened
    this.principal = principal
    this.snapshot = snapshot
    this.#clock = clock
    this.#model = opened.model
    this.#isBeta = handshakeOf(opened.head).isBeta
    this.opening = opened.joins ? null : this.#asked()
    // INVARIANT: one pending entry for each update that goes upstream, or every answer would be taken for another one's.
    if (this.opening !== null) this.state.change(limitedTo(this.opening.limit ?? 'unsaid'), this.opening.eventId)
    const gate = new Opening(this.opening)
    const isNew = opened.providerSecret === null && !opened.joins
    this.gate = isNew ? gate : new Introduction(gate, (...told) => this.#introduced(...told), opened.joins)
  }

  /** What the policy's transforms ask of the session. */
  #asked(): OpeningUpdate | null {
    const { obligations } = this.opened
    return obligations && openingUpdate(obligations, this.#isBeta, newEventId())
  }

  judge(bytes: Buffer, isBinary: boolean, mayWait: boolean): Judged {
    if (isBinary) return refused(binaryMessage, null, null)
    const parsed = parseJsonBody(bytes)
    if (!parsed.ok) return refused(parsed.fault, null, null)
    const body = parsed.value
    const written = ownValue(body.value, 'event_id')
    const eventId = typeof written === 'string' && written.length <= MAX_ID ? written : null
    const { dialect, facts } = this.opened
    const described = describeMessage(dialect, facts.operation, body)
    if (!described.ok) return refused(described.fault, null, eventId)
    const message = { ...described.value, facts: this.#items.without(described.value.facts) }
    const { fault, verdict } = this.#decide(message, body)
    if (fault !== null) {
      return mayWait && this.#mayChange(fault, message)
        ? { outcome: 'waits' }
        : refused(fault, message.type, eventId, verdict)
    }
    if (message.creates !== null) this.#items.expect(message.creates)
    if (message.removes !== null) this.#items.remove(message.removes)
    if (message.effect !== 'configures') return this.#passed(message, verdict, this.#shaped(body, null))
    if (this.state.isFull)
      return mayWait ? { outcome: 'waits' } : refused(tooManyChanges, message.type, eventId, verdict)
    // A name of the client's own could be that of another message, whose refusal would be taken for the change's.
    const id = newEventId()
    this.state.change(configuration(body.value), id, eventId)
    return this.#passed(message, verdict, this.#shaped(body, id))
  }

  #passed({ type }: ClientMessage, verdict: Verdict | null, text: Buffer | string): Judged {
    const shadow = verdict?.shadow ?? null
    if (verdict !== null && shadow !== null && shadow.effect !== 'allow') this.onShadowed?.(type, verdict)
    return { outcome: 'passed', text }
  }

  /** What the upstream has still to say could make a message that is refused a good one. */
  #mayChange({ code, reason }: Fault, { facts }: ClientMessage): boolean {
    const isDenied = code === 'policy_denied'
    if (isDenied && this.state.isPending) return true
    return (isDenied || reason === 'object_not_allowed') && this.#items.mayStillBeOwn(facts)
  }

  hear(bytes: Buffer): ReturnType<SessionJudge['hear']> {
    const told = readServerMessage(bytes)
    if (told?.kind === 'session') this.state.confirm(told.session, told.answers)
    const refused = told?.kind === 'error' && told.answers !== null ? this.state.refuse(told.answers) : null
    const text = refused === null ? bytes : errorAbout(bytes, refused.clientId)
    if (told?.kind === 'removed') this.#items.remove(told.id)
    const isExpected = told?.kind === 'item' && this.#items.tell(told.id)
    return { told, text, settles: told?.kind === 'session' || refused !== null || isExpected }
  }

  /**
   * A session that was set up before, as the upstream tells of it: why it may not go on. What is told later may be a part
   * of it, whose changes were judged.
   */
  #introduced(session: JsonObject, isFirst: boolean): Fault | null {
    const { facts, told: known, obligations, joins, upstream } = this.opened
    const model = joins && this.#model === undefined ? modelOfCall(session, upstream) : ok(this.#model)
    if (!model.ok) return model.fault
    this.#model = model.value
    const names =
      isFirst || Object.hasOwn(session, 'model') ? ([model.value, known] as const) : ([undefined, null] as const)
    const told = describeTold(facts.operation, session, ...names)
    if (!told.ok) return told.fault
    if (!isFirst) return null
    if (obligations !== null && obligations.prepend !== null && hasPrompt(session)) return promptRefused
    const denied = this.#judged(told.value).fault
    if (denied !== null || !joins) return denied
    return this.adopt(this.snapshot) ?? unlikeAsked(session, this.#asked())
  }

  /** The session as it stands, decided by another snapshot, which is its own from then on. Null: it may go on. */
  adopt(snapshot: Snapshot): Fault | null {
    this.snapshot = snapshot
    const { facts, alias, upstream, obligations } = this.opened
    const model = this.#model
    if (!snapshot.upstreams.includes(upstream)) return upstreamChanged
    if (alias !== null && snapshot.policy.resolveModel(alias).model !== model) return transformsChanged
    // Objects that the session was opened by were opened with it.
    const standing = factsInSession(idle({ ...facts, objects: [] }), this.state.effective)
    const { fault } = this.#judged(standing)
    if (fault !== null) return fault
    const { policy } = snapshot
    const now = policy.obligations(policyInput(this.principal, this.opened.head, facts, model, this.#clock()))
    return JSON.stringify(now) === JSON.stringify(obligations) ? null : transformsChanged
  }

  #decide(message: ClientMessage, body: JsonBody): { fault: Fault | null; verdict: Verdict | null } {
    const models = this.#modelsOf(message)
    if (!models.ok) return { fault: models.fault, verdict: null }
    const session = this.state.effective
    const response = ownValue(body.value, 'response')
    const isElsewhere = isJsonObject(response) && isLimitedElsewhere(response, this.#isBeta)
    const limit = isElsewhere ? wider(message.limit, session.limit) : message.limit
    const facts = factsInSession({ ...message, limit }, session)
    const { obligations } = this.opened
    if (obligations !== null && obligations.prepend !== null && namesPrompt(body)) {
      return { fault: promptRefused, verdict: null }
    }
    return this.#judged(models.value.length === 0 ? facts : withModels(facts, models.value))
  }

  #judged(facts: RequestFacts): { fault: Fault | null; verdict: Verdict | null } {
    const { head, upstream } = this.opened
    const input = policyInput(this.principal, head, facts, this.#model, this.#clock())
    const began = performance.now()
    const { policy } = this.snapshot
    const { decision } = judge(policy, input, facts.nestedModels, [upstream])
    const latencyNs = Math.round((performance.now() - began) * 1e6)
    const verdict = {
      decision,
      latencyNs,
      shadow: judgeShadow(policy, decision, input, facts.nestedModels, [upstream]),
    }
    const unserved = facts.nestedModels.find((name) => !upstream.serves(name))
    if (unserved !== undefined) return { fault: modelNotFound(unserved), verdict }
    if (decision.effect !== 'allow') {
      return { fault: decisionFault(decision, { ...facts, model: this.#model }), verdict }
    }
    const [object] = upstream.settings.isolation === 'off' ? [] : facts.objects
    return { fault: object ? objectRefused(object.key, 'message') : null, verdict }
  }

  /** Models that a message names for the session, beside the one that it has: there are some only where it has none. */
  #modelsOf({ named }: ClientMessage): Result<readonly string[], Fault> {
    const model = this.#model
    if (typeof model !== 'string') return ok(named)
    const { policy } = this.snapshot
    const isOther = named.some((name) => name !== model && policy.resolveModel(name).model !== model)
    return isOther ? failed(modelSwitched(model)) : ok([])
  }

  #shaped(body: JsonBody, eventId: string | null): Buffer | string {
    const model = typeof this.#model === 'string' ? this.#model : null
    return shapedMessage(body, model, this.opened.obligations, eventId)
  }
}

function refused(fault: Fault, type: string | null, eventId: string | null, verdict: Verdict | null = null): Refusal {
  return { outcome: 'refused', fault, type, eventId, verdict }
}

const tooManyChanges: Fault = fault('rate_limit_exceeded', 'too many updates wait for the answer of the upstream', {
  reason: 'updates_unanswered',
})

const transformsChanged: Fault = fault(
  'policy_denied',
  'the policy asks something else of sessions now: open another one',
  { reason: 'policy_changed' },
)
