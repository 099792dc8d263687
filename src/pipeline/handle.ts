import { readCredential } from '../identity/credentials.ts'
import type { PolicyInput } from '../model/decision.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import type { BodyAllowance, ClientExchange } from '../model/ports.ts'
import type { RequestHead } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { type Delivery, forward } from '../upstream/forward.ts'
import { answerHere } from './answers.ts'
import type { BodyBudget } from './body-budget.ts'
import { type Prepared, prepare } from './prepare.ts'
import { auditUnavailable, challenged, credentialFault, methodFault } from './refusals.ts'
import type { Snapshot } from './snapshot.ts'
import { Trail, type TrailPorts } from './trail.ts'

export interface PipelinePorts extends TrailPorts {
  /** Told of a bug, with the request that met it; must not throw. */
  readonly bug: (cause: unknown, requestId: string) => void
  /** The request bodies in memory, of this process. */
  readonly bodies: BodyBudget
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
  if (exchange.stopped) return exchange.stopped
  const allowance = ports.bodies.open(`${known.value.issuer}\n${known.value.id}`)
  try {
    return await proceed(head, known.value, exchange, snapshot, trail, allowance)
  } finally {
    allowance.release()
  }
}

/** What a known caller asks for: judged, written down, then done. */
async function proceed(
  head: RequestHead,
  principal: Principal,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
  allowance: BodyAllowance,
): Promise<Fault | null> {
  const prepared = await prepare(head, principal, exchange, snapshot, trail, allowance)
  if (!prepared.ok) return prepared.fault
  const { value: allowed } = prepared
  if (!(await trail.authorize(allowed.by === 'upstream' ? allowed.upstream : null))) return auditUnavailable
  if (exchange.stopped) return exchange.stopped
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

async function answer(
  input: PolicyInput,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
): Promise<Fault | null> {
  await answerHere(snapshot, input, exchange)
  if (exchange.stopped) return exchange.stopped
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
