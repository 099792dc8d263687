import { type Fault, fault } from '../../model/fault.ts'
import { type JsonBody, type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import type { RequestFacts } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { type BodyMembers, bodyMembers, describeBody, type MemberReader } from '../body.ts'
import { type Draft, refuse, shown } from '../draft.ts'
import { foldKey } from '../key-names.ts'
import { responseMembers } from '../responses.ts'

/** What the API takes for the name of a stream is shorter. */
const MAX_LANE = 256

/** Members of the message itself, which is otherwise the body of `POST /v1/responses`. */
const ENVELOPE = new Map<string, MemberReader>([
  ['type', () => undefined],
  ['stream_id', readLane],
  ['generate', readFlag],
])
const NOTHING: JsonObject = {}
const FOLDED: ReadonlySet<string> = new Set([...ENVELOPE.keys()].map(foldKey))

const CREATE: BodyMembers = bodyMembers('responses', {
  model: 'optional',
  outputLimits: responseMembers.outputLimits,
  readers: [...responseMembers.readers, ...ENVELOPE],
})

/** The one message that a client may send on a WebSocket of the Responses API. */
export const CREATES = 'response.create'
const STEERS = 'response.steer'

/** Reads the facts of one message: those of a request to create a response. Never throws. Faults: `invalid_body`. */
export function describeTurn(body: JsonBody): Result<RequestFacts, Fault> {
  const { value } = body
  const type = ownValue(value, 'type')
  if (type !== CREATES) return failed(type === STEERS ? steered : unknownMessage)
  const described = describeBody(CREATE, body)
  // INVARIANT: keys are folded here after the body was read, which bounds how many there are that take long.
  for (const key in described.ok ? value : NOTHING) {
    // Somebody who reads keys without case would take it for another message than the one that is judged.
    if (!ENVELOPE.has(key) && FOLDED.has(foldKey(key))) {
      return failed(invalid(`\`${shown(key)}\` could be read as another member: spell it as that`, key))
    }
  }
  // The answer is events, whatever the message says of it.
  return described.ok ? ok({ ...described.value, stream: true }) : described
}

/** The stream of the connection that a message is meant for: what is said about it names it. Null where it has no name. */
export function laneOf(value: JsonObject): string | null {
  const lane = ownValue(value, 'stream_id')
  return typeof lane === 'string' && lane.length <= MAX_LANE ? lane : null
}

function readLane(draft: Draft, value: JsonValue): undefined {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_LANE) return
  refuse(draft, `\`stream_id\` must be a text of 1 to ${MAX_LANE} characters`, 'stream_id')
}

function readFlag(draft: Draft, value: JsonValue): undefined {
  if (typeof value !== 'boolean') refuse(draft, '`generate` must be true or false', 'generate')
}

function invalid(message: string, param: string): Fault {
  return fault('invalid_body', message, { param: shown(param), reason: 'body_invalid' })
}

const unknownMessage: Fault = invalid('the `type` of the message is none that a client sends', 'type')
const steered: Fault = invalid('`response.steer` is part of the API but not built yet', 'type')
