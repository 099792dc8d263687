import { randomBytes } from 'node:crypto'
import type { AnswerKind, Endpoint } from '../endpoints/endpoint.ts'
import { parseJsonBody } from '../endpoints/json.ts'
import { mediaFault } from '../endpoints/media-type.ts'
import { messageHead } from '../endpoints/message-head.ts'
import { describeForm } from '../endpoints/multipart/describe-form.ts'
import { formFieldsOf } from '../endpoints/multipart/forms.ts'
import { writeForm } from '../endpoints/multipart/written.ts'
import { readCallForm } from '../endpoints/realtime/call-form.ts'
import { mintOf } from '../endpoints/realtime/mints.ts'
import { type Route, route } from '../endpoints/route.ts'
import type { PolicyInput } from '../model/decision.ts'
import type { Fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import { openedBy } from '../model/operations.ts'
import type { ClientUpgrade } from '../model/ports.ts'
import type { RequestFacts, RequestHead, UpstreamRequest } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Obligations } from '../model/transforms.ts'
import type { FormToSend } from '../shape/form.ts'
import { shapeRequest } from '../shape/request.ts'
import { isAnsweredHere } from './answers.ts'
import { holdsLines } from './batch-verdict.ts'
import { type WantedCall, wantedCall } from './calls/wanted-call.ts'
import { decide } from './decided.ts'
import { policyInput } from './judge.ts'
import { type Minted, type Minting, minted } from './minting.ts'
import { bodyEdits, type Owned, type OwnedAnswer } from './ownership.ts'
import type { Conversation } from './realtime/converse.ts'
import { handshakeFault } from './realtime/handshake.ts'
import { noPlaceForText, notCarried, unplacedRefused } from './refusals.ts'
import { grantedSession } from './session-grant.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'
import type { Trail } from './trail.ts'
import { fieldsOf, filenamesOf, type UploadedForm } from './upload.ts'

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
      /** Null where the upstream keeps nobody apart, or the request speaks of nothing that is kept. */
      readonly owned: OwnedAnswer | null
      /** Null where the answer holds no secret for a session. */
      readonly minting: Minting | null
    }
  | { readonly by: 'session'; readonly upstream: ServingUpstream; readonly wanted: Conversation }
  | { readonly by: 'call'; readonly upstream: ServingUpstream; readonly wanted: WantedCall }

const BOUNDARY_BYTES = 24
const PLAIN_HEAD = ok(null)
const NO_FILES: readonly string[] = []

/** The endpoint that is asked for, and whether a body of this kind, or this upgrade, can be meant for it. */
export function routed(head: RequestHead, upgrade: ClientUpgrade | null, trail: Trail): Result<Route, Fault> {
  const found = route(head.method, head.target)
  if (!found.ok) return found
  trail.routed(found.value.endpoint.operation)
  const { endpoint } = found.value
  const unfit =
    notCarried(endpoint) ??
    mediaFault(endpoint, head) ??
    (endpoint.dialect === null ? null : handshakeFault(head, endpoint.operation, upgrade !== null))
  return unfit ? failed(unfit) : found
}

/**
 * Facts, decision and what is sent, in one go: nothing waits while the parsed body is in memory. `sent`: the bytes of a
 * JSON body, or a form that was read.
 */
