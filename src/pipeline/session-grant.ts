import { isOpenedBySecret } from '../endpoints/realtime/mints.ts'
import { type Route, route } from '../endpoints/route.ts'
import type { Fault } from '../model/fault.ts'
import { fault } from '../model/fault.ts'
import type { Credential } from '../model/identity.ts'
import type { ModelFact, RequestHead } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { keepsSealingKeys } from '../model/sealing.ts'
import { isSessionSecret, openSessionSecret, type SessionGrant } from '../shape/session-secret.ts'
import { presented } from './presented.ts'
import { challenged, modelSwitched, objectRefused, objectsUnavailable } from './refusals.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'

/** Says nothing of why: who tries secrets learns only that they are none. */
const noSecret: Fault = challenged(
  fault('invalid_api_key', 'the credential is not valid here', { reason: 'bad_signature' }),
)

/**
 * What a secret grants that stands for the credential of a request; null where the credential is none. It counts for the
 * operation alone that it was made for, in the places where the clients of the API put it. `now`: epoch milliseconds.
 *
 * Does not check: the credential that it was made for, the policy.
 * Faults: `invalid_api_key`; `objects_unavailable` where the store's keys cannot be read.
 */
export function grantBehind(
  head: RequestHead,
  credential: Credential,
  { keyRing, settings }: Pick<Snapshot, 'keyRing' | 'settings'>,
  now: number,
): Result<SessionGrant | null, Fault> {
  if (credential.kind !== 'token' || !isSessionSecret(credential.token.reveal())) return NONE
  const { place, token } = credential
  const found = place === 'authorization' || place === 'subprotocol' ? route(head.method, head.target) : null
  if (!found?.ok || !isOpenedBySecret(found.value.endpoint.operation)) return failed(noSecret)
  const ring = keyRing()
  // Where there are no keys at all, nobody has made the secret.
  if (ring === null) return failed(keepsSealingKeys(settings) ? objectsUnavailable : noSecret)
  const grant = openSessionSecret(ring, token.reveal(), now)
  return grant?.operation === found.value.endpoint.operation ? ok(grant) : failed(noSecret)
}

const NONE: Result<null, never> = ok(null)

/** A session as its secret has it: the model that was decided when it was made, and the upstream that it was made at. */
export interface Granted {
  readonly grant: SessionGrant
  /** The request's own, in the workspace that the secret was made in. */
  readonly head: RequestHead
  readonly model: ModelFact
  readonly alias: string | null
  readonly upstreams: readonly ServingUpstream[]
}

/**
 * The same once more where the request is judged, with what the request itself may say beside it: no other model, and no
 * object. Null where no secret stands for the credential.
 *
 * Faults: those of `grantBehind`; `policy_denied` for another model, or where the alias stands for another one now;
 * `upstream_unavailable` where the upstream is not the one that made the secret any more.
 */
export function grantedSession(
  head: RequestHead,
  { endpoint, objects }: Route,
  named: ModelFact,
  snapshot: Snapshot,
  now: number,
): Result<Granted | null, Fault> {
  if (!isOpenedBySecret(endpoint.operation)) return NONE
  const credential = presented(head, snapshot)
  if (!credential.ok) return failed(credential.fault)
  const opened = grantBehind(head, credential.value, snapshot, now)
  if (!opened.ok) return opened
  const grant = opened.value
  if (grant === null) return NONE
  const { model, alias, upstream } = grant
  if (typeof named === 'string' && named !== model && named !== alias) {
    return failed(model === null ? modelUnsaid : modelSwitched(model))
  }
  const [object] = objects
  if (object !== undefined) return failed(objectRefused(object.key, 'secret'))
  if (alias !== null && snapshot.policy.resolveModel(alias).model !== model) return failed(modelSwitched(model ?? ''))
  const upstreams = snapshot.upstreams.filter(
    ({ settings }) => settings.name === upstream.name && settings.url === upstream.url,
  )
  if (upstreams.length === 0) return failed(upstreamGone)
  const { project } = grant
  return ok({ grant, head: { ...head, project: project ?? undefined }, model: model ?? undefined, alias, upstreams })
}

const modelUnsaid: Fault = fault('policy_denied', 'the secret was made for a session without a `model`', {
  param: 'model',
  reason: 'model_not_allowed',
})

const upstreamGone: Fault = fault(
  'upstream_unavailable',
  'the upstream of the secret was changed: ask for another secret',
  { reason: 'upstream_changed' },
)
