import type { AnswerKind } from '../endpoints/endpoint.ts'
import { type JsonBody, parseJsonBody } from '../endpoints/json.ts'
import { mediaFault } from '../endpoints/media-type.ts'
import { type Route, route } from '../endpoints/route.ts'
import type { PolicyInput } from '../model/decision.ts'
import type { Fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import type { BodyAllowance, ClientExchange } from '../model/ports.ts'
import type { ModelFact, RequestFacts, RequestHead, UpstreamRequest } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { shapeRequest } from '../shape/request.ts'
import { isAnsweredHere } from './answers.ts'
import { candidates, judge, policyInput } from './judge.ts'
import { mayUse } from './listing.ts'
import { decisionFault, modelNotFound, objectRefused } from './refusals.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'
import type { Trail } from './trail.ts'

/** A request of which all is known that the policy may speak of. */
interface Described {
  readonly route: Route
  readonly body: JsonBody | null
  readonly facts: RequestFacts
  readonly model: ModelFact
  readonly alias: string | null
}

/**
 * What an allowed request still needs. Of its body only the bytes that go upstream are kept: the parsed value is many
 * times larger, and an answer may take half an hour.
 */
export type Prepared =
  | { readonly by: 'proxy'; readonly input: PolicyInput }
  | {
      readonly by: 'upstream'
      readonly upstream: ServingUpstream
      readonly request: UpstreamRequest
      readonly answer: AnswerKind
    }

/** Reads what is asked for, only now, since a stranger must not make us buffer or parse; then decides and shapes it. */
export async function prepare(
  head: RequestHead,
  principal: Principal,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
  allowance: BodyAllowance,
): Promise<Result<Prepared, Fault>> {
  const found = route(head.method, head.target)
  if (!found.ok) return found
  const { endpoint } = found.value
  trail.routed(endpoint.operation)
  const unfit = mediaFault(endpoint, head)
  if (unfit) return failed(unfit)
  if (endpoint.body === 'none') return judged(head, principal, found.value, null, snapshot, trail)
  const { maxBodyBytes, timeouts } = snapshot.settings.listen
  const bytes = await exchange.readBody(head.contentLength, maxBodyBytes, timeouts.bodyMs, allowance)
  if (!bytes.ok) return bytes
  trail.received(bytes.value.length)
  const parsed = parseJsonBody(bytes.value)
  return parsed.ok ? judged(head, principal, found.value, parsed.value, snapshot, trail) : parsed
}

/** Facts, decision and what is sent, in one go: nothing waits while the parsed body is in memory. */
function judged(
  head: RequestHead,
  principal: Principal,
  found: Route,
  body: JsonBody | null,
  snapshot: Snapshot,
  trail: Trail,
): Result<Prepared, Fault> {
  const facts = found.endpoint.describe(body, found.parameters)
  if (!facts.ok) return facts
  const named = facts.value.model
  const { model, alias } =
    typeof named === 'string' ? snapshot.policy.resolveModel(named) : { model: named, alias: null }
  trail.described(facts.value, model ?? null, alias)
  const described = { route: found, body, facts: facts.value, model, alias }
  const input = { ...policyInput(principal, head, facts.value, trail.startedAt), model }
  const decided = decide(described, input, snapshot, trail)
  if (!decided.ok) return decided
  if (isAnsweredHere(facts.value.operation)) return ok({ by: 'proxy', input })
  const { basePath, settings } = decided.value
  const request = shapeRequest({ ...described, basePath, apiKey: settings.apiKey, traceparent: head.traceparent })
  return ok({ by: 'upstream', upstream: decided.value, request, answer: found.endpoint.answer })
}

/** The policy's word: the upstream for which the request is allowed. */
function decide(
  { facts, model }: Described,
  input: PolicyInput,
  snapshot: Snapshot,
  trail: Trail,
): Result<ServingUpstream, Fault> {
  const began = performance.now()
  const serving = candidates(snapshot.upstreams, [model, ...facts.nestedModels])
  const { decision, upstream } = judge(snapshot.policy, input, facts.nestedModels, serving)
  trail.decided(decision, Math.round((performance.now() - began) * 1e6))
  if (serving.length === 0) return failed(modelNotFound(typeof model === 'string' ? model : 'named in the request'))
  if (decision.effect !== 'allow') {
    const hidden = facts.operation === 'models.get' && decision.reason === 'model_not_allowed'
    if (hidden && typeof model === 'string') return failed({ ...modelNotFound(model), reason: decision.reason })
    return failed(decisionFault(decision, facts))
  }
  if (upstream === null) throw new Error('an allow without an upstream')
  // What the list does not show does not exist: the same answer, and the same event, as for a name that nobody serves.
  if (facts.operation === 'models.get' && typeof model === 'string' && !mayUse(snapshot, input, model)) {
    return failed({ ...modelNotFound(model), reason: 'model_not_allowed' })
  }
  const [object] = facts.objects
  if (object && upstream.settings.isolation !== 'off') return failed(objectRefused(object.key))
  return ok(upstream)
}
