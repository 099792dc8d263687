import { findMembers, type MemberPlace, skipSpace } from '../../model/json-text.ts'
import type { AnswerFacts } from '../../model/request.ts'
import { typeOfMessage } from '../realtime/server-message.ts'
import { AnswerReading } from '../usage.ts'

/** What an event of the upstream tells of the responses on its connection. `lane`: the stream that it came on. */
export type TurnEvent =
  | { readonly kind: 'created'; readonly lane: string | null; readonly id: string | null }
  | { readonly kind: 'ended'; readonly lane: string | null; readonly id: string | null; readonly facts: AnswerFacts }
  /** `isUnderWay`: of a response that has begun. `status`: as HTTP would have it. */
  | {
      readonly kind: 'error'
      readonly lane: string | null
      readonly isUnderWay: boolean
      readonly status: number | null
    }

const KINDS: ReadonlyMap<string, TurnEvent['kind']> = new Map<string, TurnEvent['kind']>([
  ['response.created', 'created'],
  ['response.completed', 'ended'],
  ['response.incomplete', 'ended'],
  ['response.failed', 'ended'],
  ['error', 'error'],
])
/** A longer text is no id and no name. Characters. */
const MAX_TEXT = 512

/** Null for what tells nothing: most of all events, of which no more than the beginning is read. */
export function readTurnEvent(bytes: Buffer): TurnEvent | null {
  const type = typeOfMessage(bytes)
  const kind = type === null ? undefined : KINDS.get(type)
  if (kind === undefined) return null
  const text = bytes.toString('latin1')
  const open = skipSpace(text, 0)
  const places = findMembers(text, open, ['stream_id', 'response', 'sequence_number', 'status'])
  const [stream, response, sequence, status] = places
  const lane = textAt(text, stream)
  if (kind === 'error') return { kind, lane, isUnderWay: (sequence ?? null) !== null, status: numberAt(text, status) }
  const [named] = response ? findMembers(text, response.value, ['id']) : []
  const id = textAt(text, named)
  if (kind === 'created') return { kind, lane, id }
  const reading = new AnswerReading()
  reading.readResponse(text, open)
  return { kind, lane, id, facts: reading.facts() }
}

function textAt(text: string, place: MemberPlace | null | undefined): string | null {
  if (!place || text[place.value] !== '"' || place.end - place.value > MAX_TEXT) return null
  const value = parsed(text.slice(place.value, place.end))
  return typeof value === 'string' ? value : null
}

function numberAt(text: string, place: MemberPlace | null | undefined): number | null {
  const value = place ? parsed(text.slice(place.value, place.end)) : null
  return typeof value === 'number' ? value : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'latin1').toString('utf8'))
  } catch {
    return null
  }
}
