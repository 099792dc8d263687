import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { noteVoice } from './audio.ts'
import { walkItems } from './content.ts'
import { type Draft, noteFunction, refuse } from './draft.ts'
import type { Endpoint } from './endpoint.ts'
import { send } from './operation.ts'
import { walk, walkMember } from './walk.ts'

export const chat: Endpoint = send('chat', '/v1/chat/completions', {
  stored: false,
  streams: 'asked',
  model: 'required',
  models: ['.model', '.moderation.model'],
  answer: 'completion',
  usageOnRequest: true,
  outputLimits: ['max_completion_tokens', 'max_tokens'],
  readers: [
    ['messages', readMessages],
    ['functions', readFunctions],
    ['modalities', readModalities],
    ['audio', readAudio],
  ],
})

/** The messages of a chat, in other operations' bodies, too, where engines take them. */
export function readMessages(draft: Draft, messages: JsonValue): undefined {
  walkItems(draft, messages, 'messages')
}

/** The functions of the older form, beside `tools`. */
function readFunctions(draft: Draft, functions: JsonValue): undefined {
  if (functions === null) return
  if (!Array.isArray(functions)) return refuse(draft, '`functions` must be a list of objects', 'functions')
  for (const entry of functions) {
    const name = isJsonObject(entry) ? ownValue(entry, 'name') : undefined
    if (name === undefined) refuse(draft, 'each function must have a `name`', 'functions')
    else noteFunction(draft, name)
    walk(draft, entry, false)
  }
}

function readModalities(draft: Draft, modalities: JsonValue): undefined {
  if (modalities === null) return
  if (!Array.isArray(modalities)) return refuse(draft, '`modalities` must be a list', 'modalities')
  if (modalities.some((modality) => modality !== 'text')) draft.audio = true
}

/** How the answer is spoken. */
function readAudio(draft: Draft, audio: JsonValue): undefined {
  if (isJsonObject(audio)) noteVoice(draft, ownValue(audio, 'voice'))
  walkMember(draft, 'audio', audio, false)
}
