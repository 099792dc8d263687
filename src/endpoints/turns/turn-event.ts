import { findMembers, type MemberPlace, skipSpace } from '../../model/json-text.ts'
import type { AnswerFacts } from '../../model/request.ts'
import { typeOfMessage } from '../realtime/server-message.ts'
import { AnswerReading } from '../usage.ts'

/** What an event of the upstream tells of the responses on its connection. */
export type TurnEvent = TurnPlace &
  (
    | { readonly kind: 'created' }
    | { readonly kind: 'ended'; readonly facts: AnswerFacts }
    /** What was said to steer a response goes nowhere. */
    | { readonly kind: 'unsteered' }
    /** `isUnderWay`: of a response that has begun. `status`: as HTTP would have it. */
    | { readonly kind: 'error'; readonly isUnderWay: boolean; readonly status: number | null }
  )

interface TurnPlace {
  readonly lane: string | null
  /** The response that it is about; null where it names none. */
  readonly id: string | null
  /** The one that this goes on with, or that was to be steered. */
  readonly previous: string | null
}

type Kind = TurnEvent['kind']

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['response.created', 'created'],
  ['response.completed', 'ended'],
  ['response.incomplete', 'ended'],
  ['response.failed', 'ended'],
  ['response.steer.failed', 'unsteered'],
  ['error', 'error'],
])
/** A longer text is none of these names. Characters. */
const MAX_TEXT = 512

/** Null for what tells nothing: most of all events, of which no more than the beginning is read. */
export function readTurnEvent(bytes: Buffer): TurnEvent | null {
  const type = typeOfMessage(bytes)
  const kind = type === null ? undefined : KINDS.get(type)
  if (kind === undefined) return null
  const text = bytes.toString('latin1')
  const open = skipSpace(text, 0)
  const [stream, response, steer, sequence, status] = findMembers(text, open, [
    ...['stream_id', 'response', 'steer', 'sequence_number', 'status'],
  ])
  const about = (kind === 'unsteered' ? steer : response)?.value ?? open
  const [id, previous] = findMembers(text, about, ['id', 'previous_response_id'])
  const place = { lane: textAt(text, stream), id: textAt(text, id), previous: textAt(text, previous) }
  if (kind === 'ended') {
    const reading = new AnswerReading()
    reading.readResponse(text, open)
    return { ...place, kind, facts: reading.facts() }
  }
  if (kind !== 'error') return { ...place, kind }
  return { ...place, kind, isUnderWay: (sequence ?? null) !== null, status: numberAt(text, status) }
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
