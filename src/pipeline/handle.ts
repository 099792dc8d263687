import { takesForm } from '../endpoints/media-type.ts'
import type { Route } from '../endpoints/route.ts'
import type { PolicyInput } from '../model/decision.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import type { ClientExchange, Clock } from '../model/ports.ts'
import type { RequestHead } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Delivery } from '../upstream/delivery.ts'
import { forward } from '../upstream/forward.ts'
import { answerHere } from './answers.ts'
import { judgedBatch } from './batch.ts'
import { holdsLines } from './batch-verdict.ts'
import { callerOf } from './body-budget.ts'
import { type CallPorts, makeCall } from './calls/make-call.ts'
import { passed } from './delivered.ts'
import { readNothing } from './empty-body.ts'
import { invited } from './invitation.ts'
import { deliverMinted } from './minted-answer.ts'
import { deliverOwned } from './own-list.ts'
import { opened, passThrough } from './passthrough.ts'
import { judged, type Prepared, routed } from './prepare.ts'
import { presented } from './presented.ts'
import { converse } from './realtime/converse.ts'
import { auditUnavailable, challenged, credentialFault, methodFault, notFound } from './refusals.ts'
import { grantBehind } from './session-grant.ts'
import type { Snapshot } from './snapshot.ts'
import { Trail, type TrailPorts } from './trail.ts'
import { deniedUnread } from './unread.ts'
import { Holding, type HoldingPorts, readForm } from './upload.ts'

type ForUpstream = Extract<Prepared, { by: 'upstream' }>

export interface PipelinePorts extends TrailPorts, HoldingPorts, CallPorts {}

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
    const known = admitted(head, headFault, snapshot, trail, ports)
    const caller = known instanceof Promise ? await known : known
    // Who was told that the proxy stops, while its credential was still being checked, was told nothing else.
    const refusal = caller.ok
      ? await proceed(head, caller.value, exchange, snapshot, trail, ports)
      : (exchange.stopped ?? caller.fault)
    if (refusal) await trail.refuse(invited(refusal, snapshot.signIn()))
  } catch (cause) {
    ports.bug(cause, head.id)
    if (exchange.started) exchange.cut()
    await trail.refuse(fault('internal', 'internal error'))
  } finally {
    trail.close()
  }
}

/** Who asks, as far as the head tells. */
function admitted(
  head: RequestHead,
  headFault: Fault | null,
  snapshot: Snapshot,
  trail: Trail,
  ports: PipelinePorts,
): Result<Principal, Fault> | Promise<Result<Principal, Fault>> {
  if (!ports.audit.writable) return failed(auditUnavailable)
  const early = headFault ?? methodFault(head)
  return early ? failed(early) : authenticate(head, snapshot, trail)
}

/**
 * What a known caller asks for: read (only now, since a stranger must not make us buffer or parse), judged, written down,
 * then done. The stages in order; what is answered is the first fault. Null: the request was answered. One function, for
 * each one that waits costs a request what deciding it costs.
 */
async function proceed(
  head: RequestHead,
  principal: Principal,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
  ports: PipelinePorts,
): Promise<Fault | null> {
  if (exchange.stopped) return exchange.stopped
  const found = routed(head, exchange.upgrade, trail)
  if (!found.ok) {
    const open = opened(head, found.fault, snapshot)
    if (open === null) return notFound(head.method, found.fault)
    return open.ok ? passThrough(open.value, { head, principal, exchange, snapshot, trail }, ports) : open.fault
  }
  const holding = new Holding(ports, callerOf(principal))
  let queued: Promise<void> | undefined
  try {
    const prepared = await whole(head, principal, found.value, exchange, holding, snapshot, trail)
    if (!prepared.ok) return prepared.fault
    const allowed = prepared.value
    if (!(await trail.authorize(allowed.by === 'proxy' ? null : allowed.upstream))) return auditUnavailable
    if (exchange.stopped) return exchange.stopped
    if (exchange.gone) {
      trail.complete({ outcome: 'client_gone', status: 0, facts: {}, firstByteAt: 0 })
      return null
    }
    if (allowed.by === 'proxy') return await answer(allowed.input, exchange, snapshot, trail)
    if (allowed.by === 'session') {
      return await converse(allowed.wanted, { head, principal, exchange, snapshot, trail }, ports)
    }
    if (allowed.by === 'call') {
      const served = { head, principal, exchange, snapshot, trail }
      return await makeCall(allowed.wanted, served, ports, () => holding.release())
    }
    const delivery = await sent(allowed, exchange, holding, ports.clock)
    queued = delivery.queued
    return passed(delivery, exchange, trail)
  } finally {
    // Who leaves before there is a connection must not be able to leave a body behind that nobody counts.
    if (queued === undefined) holding.release()
    else void queued.then(() => holding.release())
  }
}

