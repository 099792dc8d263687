import { randomBytes } from 'node:crypto'
import type { CallForm } from '../../endpoints/realtime/call-form.ts'
import { hasPrompt } from '../../endpoints/realtime/told-session.ts'
import type { Route } from '../../endpoints/route.ts'
import { labelledCall } from '../../model/call-id.ts'
import type { PolicyInput } from '../../model/decision.ts'
import type { Fault } from '../../model/fault.ts'
import type { Credential, Principal } from '../../model/identity.ts'
import type { RequestFacts, RequestHead, UpstreamRequest } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { type CallOffer, offerOfSound } from '../../shape/call-offer.ts'
import { edited } from '../../shape/edits.ts'
import { callForm, callHeaders } from '../../shape/made-call.ts'
import { mintEdits } from '../../shape/minted-session.ts'
import { decideMint } from '../mint-decision.ts'
import { isSealing, ownersOf } from '../owners.ts'
import { presented } from '../presented.ts'
import type { Opened } from '../realtime/message-judge.ts'
import { objectRefused, objectsUnavailable, promptRefused, unplacedRefused } from '../refusals.ts'
import type { ServingUpstream, Snapshot } from '../snapshot.ts'
import type { Trail } from '../trail.ts'

/** A form that asks for a call, and who sent it. */
export interface CallRequest {
  readonly head: RequestHead
  readonly principal: Principal
  readonly found: Route
  readonly form: CallForm
  /** With the model that is meant. */
  readonly input: PolicyInput
  readonly alias: string | null
}

/** A call that may be made. */
export interface WantedCall {
  readonly upstream: ServingUpstream
  readonly request: UpstreamRequest
  readonly offer: CallOffer
  /** What was asked for, for when it is decided again. */
  readonly facts: RequestFacts
  /** Its session, as who listens to it for the proxy opens it. */
  readonly opened: Opened
  readonly credential: Credential
  /** The id as its caller is told it; null where it cannot be sealed. */
  readonly name: (id: string) => string | null
}

const BOUNDARY_BYTES = 24
/** What the session of a call may be, beside the form that holds it. */
const PLACE = { session: null, limit: 'max_output_tokens' } as const

/**
 * A call that is to be made: decided twice, as what it is and as the session that comes of it, for one upstream; its offer
 * without all but the sound, its session as the policy's transforms ask.
 *
 * Faults: those of the policy; `invalid_body` for an offer that is none of sound, and for a stored object where callers are
 * kept apart; `objects_unavailable`.
 */
export function wantedCall(asked: CallRequest, snapshot: Snapshot, trail: Trail): Result<WantedCall, Fault> {
  const { head, principal, found, form, input, alias } = asked
  const { facts, session } = form
  const decided = decideMint({ found, mint: { opens: 'realtime' }, facts, input }, snapshot, trail)
  if (!decided.ok) return decided
  const { upstream, opening, workspace } = decided.value
  const [object] = isSealing(upstream) ? facts.objects : []
  if (object !== undefined) return failed(objectRefused(object.key, 'session'))
  const offer = offerOfSound(form.sdp)
  if (!offer.ok) return offer
  const obligations = snapshot.policy.obligations(opening)
  if (obligations?.unplaced) return failed(unplacedRefused(facts.operation, obligations.unplaced))
  if (obligations !== null && obligations.prepend !== null && hasPrompt(session.value)) return failed(promptRefused)
  if (obligations !== null) trail.obliged(obligations.names)
  const owners = ownersOf({ workspace }, principal, [upstream], snapshot)
  if (owners === null && isSealing(upstream)) return failed(objectsUnavailable)
  const credential = presented(head, snapshot)
  if (!credential.ok) return credential
  const { model } = opening
  const sealer = owners?.get(upstream)?.sealer ?? null
  const named = alias !== null && typeof model === 'string' ? model : null
  const text = edited(session.text, mintEdits(session, PLACE, named, obligations))
  return ok({
    upstream,
    request: requestOf(upstream, callFormOf(offer.value.text, text), head.traceparent),
    offer: offer.value,
    facts,
    opened: openedBy(asked, upstream, model, obligations),
    credential: credential.value,
    name: (id) => (sealer === null ? id : sealed(id, typeof model === 'string' ? model : null, sealer.suffix)),
  })
}

/** With its model where there is room for it: without that a grant of a model opens it for nobody. */
function sealed(id: string, model: string | null, suffix: (id: string) => string | null): string | null {
  const labelled = model === null ? id : labelledCall(id, model)
  const whole = suffix(labelled)
  if (whole !== null) return labelled + whole
  const bare = suffix(id)
  return bare === null ? null : id + bare
}

function callFormOf(sdp: string, session: string): { readonly body: Buffer; readonly type: string } {
  const boundary = randomBytes(BOUNDARY_BYTES).toString('hex')
  return { body: callForm(sdp, session, boundary), type: `multipart/form-data; boundary=${boundary}` }
}

function requestOf(
  { basePath, settings }: ServingUpstream,
  { body, type }: { readonly body: Buffer; readonly type: string },
  traceparent: string | undefined,
): UpstreamRequest {
  const headers = callHeaders(settings.apiKey, 'application/sdp', traceparent, type)
  return { method: 'POST', path: `${basePath}/realtime/calls`, headers, body, askedUsage: false }
}

/** As who joins a call opens it: what its upstream tells of it first is judged. */
function openedBy(
  { head, form: { facts }, alias }: CallRequest,
  upstream: ServingUpstream,
  model: PolicyInput['model'],
  obligations: Opened['obligations'],
): Opened {
  const idle = {
    ...{ operation: 'realtime', model, nestedModels: [], stream: true, maxOutputTokens: 0, urls: [], objects: [] },
    tools: { functions: [], hosted: [] },
    input: { bytes: facts.input.bytes, images: false, files: false, audio: false },
  }
  const set = { dialect: 'realtime', providerSecret: null, told: null, joins: true } as const
  return { ...set, head, facts: idle, model, alias, obligations, upstream }
}
