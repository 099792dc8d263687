import { isJsonObject, type JsonBody, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { findMember, skipSpace } from '../model/json-text.ts'
import type { Secret } from '../model/secret.ts'
import type { Obligations } from '../model/transforms.ts'
import { type Edit, edited, insertedMembers } from './edits.ts'
import { isTraceparent } from './trace-context.ts'

export interface SessionTarget {
  /** The url of the upstream, without a slash at its end. */
  readonly url: string
  readonly route: { readonly path: string; readonly query: string }
  readonly model: string | null | undefined
  readonly alias: string | null
  readonly apiKey: Secret | null
  /** The client speaks the API as it was in its beta. */
  readonly isBeta: boolean
  readonly traceparent: string | undefined
}

const API_ROOT = '/v1'

/** Where a session is opened upstream, and with which headers: built from nothing, like those of every request. */
export function shapeSession(target: SessionTarget): {
  readonly url: string
  readonly headers: Record<string, string>
} {
  const { url, route, model, alias, apiKey, isBeta, traceparent } = target
  const query =
    alias === null || typeof model !== 'string' ? ofCall(route.query) : withModel(ofCall(route.query), model)
  const headers: Record<string, string> = { 'user-agent': 'sallyport' }
  if (apiKey !== null) headers.authorization = `Bearer ${apiKey.reveal()}`
  if (isBeta) headers['openai-beta'] = 'realtime=v1'
  if (traceparent !== undefined && isTraceparent(traceparent)) headers.traceparent = traceparent
  const base = url.replace(/^http/, 'ws') + route.path.slice(API_ROOT.length)
  return { url: query === '' ? base : `${base}?${query}`, headers }
}

/** Who joins a call may say which model it must have: to the API it is the one that the call was made with. */
function ofCall(query: string): string {
  const parameters = query.split('&')
  if (!parameters.some((parameter) => parameter.startsWith('call_id='))) return query
  return parameters.filter((parameter) => !parameter.startsWith('model=')).join('&')
}

function withModel(query: string, model: string): string {
  return query
    .split('&')
    .map((parameter) => (parameter.startsWith('model=') ? `model=${encodeURIComponent(model)}` : parameter))
    .join('&')
}

/** The message by which the proxy itself makes a session what the policy's transforms ask for, and what they ask. */
export interface OpeningUpdate {
  readonly text: string
  readonly eventId: string
  readonly limit: number | null
  readonly instructions: string | null
}

/**
 * What is said before any message of the client; null where there is nothing to ask. `isBeta`: the client's choice, by
 * which the limit has the one name or the other. `eventId`: by which an error of the upstream names it.
 */
export function openingUpdate({ set, prepend }: Obligations, isBeta: boolean, eventId: string): OpeningUpdate | null {
  const { max_output_tokens: cap } = set
  const limit = typeof cap === 'number' ? cap : null
  if (limit === null && prepend === null) return null
  const session: Record<string, JsonValue> = isBeta ? {} : { type: 'realtime' }
  if (limit !== null) session[isBeta ? 'max_response_output_tokens' : 'max_output_tokens'] = limit
  if (prepend !== null) session.instructions = prepend
  const text = JSON.stringify({ type: 'session.update', event_id: eventId, session })
  return { text, eventId, limit, instructions: prepend }
}

/**
 * A message as it goes on: the very text that was judged, but for the names of the session's model, a limit above the
 * policy's, and instructions without the policy's text before them. `model`: the one that is decided; null for none.
 * `eventId`: by which an error of the upstream is to name it; null for its own.
 */
export function shapedMessage(
  body: JsonBody,
  model: string | null,
  obligations: Obligations | null,
  eventId: string | null,
): Buffer | string {
  const { value, text, bytes } = body
  const open = skipSpace(text, 0)
  const edits = model === null ? [] : renaming(value, text, open, model)
  if (eventId !== null) edits.push(called(value, text, open, eventId))
  for (const name of ['session', 'response']) {
    const part = ownValue(value, name)
    const place = isJsonObject(part) ? findMember(text, open, name) : null
    if (!isJsonObject(part) || place === null) continue
    if (model !== null) edits.push(...renaming(part, text, place.value, model))
    if (obligations !== null) edits.push(...restricting(part, text, place.value, obligations))
  }
  return edits.length === 0 ? bytes : edited(text, edits)
}

/** An error of the upstream as the client is told it: about the message that the client itself calls so. */
export function errorAbout(bytes: Buffer, eventId: string | null): Buffer | string {
  const text = bytes.toString('utf8')
  const error = findMember(text, skipSpace(text, 0), 'error')
  return error === null ? bytes : edited(text, replaced(text, error.value, 'event_id', eventId))
}

function called(value: JsonObject, text: string, open: number, eventId: string): Edit {
  const place = ownValue(value, 'event_id') === undefined ? null : findMember(text, open, 'event_id')
  if (place === null) return insertedMembers(text, open, `"event_id":${JSON.stringify(eventId)}`)
  return { from: place.value, to: place.end, text: JSON.stringify(eventId) }
}

/** Another model in the place of the one that an object of the text names. `open`: where it begins. */
export function renaming(value: JsonObject, text: string, open: number, model: string): Edit[] {
  const written = ownValue(value, 'model')
  return typeof written === 'string' && written !== model ? replaced(text, open, 'model', model) : []
}

/** A limit above the policy's is lowered, and instructions begin with its text, where an object of the text says them. */
export function restricting(part: JsonObject, text: string, open: number, { set, prepend }: Obligations): Edit[] {
  const edits: Edit[] = []
  const { max_output_tokens: cap } = set
  if (typeof cap === 'number') {
    for (const key of ['max_output_tokens', 'max_response_output_tokens']) {
      const written = ownValue(part, key)
      const holds = written === undefined || (typeof written === 'number' && written <= cap)
      if (!holds) edits.push(...replaced(text, open, key, cap))
    }
  }
  const written = ownValue(part, 'instructions')
  if (prepend !== null && written !== undefined) {
    const whole = typeof written === 'string' && written !== '' ? `${prepend}\n${written}` : prepend
    edits.push(...replaced(text, open, 'instructions', whole))
  }
  return edits
}

function replaced(text: string, open: number, key: string, value: JsonValue): Edit[] {
  const place = findMember(text, open, key)
  return place ? [{ from: place.value, to: place.end, text: JSON.stringify(value) }] : []
}