/**
 * The request as it is judged, once its body is there. Not a part of `proceed`: what a function names stays in memory
 * while it waits, and where a body is sent on in other words the one that was read would be held with it to the end.
 */
function whole(
  head: RequestHead,
  principal: Principal,
  found: Route,
  exchange: ClientExchange,
  holding: Holding,
  snapshot: Snapshot,
  trail: Trail,
): Result<Prepared, Fault> | Promise<Result<Prepared, Fault>> {
  const { listen } = snapshot.settings
  if (found.endpoint.body === 'none') {
    if (!head.hasBody) return judged(head, principal, found, null, snapshot, trail)
    return readNothing(head, exchange, listen.timeouts.bodyMs, holding.memory).then((refused) =>
      refused ? failed(refused) : judged(head, principal, found, null, snapshot, trail),
    )
  }
  if (takesForm(found.endpoint, head)) {
    const denied = deniedUnread(head, principal, found, snapshot, trail)
    if (denied) return failed(denied)
    return readForm(head, exchange, listen, holding).then((upload) => {
      if (!upload.ok) return upload
      trail.received(upload.value.form.bytes)
      if (holdsLines(found, upload.value.form)) {
        return judgedBatch({ head, principal, found, upload: upload.value, exchange, holding, snapshot, trail })
      }
      return judged(head, principal, found, upload.value, snapshot, trail)
    })
  }
  const { maxBodyBytes, timeouts } = listen
  return exchange.readBody(head.contentLength, maxBodyBytes, timeouts.bodyMs, holding.memory).then((bytes) => {
    if (!bytes.ok) return bytes
    trail.received(bytes.value.length)
    return judged(head, principal, found, bytes.value, snapshot, trail)
  })
}

/** What goes upstream, and its answer. */
function sent(
  { upstream, request, answer: kind, owned, minting }: ForUpstream,
  exchange: ClientExchange,
  { memory }: Holding,
  clock: Clock,
): Promise<Delivery> {
  const shape = upstream.answerShape(kind, request.askedUsage)
  if (minting !== null) return deliverMinted({ upstream, request, exchange, shape, memory }, minting, clock)
  if (owned === null) return forward(upstream, request, exchange, shape)
  return deliverOwned({ upstream, request, exchange, shape, memory }, owned)
}

/** Answers at once where the credential was verified before, so that the common request waits for nothing. */
function authenticate(
  head: RequestHead,
  snapshot: Snapshot,
  trail: Trail,
): Result<Principal, Fault> | Promise<Result<Principal, Fault>> {
  const credential = presented(head, snapshot)
  if (!credential.ok) return failed(challenged(credential.fault))
  const grant = grantBehind(head, credential.value, snapshot, trail.startedAt)
  if (!grant.ok) return failed(grant.fault)
  // Who has a secret of a session is who it was made for, as long as that one's own credential is good.
  const isEphemeral = grant.value !== null
  const verification = snapshot.authenticate(grant.value?.credential ?? credential.value, head.clientIp)
  return verification instanceof Promise
    ? verification.then((outcome) => identified(outcome, isEphemeral, trail))
    : identified(verification, isEphemeral, trail)
}

const EPHEMERAL = { ephemeral: true } as const

function identified(
  verification: Awaited<ReturnType<Snapshot['authenticate']>>,
  isEphemeral: boolean,
  trail: Trail,
): Result<Principal, Fault> {
  if (verification.outcome !== 'verified') {
    const { method, issuer } = verification
    const key = verification.outcome === 'rejected' ? verification.key : undefined
    const known = { ...(issuer === undefined ? {} : { issuer }), ...(key === undefined ? {} : { key }) }
    const by = isEphemeral ? { ...known, ...EPHEMERAL } : known
    if (method !== null) trail.identified({ method, ...by })
    return failed(credentialFault(verification))
  }
  const { principal, cache } = verification
  trail.identified(isEphemeral ? { principal, cache, ...EPHEMERAL } : { principal, cache })
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
