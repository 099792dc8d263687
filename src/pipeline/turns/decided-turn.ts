import { ENDPOINTS } from '../../endpoints/index.ts'
import { describeTurn } from '../../endpoints/turns/turn-message.ts'
import { type Fault, fault } from '../../model/fault.ts'
import type { Principal } from '../../model/identity.ts'
import type { JsonBody } from '../../model/json.ts'
import type { RequestFacts, RequestHead } from '../../model/request.ts'
import type { Obligations } from '../../model/transforms.ts'
import { shapeBody } from '../../shape/request.ts'
import { type DecisionNote, decide } from '../decided.ts'
import { candidates, policyInput } from '../judge.ts'
import { bodyEdits, type Owned } from '../ownership.ts'
import { unplacedRefused } from '../refusals.ts'
import type { ServingUpstream, Snapshot } from '../snapshot.ts'
import type { Verdict } from '../verdict.ts'

/** What is asked for, as it would be without a WebSocket. */
const endpoint = (() => {
  const found = ENDPOINTS.find(({ operation }) => operation === 'responses')
  if (found === undefined) throw new Error('the table has no operation that creates responses')
  return found
})()
const FOUND = { endpoint, parameters: {}, path: endpoint.path, query: '', objects: [] }

export interface TurnCaller {
  readonly head: RequestHead
  readonly principal: Principal
  readonly snapshot: Snapshot
  /** Epoch milliseconds. */
  readonly at: number
}

/** A message that is allowed. */
export interface DecidedTurn {
  /** As it goes on. */
  readonly text: string
  readonly verdict: Verdict
  readonly obligations: Obligations | null
  /** Null where the upstream keeps nobody apart. */
  readonly owned: Owned | null
}

/** What is known of a message; `facts` is null where it cannot be read. */
interface Known {
  readonly facts: RequestFacts | null
  readonly model: string | null
  readonly alias: string | null
}

export type TurnDecision = Known &
  (
    | { readonly decided: DecidedTurn; readonly fault: null; readonly verdict: Verdict }
    | { readonly decided: null; readonly fault: Fault; readonly verdict: Verdict | null }
  )

/**
 * Decides one message as the request to create a response that it is: its facts, the policy's word for the upstream of its
 * connection, whose objects it speaks of, and what is done to it. What is judged is what goes on.
 *
 * Faults: those of `POST /v1/responses`.
 */
export function decideTurn(body: JsonBody, upstream: ServingUpstream, caller: TurnCaller): TurnDecision {
  const described = describeTurn(body)
  if (!described.ok) return refuse({ facts: null, model: null, alias: null }, described.fault, null)
  const facts = described.value
  const { head, principal, at } = caller
  const { policy } = caller.snapshot
  const named = facts.model
  const { model, alias } = typeof named === 'string' ? policy.resolveModel(named) : { model: named, alias: null }
  const known = { facts, model: model ?? null, alias }
  const input = policyInput(principal, head, facts, model, at)
  const asked = { found: FOUND, body, fields: null, filenames: [], noted: facts.objects, judgedFor: null }
  const note = new LastVerdict()
  const decided = decide(asked, principal, facts, input, { ...caller.snapshot, upstreams: [upstream] }, note)
  if (!decided.ok) {
    const names = [model, ...facts.nestedModels]
    const isElsewhere = decided.fault.code === 'model_not_found' && isServed(names, caller.snapshot)
    return refuse(known, isElsewhere ? servedElsewhere : decided.fault, note.verdict)
  }
  const { verdict } = note
  if (verdict === null) throw new Error('an allow without a decision')
  const obligations = policy.obligations(input)
  if (obligations?.unplaced) return refuse(known, unplacedRefused(facts.operation, obligations.unplaced), verdict)
  const { owned } = decided.value
  const edits = owned === null ? [] : bodyEdits(owned)
  const text = shapeBody(body, { facts, model, alias, obligations }, edits)
  return { ...known, decided: { text, verdict, obligations, owned }, fault: null, verdict }
}

class LastVerdict implements DecisionNote {
  verdict: Verdict | null = null

  decided(verdict: Verdict): void {
    this.verdict = verdict
  }
}

function refuse(known: Known, fault: Fault, verdict: Verdict | null): TurnDecision {
  return { ...known, decided: null, fault, verdict }
}

function isServed(models: Parameters<typeof candidates>[1], { upstreams }: Snapshot): boolean {
  return candidates(upstreams, models, endpoint.api).length > 0
}

const servedElsewhere: Fault = fault(
  'model_not_found',
  'the upstream of this connection does not serve the model: ask for it in a request of its own',
  { param: 'model', reason: 'model_not_found' },
)
