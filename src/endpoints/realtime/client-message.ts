import { type Fault, fault } from '../../model/fault.ts'
import { isJsonObject, type JsonBody, type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import type { OperationName, RequestFacts } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { factsOf } from '../body.ts'
import { walkPart } from '../content.ts'
import { type Draft, refuse, shown } from '../draft.ts'
import type { SessionDialect } from '../endpoint.ts'
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
  /** The id that the client gives to an item that it makes. */
  readonly creates: string | null
  /** The id of the item that it deletes. */
  readonly removes: string | null
  /** Of the message alone; `maxOutputTokens` is not among them, for that depends on the session. */
  readonly facts: RequestFacts
}

type PartReader = (reading: Reading, value: JsonValue) => undefined

interface MessageForm {
  readonly effect: Effect
  /** The member that holds what is judged; the others only say where and when. */
  readonly part: readonly [key: string, read: PartReader, isRequired: boolean] | null
  /** Members that name an item or response of the session, and by the type of the message can name nothing else. */
  readonly own: readonly string[]
}

const bare = (effect: Effect, ...own: string[]): MessageForm => ({ effect, part: null, own })
const holding = (effect: Effect, key: string, read: PartReader, ...own: string[]): MessageForm => ({
  ...{ effect, own },
  part: [key, read, true],
})

const SESSION = holding('configures', 'session', readObject)
const SOUND = holding('speaks', 'audio', readSound)

const DELETES = 'conversation.item.delete'

/** Every message that a client may send. One that is not here is refused. */
const MESSAGES: { readonly [dialect in SessionDialect]: ReadonlyMap<string, MessageForm> } = {
  realtime: new Map<string, MessageForm>([
    ['session.update', SESSION],
    ['transcription_session.update', SESSION],
    ['input_audio_buffer.append', SOUND],
    ['input_audio_buffer.commit', bare('speaks')],
    ['input_audio_buffer.clear', bare('none')],
    ['conversation.item.create', holding('adds', 'item', readItem, 'previous_item_id')],
    ['conversation.item.truncate', bare('none', 'item_id')],
    [DELETES, bare('none', 'item_id')],
    ['conversation.item.retrieve', bare('none', 'item_id')],
    ['response.create', { effect: 'speaks', part: ['response', readObject, false], own: [] }],
    ['response.cancel', bare('none', 'response_id')],
    ['output_audio_buffer.clear', bare('none')],
  ]),
  translation: new Map<string, MessageForm>([
    ['session.update', SESSION],
    ['session.input_audio_buffer.append', SOUND],
    ['session.close', bare('none')],
  ]),
}

/** The names of all messages, for documents and tests. */
export function messageTypes(dialect: SessionDialect): readonly string[] {
  return [...MESSAGES[dialect].keys()]
}

/** Members that only say which item is meant, where in it, and how the message is called. */
const PLACES: ReadonlySet<string> = new Set([
  ...['type', 'event_id', 'previous_item_id', 'item_id', 'content_index', 'audio_end_ms', 'response_id'],
])

/** Reads the facts of one message. Never throws, whatever the JSON. Faults: `invalid_body`. */
export function describeMessage(
  dialect: SessionDialect,
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
    else if (PLACES.has(key)) readPlace(draft, key, member, form)
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
  const [creates, removes] = [createdBy(form, value), type === DELETES ? textOf(value, 'item_id') : null]
  return ok({ type, effect: form.effect, named, limit, turns, creates, removes, facts })
}

/** The id that a client gives an item. */
function createdBy({ part }: MessageForm, value: JsonObject): string | null {
  const item = part?.[1] === readItem ? ownValue(value, 'item') : null
  return isJsonObject(item) ? textOf(item, 'id') : null
}

function textOf(value: JsonObject, key: string): string | null {
  const text = ownValue(value, key)
  return typeof text === 'string' ? text : null
}

function readPlace(draft: Draft, key: string, value: JsonValue, { own }: MessageForm): undefined {
  if (typeof value === 'object' && value !== null) refuse(draft, `\`${key}\` must be a text or a number`, key)
  else if (key !== 'type' && key !== 'event_id' && !own.includes(key)) walkMember(draft, key, value, false)
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
