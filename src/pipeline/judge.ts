import type { Endpoint } from '../endpoints/endpoint.ts'
import type { Decision, PolicyInput, ShadowVerdict, UpstreamFacts } from '../model/decision.ts'
import type { Principal } from '../model/identity.ts'
import type { ModelFact, RequestFacts, RequestHead } from '../model/request.ts'
import type { DecidingPolicy, ServingUpstream } from './snapshot.ts'

/** What decides: the enforced rules of a policy, or all of them. */
type Deciding = Pick<DecidingPolicy, 'speaksOfUpstream' | 'decide'>

/** The outcome of the policy for a request: on an allow, the upstream that it was allowed for. */
export interface Judgement {
  readonly decision: Decision
  readonly upstream: ServingUpstream | null
}

/** A request header by its lower-case name; undefined when it is absent or stands more than once. */
export function headerReader(rawHeaders: readonly string[]): (name: string) => string | undefined {
  return (name) => {
    let value: string | undefined
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      if (rawHeaders[index]?.toLowerCase() !== name) continue
      if (value !== undefined) return undefined
      value = rawHeaders[index + 1]
    }
    return value
  }
}

/** `model`: the one that is meant, where the request names an alias. `at`: epoch milliseconds. */
export function policyInput(
  principal: Principal,
  head: RequestHead,
  facts: RequestFacts,
  model: ModelFact,
  at: number,
): PolicyInput {
  return {
    principal,
    operation: facts.operation,
    model,
    stream: facts.stream,
    maxOutputTokens: facts.maxOutputTokens,
    tools: facts.tools,
    input: facts.input,
    urls: facts.urls,
    storedSettings: facts.storedSettings === true,
    header: headerReader(head.rawHeaders),
    project: head.project,
    at,
    ip: head.clientIp,
    upstream: undefined,
  }
}

function upstreamFacts(upstream: ServingUpstream): UpstreamFacts {
  const { name, region, labels } = upstream.settings
  return { name, region: region ?? undefined, labels }
}

/** The upstreams that speak the API and serve every model that the request names; with no model named, all of them. */
export function candidates(
  upstreams: readonly ServingUpstream[],
  models: readonly ModelFact[],
  api: Endpoint['api'],
): ServingUpstream[] {
  return upstreams.filter(
    (upstream) =>
      (api === 'any' || upstream.settings.kind === api) &&
      models.every((model) => typeof model !== 'string' || upstream.serves(model)),
  )
}

/**
 * Decides a request for each upstream that could serve it, in order, and for each model that it names: the first
 * upstream for which all of them are allowed is the one. Otherwise the answer nearest to an allow stands.
 */
export function judge(
  policy: Deciding,
  input: PolicyInput,
  nestedModels: readonly string[],
  serving: readonly ServingUpstream[],
): Judgement {
  if (!policy.speaksOfUpstream || serving.length === 0) {
    const decision = decideModels(policy, input, nestedModels)
    return { decision, upstream: decision.effect === 'allow' ? (serving[0] ?? null) : null }
  }
  let nearest: Decision | null = null
  for (const upstream of serving) {
    const decision = decideModels(policy, { ...input, upstream: upstreamFacts(upstream) }, nestedModels)
    if (decision.effect === 'allow') return { decision, upstream }
    if (nearest === null || (nearest.effect === 'deny' && decision.effect === 'step_up')) nearest = decision
  }
  return { decision: nearest ?? policy.decide(input), upstream: null }
}

/** What would have come of it if the shadow rules were enforced, too; null where they make no difference. */
export function judgeShadow(
  { shadow }: DecidingPolicy,
  enforced: Decision,
  input: PolicyInput,
  nestedModels: readonly string[],
  serving: readonly ServingUpstream[],
): ShadowVerdict | null {
  return shadow?.verdict(enforced, judge(shadow, input, nestedModels, serving).decision) ?? null
}

/** Every model must be allowed: the first deny stands, else the first step-up, else the main model's allow. */
function decideModels(policy: Deciding, input: PolicyInput, nestedModels: readonly string[]): Decision {
  const main = policy.decide(input)
  if (nestedModels.length === 0 || main.effect === 'deny') return main
  const nested = nestedModels.map((model) => policy.decide({ ...input, model }))
  const refused = nested.find(({ effect }) => effect === 'deny') ?? nested.find(({ effect }) => effect === 'step_up')
  return refused && (refused.effect === 'deny' || main.effect === 'allow') ? refused : main
}
