import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import { OUTPUT_LIMITS } from '../../model/transforms.ts'
import { noteVoice } from '../audio.ts'
import { readToolChoice } from '../body.ts'
import { walkItems } from '../content.ts'
import { type Draft, noteModel, noteObject, openDraft, refuse, shown } from '../draft.ts'
import { foldKey } from '../key-names.ts'
import { modelNameProblem } from '../model-name.ts'
import { readPrompt } from '../responses.ts'
import { walk, walkMember, walkUnknown } from '../walk.ts'
import { readLimit, SESSION_LIMITS, type WrittenLimit } from './limits.ts'

/**
 * Whether the upstream is to speak when it hears that a turn is over, or that nothing is said: unasked, only when asked, or
 * as it was.
 */
export type Turns = 'unasked' | 'asked' | 'unsaid'

/** What is read of a message beside its facts. */
export interface Reading {
  readonly draft: Draft
  /** Models that the message names for the session itself. */
  readonly named: string[]
  limit: WrittenLimit
  turns: Turns
}

export function openReading(): Reading {
  return { draft: openDraft(), named: [], limit: 'unsaid', turns: 'unsaid' }
}

/** Settings and prose of sessions and responses, in the API and in its beta. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['type', 'object', 'expires_at', 'include', 'instructions', 'modalities', 'output_modalities', 'truncation'],
  ...['parallel_tool_calls', 'reasoning', 'tracing', 'temperature', 'speed', 'input_audio_format'],
  ...['output_audio_format', 'input_audio_noise_reduction', 'tools'],
  ...[...SESSION_LIMITS, ...OUTPUT_LIMITS],
])

/** Reads a session or a response: models, tools, hosts, stored objects, and the limit of its output. */
export function readSettings(reading: Reading, value: JsonObject): undefined {
  const { draft } = reading
  for (const key in value) readSetting(reading, key, value[key] as JsonValue)
  reading.limit = readLimit(draft, value)
}

function readSetting(reading: Reading, key: string, value: JsonValue): undefined {
  const { draft } = reading
  switch (key) {
    case 'model':
      return nameModel(reading, value)
    case 'metadata':
      return
    case 'id':
      // The name of the session or response itself, which opens nothing.
      return typeof value === 'string' ? undefined : walkMember(draft, key, value, false)
    case 'tool_choice':
      return readToolChoice(draft, value)
    case 'prompt':
      return readPrompt(draft, value)
    case 'input':
      return walkItems(draft, value, 'input')
    case 'conversation':
      return readConversation(draft, value)
    case 'voice':
      noteVoice(draft, value)
      return walkMember(draft, key, value, false)
    case 'audio':
      return readAudio(reading, value)
    case 'input_audio_transcription':
      return readTranscription(draft, key, value)
    case 'turn_detection':
      readTurns(reading, value)
      return walkMember(draft, key, value, false)
    default:
      if (KNOWN.has(key)) walkMember(draft, key, value, false)
      else readUnknown(draft, key, value)
  }
}

function readUnknown(draft: Draft, key: string, value: JsonValue): undefined {
  walkUnknown(draft, key, value)
  if (draft.problem === null && foldKey(key) === 'maxresponseoutputtokens') {
    refuse(draft, `\`${shown(key)}\` could be read as another member: spell it as that`, key)
  }
}

/** A model that is to serve the session, wherever a message says so. */
export function nameModel({ draft, named }: Reading, value: JsonValue): undefined {
  if (value === null) return
  if (typeof value !== 'string') return refuse(draft, '`model` must be a string wherever it stands', 'model')
  const problem = modelNameProblem(value)
  if (problem !== null) return refuse(draft, `\`model\` ${problem}`, 'model')
  named.push(value)
}

/** Whether the response goes into the conversation of the session; any other one is an object that is stored. */
function readConversation(draft: Draft, value: JsonValue): undefined {
  if (value !== 'auto' && value !== 'none') noteObject(draft, 'conversation', value)
}

/** How sound is taken and given: settings, and no sound itself. */
function readAudio(reading: Reading, audio: JsonValue): undefined {
  const { draft } = reading
  if (audio === null) return
  if (!isJsonObject(audio)) return refuse(draft, '`audio` must be an object', 'audio')
  const output = ownValue(audio, 'output')
  if (isJsonObject(output)) noteVoice(draft, ownValue(output, 'voice'))
  for (const side of ['input', 'output']) {
    const value = ownValue(audio, side)
    if (!isJsonObject(value)) continue
    const [turns, transcription] = [ownValue(value, 'turn_detection'), ownValue(value, 'transcription')]
    if (turns !== undefined) readTurns(reading, turns)
    if (typeof transcription === 'string') noteModel(draft, transcription)
  }
  walk(draft, audio, false)
}

/** Who writes down what is heard: settings, or the model alone. */
function readTranscription(draft: Draft, key: string, value: JsonValue): undefined {
  return typeof value === 'string' ? noteModel(draft, value) : walkMember(draft, key, value, false)
}

/** Where two places say it, the one by which it speaks stands. */
function readTurns(reading: Reading, value: JsonValue): undefined {
  if (reading.turns !== 'unasked') reading.turns = speaksUnasked(value) ? 'unasked' : 'asked'
}

/** Members by which turns are heard. One that is not here could do anything. */
const HEARING: ReadonlySet<string> = new Set([
  ...['type', 'threshold', 'prefix_padding_ms', 'silence_duration_ms', 'eagerness', 'interrupt_response'],
  ...['create_response', 'idle_timeout_ms'],
])

function speaksUnasked(turns: JsonValue): boolean {
  if (turns === null) return false
  if (!isJsonObject(turns) || ownValue(turns, 'create_response') !== false) return true
  return (ownValue(turns, 'idle_timeout_ms') ?? null) !== null || Object.keys(turns).some((key) => !HEARING.has(key))
}
