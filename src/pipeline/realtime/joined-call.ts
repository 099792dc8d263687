import { SESSION_LIMITS } from '../../endpoints/realtime/limits.ts'
import { type Fault, fault } from '../../model/fault.ts'
import { type JsonObject, ownValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { OpeningUpdate } from '../../shape/session.ts'
import { modelNotFound } from '../refusals.ts'
import type { ServingUpstream } from '../snapshot.ts'
import { isAsAsked, notTaken } from './opening.ts'

/**
 * The model of a call that is joined without naming it: the one that its upstream tells of, which is decided from then on.
 *
 * Faults: `policy_denied` where it tells of none; `model_not_found` where the upstream is not to serve it.
 */
export function modelOfCall(session: JsonObject, upstream: ServingUpstream): Result<string, Fault> {
  const model = ownValue(session, 'model')
  if (typeof model !== 'string' || model === '') return failed(modelUntold)
  return upstream.serves(model) ? ok(model) : failed(modelNotFound(model))
}

/**
 * Why a call may not be spoken in, for what the transforms of the policy ask of its session: `asked`, or nothing. Null
 * where it is so. Who joins a call does not set it up: a text that was put before its instructions would stand there alone.
 */
export function unlikeAsked(session: JsonObject, asked: OpeningUpdate | null): Fault | null {
  if (asked === null) return null
  const isLimited = asked.limit === null || SESSION_LIMITS.some((key) => typeof ownValue(session, key) === 'number')
  const isTold = asked.instructions === null || ownValue(session, 'instructions') !== undefined
  return isLimited && isTold && isAsAsked(session, asked) ? null : notTaken
}

const modelUntold: Fault = fault('policy_denied', 'the upstream does not tell of the model of the call', {
  param: 'model',
  reason: 'model_not_allowed',
})