export function judged(
  head: RequestHead,
  principal: Principal,
  found: Route,
  sent: Buffer | UploadedForm | null,
  snapshot: Snapshot,
  trail: Trail,
): Result<Prepared, Fault> {
  const upload = sent === null || Buffer.isBuffer(sent) ? null : sent
  const judgedFor = upload?.judgedFor ?? null
  if (upload && judgedFor === null && holdsLines(found, upload.form)) throw new Error('lines that nobody judged')
  const parsed = Buffer.isBuffer(sent) ? parseJsonBody(sent) : ok(null)
  if (!parsed.ok) return parsed
  const body = parsed.value
  const call = upload && isCall(found) ? readCallForm(upload.form) : ok(null)
  if (!call.ok) return call
  const described = call.value
    ? ok(call.value.facts)
    : upload
      ? describeForm(upload.form, formFieldsOf(found.endpoint.operation))
      : found.endpoint.describe(body, found.parameters, found.query)
  if (!described.ok) return described
  const facts = withObjects(described.value, found)
  const named = facts.model
  const set = grantedSession(head, found, named, snapshot, trail.startedAt)
  if (!set.ok) return set
  const granted = set.value
  const { model, alias } =
    granted ??
    (typeof named === 'string' && isRenamable(found.endpoint)
      ? snapshot.policy.resolveModel(named)
      : { model: named, alias: null })
  const meant = granted?.head ?? head
  trail.described(facts, model ?? null, alias, meant)
  const input = policyInput(principal, meant, facts, model, trail.startedAt)
  if (call.value) {
    const wanted = wantedCall({ head, principal, found, form: call.value, input, alias }, snapshot, trail)
    return wanted.ok ? ok({ by: 'call', upstream: wanted.value.upstream, wanted: wanted.value }) : wanted
  }
  const mint = mintOf(facts.operation)
  if (mint !== null && body !== null) {
    const { expiresAt } = principal
    return preparedMint(minted({ head, found, mint, body, facts, input, alias, expiresAt }, snapshot, trail), found)
  }
  const fields = upload && fieldsOf(upload)
  const filenames = upload ? filenamesOf(upload) : NO_FILES
  // Whether a chat is stored, and so is somebody's, depends on them.
  const obligations = snapshot.policy.obligations(input)
  const store = obligations?.set.store
  const asked = { found, body, fields, filenames, noted: described.value.objects, judgedFor, store }
  const fitting = granted === null ? snapshot : { ...snapshot, upstreams: granted.upstreams }
  const decided = decide(asked, principal, facts, input, fitting, trail)
  if (!decided.ok) return decided
  if (isAnsweredHere(facts.operation)) return ok({ by: 'proxy', input })
  const { upstream, owned } = decided.value
  const { basePath, settings } = upstream
  const { apiKey } = settings
  const said = settings.kind === 'anthropic' ? messageHead(head.rawHeaders) : PLAIN_HEAD
  if (!said.ok) return said
  if (obligations?.unplaced) return failed(unplacedRefused(facts.operation, obligations.unplaced))
  if (obligations) trail.obliged(obligations.names)
  const { dialect } = found.endpoint
  if (dialect !== null) {
    const { credential = null, providerSecret = null, told = null } = granted?.grant ?? {}
    const goes = owned === null ? { route: found, owned } : { route: owned.target, owned: owned.answer }
    const joins = joinsCall(found)
    const opened = { head: meant, dialect, facts, model, alias, joins, obligations, credential, providerSecret, told }
    const wanted = { ...opened, upstream, ...goes }
    return withoutPlace(found, obligations) ?? ok({ by: 'session', upstream, wanted })
  }
  const request = shapeRequest({
    route: owned === null ? found : { ...found, ...owned.target },
    body,
    form: upload && formToSend(upload, owned),
    facts,
    model,
    alias,
    obligations,
    ...(owned === null ? {} : { opening: bodyEdits(owned) }),
    basePath,
    apiKey,
    messageHead: said.value,
    traceparent: head.traceparent,
  })
  const { answer } = found.endpoint
  return ok({ by: 'upstream', upstream, request, answer, owned: owned?.answer ?? null, minting: null })
}

function preparedMint(mint: Result<Minted, Fault>, { endpoint }: Route): Result<Prepared, Fault> {
  if (!mint.ok) return mint
  return ok({ by: 'upstream', ...mint.value, answer: endpoint.answer, owned: null })
}

function isCall({ endpoint }: Route): boolean {
  return endpoint.operation === 'realtime.calls.create'
}

/** True for a session of a call that was made before. */
function joinsCall({ query }: Route): boolean {
  return query.split('&').some((parameter) => parameter.startsWith('call_id='))
}

/** A session that only writes down what it hears has no instructions that the policy's text could stand before. */
function withoutPlace({ query }: Route, obligations: Obligations | null): Result<never, Fault> | null {
  const isTranscription = query.split('&').includes('intent=transcription')
  return isTranscription && (obligations?.prepend ?? null) !== null ? failed(noPlaceForText) : null
}

/** Its boundary is made now, when the client has no more to say. */
function formToSend({ form, spool }: UploadedForm, owned: Owned | null): FormToSend {
  const boundary = randomBytes(BOUNDARY_BYTES).toString('hex')
  const opened = owned === null ? [] : owned.changes
  return {
    write: (changes) => writeForm(form, boundary, new Map([...opened, ...changes]), owned?.rename ?? undefined),
    read: (segments) => spool.read(segments),
  }
}

/** The facts of a request with the objects that its path and query name. */
export function withObjects(facts: RequestFacts, { objects }: Route): RequestFacts {
  return objects.length === 0 ? facts : { ...facts, objects: [...objects, ...facts.objects] }
}

/** An alias stands for its model only where the other name can be put in its place; elsewhere a name is that of a model. */
function isRenamable({ model, operation }: Endpoint): boolean {
  return model === 'required' || model === 'optional' || model === 'path' || openedBy(operation) !== null
}
