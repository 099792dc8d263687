import { type Fault, fault } from '../../model/fault.ts'
import { isJsonObject, type JsonBody, type JsonValue, ownValue } from '../../model/json.ts'
import type { OperationName, RequestFacts } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { factsOf } from '../body.ts'
import { walkPart } from '../content.ts'
import { type Draft, refuse, shown } from '../draft.ts'
import type { Dialect } from '../endpoint.ts'
import { walkMember } from '../walk.ts'
import type { WrittenLimit } from './limits.ts'
import { nameModel, openReading, type Reading, readSettings, type Turns } from './settings.ts'

/**
 * What comes of a message: it `configures` the session, it may make the model `speak`, at once or when it hears that a
 * turn is over, it `adds` to what the model speaks of next, or it only takes back and asks.
 */
export type Effect = 'configures' | 'speaks' | 'adds' | 'none'

/** One message of a client, as far as it is judged. */
export interface ClientMessage {
  readonly type: string
  readonly effect: Effect
  /** Models that it names for the session itself. */
  readonly named: readonly string[]
  readonly limit: WrittenLimit
  /** Whether it lets the model speak later without being asked. */
  readonly turns: Turns
  /** Of the message alone; `maxOutputTokens` is not among them, for that depends on the session. */
  readonly facts: RequestFacts
}

type PartReader = (reading: Reading, value: JsonValue) => undefined

interface MessageForm {
  readonly effect: Effect
  /** The member that holds what is judged; the others only say where and when. */
  readonly part: readonly [key: string, read: PartReader, isRequired: boolean] | null
}

const bare = (effect: Effect): MessageForm => ({ effect, part: null })

const SESSION: MessageForm = { effect: 'configures', part: ['session', readObject, true] }
const SOUND: MessageForm = { effect: 'speaks', part: ['audio', readSound, true] }

/** Every message that a client may send. One that is not here is refused. */
const MESSAGES: { readonly [dialect in Dialect]: ReadonlyMap<string, MessageForm> } = {
  realtime: new Map<string, MessageForm>([
    ['session.update', SESSION],
    ['transcription_session.update', SESSION],
    ['input_audio_buffer.append', SOUND],
    ['input_audio_buffer.commit', bare('speaks')],
    ['input_audio_buffer.clear', bare('none')],
    ['conversation.item.create', { effect: 'adds', part: ['item', readItem, true] }],
    ['conversation.item.truncate', bare('none')],
    ['conversation.item.delete', bare('none')],
    ['conversation.item.retrieve', bare('none')],
    ['response.create', { effect: 'speaks', part: ['response', readObject, false] }],
    ['response.cancel', bare('none')],
    ['output_audio_buffer.clear', bare('none')],
  ]),
  translation: new Map<string, MessageForm>([
    ['session.update', SESSION],
    ['session.input_audio_buffer.append', SOUND],
    ['session.close', bare('none')],
  ]),
}

/** The names of all messages, for documents and tests. */
export function messageTypes(dialect: Dialect): readonly string[] {
  return [...MESSAGES[dialect].keys()]
}

/** Members that only say which item is meant, where in it, and how the message is called. */
const PLACES: ReadonlySet<string> = new Set([
  ...['type', 'event_id', 'previous_item_id', 'item_id', 'content_index', 'audio_end_ms', 'response_id'],
])

/** Reads the facts of one message. Never throws, whatever the JSON. Faults: `invalid_body`. */
export function describeMessage(
  dialect: Dialect,
  operation: OperationName,
  { value, bytes }: JsonBody,
): Result<ClientMessage, Fault> {
  const type = ownValue(value, 'type')
  const form = typeof type === 'string' ? MESSAGES[dialect].get(type) : undefined
  if (typeof type !== 'string' || form === undefined) return failed(unknownMessage)
  const reading = openReading()
  const { draft } = reading
  let isWhole = false
  for (const key in value) {
    const member = value[key] as JsonValue
    if (key === form.part?.[0]) {
      isWhole = true
      form.part[1](reading, member)
    } else if (key === 'model') nameModel(reading, member)
    else if (PLACES.has(key)) readPlace(draft, key, member)
    else refuse(draft, `\`${shown(key)}\` is no member of \`${type}\``, key)
  }
  if (form.part?.[2] && !isWhole) refuse(draft, `\`${type}\` needs \`${form.part[0]}\``, form.part[0])
  if (draft.problem !== null) return failed(draft.problem)
  const facts = factsOf(operation, draft, {
    model: null,
    stream: true,
    maxOutputTokens: undefined,
    bytes: bytes.length,
  })
  const { named, limit, turns } = reading
  return ok({ type, effect: form.effect, named, limit, turns, facts: ofSession(facts) })
}

/** Items are of the session alone: their ids open nothing that another session could have made. */
function ofSession(facts: RequestFacts): RequestFacts {
  const objects = facts.objects.filter(({ kind }) => kind !== 'item')
  return objects.length === facts.objects.length ? facts : { ...facts, objects }
}

function readPlace(draft: Draft, key: string, value: JsonValue): undefined {
  if (typeof value === 'object' && value !== null) refuse(draft, `\`${key}\` must be a text or a number`, key)
  else if (key !== 'type' && key !== 'event_id') walkMember(draft, key, value, false)
}

function readObject(reading: Reading, value: JsonValue): undefined {
  if (isJsonObject(value)) return readSettings(reading, value)
  refuse(reading.draft, '`session` and `response` must be objects', 'type')
}

function readItem({ draft }: Reading, value: JsonValue): undefined {
  if (isJsonObject(value)) return walkPart(draft, value)
  refuse(draft, '`item` must be an object', 'item')
}

/** Base64 is not looked into: it is sound, and long. */
function readSound({ draft }: Reading, value: JsonValue): undefined {
  if (typeof value !== 'string') return refuse(draft, '`audio` must be a text', 'audio')
  draft.audio = true
}

const unknownMessage: Fault = fault('invalid_body', 'the `type` of the message is none that a client sends', {
  param: 'type',
  reason: 'body_invalid',
})
