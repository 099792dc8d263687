import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import { OUTPUT_LIMITS } from '../../model/transforms.ts'
import { noteVoice } from '../audio.ts'
import { readToolChoice } from '../body.ts'
import { walkItems } from '../content.ts'
import { type Draft, noteObject, refuse, shown } from '../draft.ts'
import { foldKey } from '../key-names.ts'
import { modelNameProblem } from '../model-name.ts'
import { readPrompt } from '../responses.ts'
import { walk, walkMember, walkUnknown } from '../walk.ts'
import { readLimit, SESSION_LIMITS, type WrittenLimit } from './limits.ts'

/** What is read of a message beside its facts. */
export interface Reading {
  readonly draft: Draft
  /** Models that the message names for the session itself. */
  readonly named: string[]
  limit: WrittenLimit
  /** The upstream is to hear by itself when a turn is over, or that nothing is said: then the model may speak unasked. */
  turns: boolean
}

/** Settings and prose of sessions and responses, in the API and in its beta. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['type', 'id', 'object', 'expires_at', 'include', 'instructions', 'modalities', 'output_modalities', 'truncation'],
  ...['parallel_tool_calls', 'reasoning', 'tracing', 'temperature', 'speed', 'input_audio_format'],
  ...['output_audio_format', 'input_audio_noise_reduction', 'input_audio_transcription', 'tools'],
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
    case 'turn_detection':
      return readTurns(reading, value)
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
  const input = ownValue(audio, 'input')
  if (isJsonObject(input)) readTurns(reading, ownValue(input, 'turn_detection') ?? null)
  walk(draft, audio, false)
}

function readTurns(reading: Reading, value: JsonValue): undefined {
  if (value === null) return
  reading.turns = true
  walkMember(reading.draft, 'turn_detection', value, false)
}
