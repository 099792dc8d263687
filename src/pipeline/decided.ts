import type { PolicyInput } from '../model/decision.ts'
import type { Fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import type { DecisionReason } from '../model/reasons.ts'
import type { RequestFacts } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { AskedObjects } from './asked-objects.ts'
import { candidates, type Judgement, judge, judgeShadow } from './judge.ts'
import { mayUse } from './listing.ts'
import { isAside, type Owned, place } from './ownership.ts'
import { decisionFault, modelNotFound } from './refusals.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'
import type { Verdict } from './verdict.ts'

/** Who is told of each decision; the last one is the request's. */
export interface DecisionNote {
  decided(verdict: Verdict): void
}

/** The upstream that a request goes to, and what it means there. */
export interface Placed {
  readonly upstream: ServingUpstream
  readonly owned: Owned | null
}

/** The policy's word: the upstream for which the request is allowed and that has what the request speaks of. */
export function decide(
  asked: AskedObjects,
  principal: Principal,
  facts: RequestFacts,
  input: PolicyInput,
  snapshot: Snapshot,
  trail: DecisionNote,
): Result<Placed, Fault> {
  const { model } = input
  const serving = candidates(snapshot.upstreams, [model, ...facts.nestedModels], asked.found.endpoint.api)
  const { decision, upstream } = decideFor(serving, facts, input, snapshot, trail)
  if (serving.length === 0) return failed(modelNotFound(typeof model === 'string' ? model : 'named in the request'))
  if (decision.effect !== 'allow') {
    const hidden = facts.operation === 'models.get' && isOfModel(decision.reason)
    if (hidden && typeof model === 'string') return failed({ ...modelNotFound(model), reason: decision.reason })
    return failed(decisionFault(decision, facts))
  }
  if (upstream === null) throw new Error('an allow without an upstream')
  // What the list does not show does not exist: the same answer, and the same event, as for a name that nobody serves.
  if (facts.operation === 'models.get' && typeof model === 'string' && !mayUse(snapshot, input, model)) {
    return failed({ ...modelNotFound(model), reason: 'model_not_allowed' })
  }
  if (isAside(asked)) return ok({ upstream, owned: null })
  const placed = place(asked, decision, principal, serving, snapshot)
  if (!placed.ok) return placed
  if (placed.value.serving.length === serving.length) return ok({ upstream, owned: placed.value.owned(upstream) })
  // Another upstream, another decision: that one is the request's.
  const fitting = decideFor(placed.value.serving, facts, input, snapshot, trail)
  if (fitting.decision.effect !== 'allow') return failed(decisionFault(fitting.decision, facts))
  if (fitting.upstream === null) throw new Error('an allow without an upstream')
  return ok({ upstream: fitting.upstream, owned: placed.value.owned(fitting.upstream) })
}

function isOfModel(reason: DecisionReason): boolean {
  return reason === 'model_not_allowed' || reason === 'key_model_not_allowed'
}

/** The decision for some upstreams, written down. */
function decideFor(
  serving: readonly ServingUpstream[],
  { nestedModels }: RequestFacts,
  input: PolicyInput,
  { policy }: Snapshot,
  trail: DecisionNote,
): Judgement {
  const began = performance.now()
  const judgement = judge(policy, input, nestedModels, serving)
  const latencyNs = Math.round((performance.now() - began) * 1e6)
  const shadow = judgeShadow(policy, judgement.decision, input, nestedModels, serving)
  trail.decided({ decision: judgement.decision, latencyNs, shadow })
  return judgement
}
