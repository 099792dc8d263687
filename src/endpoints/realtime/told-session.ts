import { type Fault, fault } from '../../model/fault.ts'
import { type JsonObject, ownValue } from '../../model/json.ts'
import type { ModelFact, OperationName, RequestFacts } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { factsOf } from '../body.ts'
import { openReading, readSettings } from './settings.ts'

/** Says which session it is, and nothing of what it may do. */
const WHICH: ReadonlySet<string> = new Set(['id', 'object', 'type', 'expires_at'])

/** A day, which providers put behind the name of a model to say which one of that name serves it. */
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/

/** True where a provider tells of a model that was asked for by this name: `gpt-realtime-2025-08-28` is `gpt-realtime`. */
export function isOfName(told: string, model: string): boolean {
  return told === model || (told.startsWith(`${model}-`) && DAY.test(told.slice(model.length + 1)))
}

/**
 * A session that was set up before its client came, as its upstream tells of it: what it may say without being asked is
 * judged, so the limit is that of the session, and undefined where it has none. `model`: the one that was decided. `known`:
 * the one that its upstream told of when it set the session up; null where it told of none.
 *
 * Faults: `policy_denied` for a session that cannot be read, or that is one of another model.
 */
export function describeTold(
  operation: OperationName,
  session: JsonObject,
  model: ModelFact,
  known: string | null = null,
): Result<RequestFacts, Fault> {
  const reading = openReading()
  readSettings(reading, Object.fromEntries(Object.entries(session).filter(([key]) => !WHICH.has(key))))
  const { draft, named, limit } = reading
  if (draft.problem !== null) return failed(unreadable)
  const names = [model, known].filter((name) => typeof name === 'string')
  const isLike = named.every((told) => names.some((name) => isOfName(told, name)))
  if (!isLike || (names.length > 0 && named.length === 0)) return failed(unlike)
  const maxOutputTokens = typeof limit === 'number' ? limit : undefined
  return ok(factsOf(operation, draft, { model, stream: true, maxOutputTokens, bytes: 0 }))
}

/** A stored prompt, which brings instructions of its own. */
export function hasPrompt(session: JsonObject): boolean {
  return (ownValue(session, 'prompt') ?? null) !== null
}

const unreadable: Fault = fault('policy_denied', 'what the upstream tells of the session cannot be read', {
  reason: 'condition_unmet',
})

const unlike: Fault = fault('policy_denied', 'the session is one of another model than it was asked for', {
  param: 'model',
  reason: 'model_not_allowed',
})
