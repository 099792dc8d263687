import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import { findMember, skipSpace } from '../../model/json-text.ts'
import type { AnswerFacts, Usage } from '../../model/request.ts'

/** What a message of the upstream tells the proxy. */
export type ServerMessage =
  | { readonly kind: 'session'; readonly session: JsonObject; readonly answers: boolean }
  | { readonly kind: 'usage'; readonly usage: Usage }
  /** What was heard was counted by its length. */
  | { readonly kind: 'heard'; readonly seconds: number }
  /** An item of the session. */
  | { readonly kind: 'item'; readonly id: string }
  /** An item that is none any more. */
  | { readonly kind: 'removed'; readonly id: string }
  /** `answers`: the `event_id` of the message that it is about, where it names one. */
  | { readonly kind: 'error'; readonly answers: string | null }

type Kind = ServerMessage['kind'] | 'updated'

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['session.created', 'session'],
  ['transcription_session.created', 'session'],
  ['session.updated', 'updated'],
  ['transcription_session.updated', 'updated'],
  ['response.done', 'usage'],
  ['conversation.item.input_audio_transcription.completed', 'usage'],
  ['conversation.item.added', 'item'],
  ['conversation.item.created', 'item'],
  ['response.output_item.added', 'item'],
  ['input_audio_buffer.committed', 'item'],
  ['conversation.item.deleted', 'removed'],
  ['error', 'error'],
])
/** As much of a message as its type is looked for in at first: it nearly always stands in front. */
const HEAD_BYTES = 256
const MAX_TEXT = 256
/** Of one transcription: what is more than a day is no length of anything. */
const MAX_SECONDS = 86_400

/** Null for what tells nothing: most of all messages, of which no more than the beginning is read. */
export function readServerMessage(bytes: Buffer): ServerMessage | null {
  const type = typeOfMessage(bytes)
  const kind = type === null ? undefined : KINDS.get(type)
  if (kind === undefined) return null
  const message = parsed(bytes)
  if (message === null) return null
  if (kind === 'error') return { kind, answers: namedBy(message) }
  if (kind === 'item' || kind === 'removed') {
    const item = ownValue(message, 'item')
    const id = isJsonObject(item) ? ownValue(item, 'id') : ownValue(message, 'item_id')
    return typeof id === 'string' ? { kind, id } : null
  }
  if (kind === 'usage') {
    const response = ownValue(message, 'response')
    const written = ownValue(isJsonObject(response) ? response : message, 'usage')
    const usage = usageOf(written)
    if (usage !== null) return { kind, usage }
    const seconds = secondsOf(written)
    return seconds === null ? null : { kind: 'heard', seconds }
  }
  const session = ownValue(message, 'session')
  return isJsonObject(session) ? { kind: 'session', session, answers: kind === 'updated' } : null
}

function namedBy(message: JsonObject): string | null {
  const error = ownValue(message, 'error')
  const named = isJsonObject(error) ? ownValue(error, 'event_id') : null
  return typeof named === 'string' ? named : null
}

/** What a message says that it is; null where it does not say it. */
export function typeOfMessage(bytes: Buffer): string | null {
  return typeIn(bytes.toString('latin1', 0, HEAD_BYTES)) ?? typeIn(bytes.toString('latin1'))
}

function typeIn(text: string): string | null {
  const place = findMember(text, skipSpace(text, 0), 'type')
  return place && text[place.value] === '"' ? text.slice(place.value + 1, place.end - 1) : null
}

function parsed(bytes: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isJsonObject(value) ? value : null
  } catch {
    return null
  }
}

function usageOf(written: JsonValue | undefined): Usage | null {
  if (!isJsonObject(written)) return null
  const details = ownValue(written, 'input_token_details')
  const usage = {
    inputTokens: count(written, 'input_tokens'),
    outputTokens: count(written, 'output_tokens'),
    cachedTokens: isJsonObject(details) ? count(details, 'cached_tokens') : undefined,
  }
  const { inputTokens, outputTokens, cachedTokens } = usage
  if (inputTokens === undefined && outputTokens === undefined) return null
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
  }
}

/** Of a transcription by a model that is paid by the length of what it hears. */
function secondsOf(written: JsonValue | undefined): number | null {
  const seconds = isJsonObject(written) ? ownValue(written, 'seconds') : null
  return typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_SECONDS ? seconds : null
}

function count(usage: JsonObject, name: string): number | undefined {
  const value = ownValue(usage, name)
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** Adds up what the messages of one session tell of it. The upstream may lie: types are checked, and that is all. */
export class SessionReading {
  #usage: Usage | undefined
  #id: string | undefined
  #model: string | undefined
  /** What was heard, as far as it is counted by its length. Undefined where none was. */
  heardSeconds: number | undefined

  add(message: ServerMessage): void {
    if (message.kind === 'usage') this.#usage = sum(this.#usage ?? {}, message.usage)
    else if (message.kind === 'heard') this.heardSeconds = (this.heardSeconds ?? 0) + message.seconds
    else if (message.kind === 'session') {
      this.#id ??= shortText(ownValue(message.session, 'id'))
      this.#model ??= shortText(ownValue(message.session, 'model'))
    }
  }

  facts(): AnswerFacts {
    return {
      ...(this.#usage ? { usage: this.#usage } : {}),
      ...(this.#id === undefined ? {} : { responseId: this.#id }),
      ...(this.#model === undefined ? {} : { responseModel: this.#model }),
    }
  }
}

function sum(one: Usage, other: Usage): Usage {
  const total: { -readonly [count in keyof Usage]: number } = { ...one }
  for (const key of ['inputTokens', 'outputTokens', 'cachedTokens', 'reasoningTokens'] as const) {
    const more = other[key]
    if (more !== undefined) total[key] = (total[key] ?? 0) + more
  }
  return total
}

function shortText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT ? value : undefined
}
