import { type Fault, fault } from '../../model/fault.ts'
import type { JsonBody, JsonObject, JsonValue } from '../../model/json.ts'
import { ownValue } from '../../model/json.ts'
import type { RequestFacts } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { type BodyForm, bodyForm, describeBody, type MemberReader } from '../body.ts'
import { type Draft, refuse, shown } from '../draft.ts'
import { foldKey } from '../key-names.ts'
import { readInput, responseMembers } from '../responses.ts'

/** What a client asks for on a WebSocket of the Responses API, as far as it is judged. */
export interface TurnMessage {
  readonly type: 'response.create' | 'response.steer'
  /** The stream of the connection that its events come on; null for the one without a name. */
  readonly lane: string | null
  /** The response that it goes on with, as the client writes it; null where it begins anew. */
  readonly target: string | null
  /** Of one that steers: of what it says alone. What it asks for is what the response was asked for. */
  readonly facts: RequestFacts
}

/** What the API takes for the name of a stream. */
const MAX_LANE = 256

/** Members of the message itself, in which a body is sent that is otherwise that of `POST /v1/responses`. */
const ENVELOPE = new Map<string, MemberReader>([
  ['type', () => undefined],
  ['stream_id', readLane],
  ['generate', readFlag],
])
const FOLDED: ReadonlySet<string> = new Set([...ENVELOPE.keys()].map(foldKey))

const CREATE: BodyForm = bodyForm('responses', {
  model: 'optional',
  outputLimits: responseMembers.outputLimits,
  readers: [...responseMembers.readers, ...ENVELOPE],
})

/** The API takes no other member. `previous_response_id` is told by itself: what it stands for was judged here. */
const STEER: BodyForm = bodyForm('responses', {
  model: 'optional',
  outputLimits: [],
  readers: [
    ['type', () => undefined],
    ['previous_response_id', () => undefined],
    ['input', readInput],
  ],
})
const STEERING: ReadonlySet<string> = new Set(['type', 'previous_response_id', 'input'])
const MAX_ID = 256

/** The names of all messages, for documents and tests. */
export const TURN_MESSAGES: readonly TurnMessage['type'][] = ['response.create', 'response.steer']

/** Reads the facts of one message. Never throws, whatever the JSON. Faults: `invalid_body`. */
export function describeTurn(body: JsonBody): Result<TurnMessage, Fault> {
  const type = ownValue(body.value, 'type')
  if (type === 'response.create') return describeCreate(body)
  return type === 'response.steer' ? describeSteer(body) : failed(unknownMessage)
}

/** The stream that a message is meant for, where one can tell: an error about it names it. */
export function laneOf(value: JsonObject): string | null {
  const lane = ownValue(value, 'stream_id')
  return typeof lane === 'string' && lane.length <= MAX_LANE ? lane : null
}

function describeCreate(body: JsonBody): Result<TurnMessage, Fault> {
  const { value } = body
  for (const key in value) {
    // Somebody who reads keys without case would take it for another message than the one that is judged.
    if (!ENVELOPE.has(key) && FOLDED.has(foldKey(key)))
      return failed(invalid(`\`${shown(key)}\` could be read as another member: spell it as that`, key))
  }
  const described = describeBody(CREATE, body)
  if (!described.ok) return described
  const previous = ownValue(value, 'previous_response_id')
  const target = typeof previous === 'string' ? previous : null
  // Answers are events, whatever the message says of it.
  return ok({ type: 'response.create', lane: laneOf(value), target, facts: { ...described.value, stream: true } })
}

function describeSteer(body: JsonBody): Result<TurnMessage, Fault> {
  const { value } = body
  for (const key in value) {
    if (!STEERING.has(key)) return failed(invalid(`\`${shown(key)}\` is no member of \`response.steer\``, key))
  }
  const target = ownValue(value, 'previous_response_id')
  if (typeof target !== 'string' || target === '' || target.length > MAX_ID) {
    return failed(invalid('`response.steer` needs the `previous_response_id` of a response', 'previous_response_id'))
  }
  if (ownValue(value, 'input') === undefined) return failed(invalid('`response.steer` needs `input`', 'input'))
  const described = describeBody(STEER, body)
  if (!described.ok) return described
  const steered = { key: 'previous_response_id', kind: 'response', id: target } as const
  const facts = { ...described.value, stream: true, objects: [steered, ...described.value.objects] }
  return ok({ type: 'response.steer', lane: null, target, facts })
}

/** What somebody asks for who steers a response: what that was asked for, with more to read. */
export function steeredFacts(steer: RequestFacts, response: RequestFacts): RequestFacts {
  const { input, tools } = response
  return {
    ...steer,
    model: response.model,
    nestedModels: union(response.nestedModels, steer.nestedModels),
    maxOutputTokens: response.maxOutputTokens,
    tools: {
      functions: union(tools.functions, steer.tools.functions),
      hosted: union(tools.hosted, steer.tools.hosted),
    },
    urls: union(response.urls, steer.urls),
    input: {
      bytes: steer.input.bytes,
      images: input.images || steer.input.images,
      files: input.files || steer.input.files,
      audio: input.audio || steer.input.audio,
    },
    storedSettings: response.storedSettings === true || steer.storedSettings === true,
  }
}

function union(one: readonly string[], other: readonly string[]): readonly string[] {
  return other.length === 0 ? one : [...new Set([...one, ...other])]
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
