import type { Mint } from '../endpoints/realtime/mints.ts'
import type { Route } from '../endpoints/route.ts'
import type { Decision, PolicyInput } from '../model/decision.ts'
import type { Fault } from '../model/fault.ts'
import type { JsonBody } from '../model/json.ts'
import type { OperationName, RequestFacts, RequestHead } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { DecisionNote } from './decided.ts'
import { candidates, judge } from './judge.ts'
import { isSealing } from './owners.ts'
import { decisionFault, modelNotFound } from './refusals.ts'
import type { DecidingPolicy, ServingUpstream, Snapshot } from './snapshot.ts'

/** A request for a secret, as far as it was read. */
export interface MintRequest {
  readonly head: RequestHead
  readonly found: Route
  readonly mint: Mint
  readonly body: JsonBody
  readonly facts: RequestFacts
  /** With the model that is meant. */
  readonly input: PolicyInput
  readonly alias: string | null
  /** Of the caller's credential; null when it does not expire. Epoch seconds. */
  readonly expiresAt: number | null
}

/** A session that may be set up, and opened. */
export interface MintDecisions {
  readonly upstream: ServingUpstream
  /** What the session is decided by when it is opened. */
  readonly opening: PolicyInput
  /** That they were decided in. */
  readonly workspace: Decision['workspace']
  /** True where both would be allowed for another model. */
  readonly mayBe: (model: string) => boolean
}

/**
 * Decides a request for a secret by all that it comes to: making the secret, and opening the session that it opens as it
 * is set up. The upstream is the first one for which both are allowed; the decision is that of the one that is not, else
 * that of making it.
 */
export function decideMint(
  {
    found,
    mint,
    facts,
    input,
  }: Pick<MintRequest, 'found' | 'facts' | 'input'> & { readonly mint: Pick<Mint, 'opens'> },
  { policy, upstreams }: Snapshot,
  trail: DecisionNote,
): Result<MintDecisions, Fault> {
  const { model } = input
  const opening: PolicyInput = { ...input, operation: mint.opens, stream: true }
  const serving = candidates(upstreams, [model, ...facts.nestedModels], found.endpoint.api)
  // A stored object can only be meant for an upstream that keeps nobody apart.
  const open = facts.objects.length === 0 ? serving : serving.filter((upstream) => !isSealing(upstream))
  const asked = { inputs: [input, opening] as const, nested: facts.nestedModels }
  const began = performance.now()
  const { decision, operation, upstream } = judgeBoth(policy, asked, open.length > 0 ? open : serving)
  const latencyNs = Math.round((performance.now() - began) * 1e6)
  const { shadow } = policy
  const whole = shadow && judgeBoth(shadow, asked, open.length > 0 ? open : serving).decision
  trail.decided({ decision, latencyNs, shadow: whole && shadow.verdict(decision, whole) })
  if (serving.length === 0) return failed(modelNotFound(typeof model === 'string' ? model : 'named in the request'))
  if (decision.effect !== 'allow') return failed(decisionFault(decision, { operation, model: facts.model }))
  if (upstream === null) throw new Error('an allow without an upstream')
  const mayBe = (other: string) => {
    const inputs = [
      { ...input, model: other },
      { ...opening, model: other },
    ] as const
    return judgeBoth(policy, { inputs, nested: [] }, [upstream]).decision.effect === 'allow'
  }
  return ok({ upstream, opening, workspace: decision.workspace, mayBe })
}

interface Asked {
  readonly inputs: readonly [own: PolicyInput, opening: PolicyInput]
  readonly nested: readonly string[]
}

interface Both {
  readonly decision: Decision
  /** Of which one it is. */
  readonly operation: OperationName
  readonly upstream: ServingUpstream | null
}

/** The outcome nearest to an allow, of all upstreams that serve. */
function judgeBoth(
  policy: Pick<DecidingPolicy, 'speaksOfUpstream' | 'decide'>,
  asked: Asked,
  serving: readonly ServingUpstream[],
): Both {
  let nearest: Both | null = null
  for (const upstream of policy.speaksOfUpstream ? serving : serving.slice(0, 1)) {
    const both = bothAt(policy, asked, [upstream])
    if (both.decision.effect === 'allow') return { ...both, upstream }
    if (nearest === null || (nearest.decision.effect === 'deny' && both.decision.effect === 'step_up')) nearest = both
  }
  return nearest ?? bothAt(policy, asked, [])
}

/** A denial of either stands, then a step-up of either. */
function bothAt(
  policy: Pick<DecidingPolicy, 'speaksOfUpstream' | 'decide'>,
  { inputs, nested }: Asked,
  serving: readonly ServingUpstream[],
): Both {
  const [own, opening] = inputs
  const [made, opened] = [own, opening].map((input) => judge(policy, input, nested, serving).decision)
  if (made === undefined || opened === undefined) throw new Error('two are decided')
  const isOwn =
    made.effect === 'deny' || opened.effect === 'allow' || (made.effect === 'step_up' && opened.effect !== 'deny')
  const [decision, { operation }] = isOwn ? [made, own] : [opened, opening]
  return { decision, operation, upstream: null }
}
