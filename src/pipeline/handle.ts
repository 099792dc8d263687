import type { AnswerKind } from '../endpoints/endpoint.ts'
import { type JsonBody, parseJsonBody } from '../endpoints/json.ts'
import { mediaFault } from '../endpoints/media-type.ts'
import { type Route, route } from '../endpoints/route.ts'
import { readCredential } from '../identity/credentials.ts'
import type { PolicyInput } from '../model/decision.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import type { ClientExchange } from '../model/ports.ts'
import type { ModelFact, RequestFacts, RequestHead, UpstreamRequest } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { shapeRequest } from '../shape/request.ts'
import { type Delivery, forward } from '../upstream/forward.ts'
import { answerHere, isAnsweredHere } from './answers.ts'
import { candidates, judge, policyInput } from './judge.ts'
import {
  auditUnavailable,
  challenged,
  credentialFault,
  decisionFault,
  methodFault,
  modelNotFound,
  objectRefused,
} from './refusals.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'
import { Trail, type TrailPorts } from './trail.ts'

export interface PipelinePorts extends TrailPorts {
  /** Told of a bug, with the request that met it; must not throw. */
  readonly bug: (cause: unknown, requestId: string) => void
}

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
type Prepared =
  | { readonly by: 'proxy'; readonly input: PolicyInput }
  | {
      readonly by: 'upstream'
      readonly upstream: ServingUpstream
      readonly request: UpstreamRequest
      readonly answer: AnswerKind
    }

/**
 * One request from its head to its last audit event, by one snapshot. `headFault` says why the head alone refuses it.
 * Never throws; every path ends in exactly one decision event and one answer, or in a connection that is gone.
 */
export async function handle(
  head: RequestHead,
  headFault: Fault | null,
  exchange: ClientExchange,
  snapshot: Snapshot,
  ports: PipelinePorts,
): Promise<void> {
  const trail = new Trail(head, exchange, snapshot.policy.digest, ports)
  try {
    const refusal = await run(head, headFault, exchange, snapshot, trail, ports)
    if (refusal) await trail.refuse(refusal)
  } catch (cause) {
    ports.bug(cause, head.id)
    if (exchange.started) exchange.cut()
    await trail.refuse(fault('internal', 'internal error'))
  } finally {
    trail.close()
  }
}

/** The stages in order; what is answered is the first fault. Null: the request was answered. */
async function run(
  head: RequestHead,
  headFault: Fault | null,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
  ports: PipelinePorts,
): Promise<Fault | null> {
  if (!ports.audit.writable) return auditUnavailable
  const early = headFault ?? methodFault(head.method)
  if (early) return early
  const caller = authenticate(head, snapshot, trail)
  const known = caller instanceof Promise ? await caller : caller
  if (!known.ok) return known.fault
  const prepared = await prepare(head, known.value, exchange, snapshot, trail)
  if (!prepared.ok) return prepared.fault
  const { value: allowed } = prepared
  if (!(await trail.authorize(allowed.by === 'upstream' ? allowed.upstream : null))) return auditUnavailable
  if (exchange.gone) {
    trail.complete({ outcome: 'client_gone', status: 0, facts: {}, firstByteAt: 0 })
    return null
  }
  return allowed.by === 'upstream' ? pass(allowed, exchange, trail) : answer(allowed.input, exchange, snapshot, trail)
}

/** Answers at once where the credential was verified before, so that the common request waits for nothing. */
function authenticate(
  head: RequestHead,
  snapshot: Snapshot,
  trail: Trail,
): Result<Principal, Fault> | Promise<Result<Principal, Fault>> {
  const credential = readCredential(head.rawHeaders)
  if (!credential.ok) return failed(challenged(credential.fault))
  const verification = snapshot.authenticate(credential.value)
  return verification instanceof Promise
    ? verification.then((outcome) => identified(outcome, trail))
    : identified(verification, trail)
}

function identified(
  verification: Awaited<ReturnType<Snapshot['authenticate']>>,
  trail: Trail,
): Result<Principal, Fault> {
  if (verification.outcome !== 'verified') {
    const { method, issuer } = verification
    if (method !== null) trail.identified({ method, ...(issuer === undefined ? {} : { issuer }) })
    return failed(credentialFault(verification))
  }
  const { principal, cache } = verification
  trail.identified({ principal, cache })
  return ok(principal)
}

/** Reads what is asked for, only now, since a stranger must not make us buffer or parse; then decides and shapes it. */
async function prepare(
  head: RequestHead,
  principal: Principal,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
): Promise<Result<Prepared, Fault>> {
  const found = route(head.method, head.target)
  if (!found.ok) return found
  const { endpoint } = found.value
  const unfit = mediaFault(endpoint, head)
  if (unfit) return failed(unfit)
  if (endpoint.body === 'none') return judged(head, principal, found.value, null, snapshot, trail)
  const { maxBodyBytes, timeouts } = snapshot.settings.listen
  const bytes = await exchange.readBody(head.contentLength, maxBodyBytes, timeouts.bodyMs)
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
  const [object] = facts.objects
  if (object && upstream.settings.isolation !== 'off') return failed(objectRefused(object.key))
  return ok(upstream)
}

async function answer(
  input: PolicyInput,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
): Promise<Fault | null> {
  const refused = await answerHere(snapshot, input, exchange)
  if (refused) return refused
  trail.complete({ outcome: exchange.gone ? 'client_gone' : 'answered', status: 200, facts: {}, firstByteAt: 0 })
  return null
}

/** Sends the judged request on and the answer back. A fault is returned while it can still be answered. */
async function pass(
  { upstream, request, answer: kind }: Extract<Prepared, { by: 'upstream' }>,
  exchange: ClientExchange,
  trail: Trail,
): Promise<Fault | null> {
  const delivery = await forward(upstream, request, exchange, upstream.answerShape(kind, request.askedUsage))
  if (delivery.outcome === 'failed') {
    return delivery.fault ?? fault('upstream_unavailable', 'the upstream did not answer')
  }
  if (delivery.outcome === 'broken') breakOff(exchange, delivery)
  trail.complete(delivery)
  return null
}

/** After the first byte of a stream an error is one event and the end, without `[DONE]`; any other answer is cut. */
function breakOff(exchange: ClientExchange, { stream, midEvent, fault: reason }: Delivery): void {
  const broken = reason ?? fault('upstream_unavailable', 'the upstream broke off')
  if (stream) exchange.breakStream(broken, midEvent)
  else exchange.cut()
}
