import type { JsonValue } from '../model/json.ts'
import { type Draft, noteObject } from './draft.ts'
import type { Endpoint } from './endpoint.ts'
import { get, list, remove, send, upload } from './operation.ts'
import { walkMember } from './walk.ts'

export const audio: readonly Endpoint[] = [
  send('audio.speech', '/v1/audio/speech', {
    stored: false,
    streams: 'asked',
    model: 'required',
    models: ['.model'],
    bytes: true,
    known: ['input', 'speed', 'stream_format'],
    readers: [['voice', readVoice]],
  }),
  upload('audio.transcribe', '/v1/audio/transcriptions', {
    stored: false,
    streams: 'asked',
    model: 'required',
    models: ['form model'],
    answer: 'embedding',
  }),
  upload('audio.translate', '/v1/audio/translations', { stored: false, model: 'required', models: ['form model'] }),
  upload('audio.voices.create', '/v1/audio/voices'),
  remove('audio.voices.delete', '/v1/audio/voices/{voice}'),
  upload('audio.voice_consents.create', '/v1/audio/voice_consents'),
  list('audio.voice_consents.list', '/v1/audio/voice_consents', 'voice_consent', {}),
  get('audio.voice_consents.get', '/v1/audio/voice_consents/{voice_consent}'),
  send('audio.voice_consents.update', '/v1/audio/voice_consents/{voice_consent}', { known: ['name'] }),
  remove('audio.voice_consents.delete', '/v1/audio/voice_consents/{voice_consent}'),
]

/** A voice of one's own is an object with an id, or the id alone; all others are words without digits. */
const VOICE_ID = /[0-9]|^voice[_-]/i

export function noteVoice(draft: Draft, voice: JsonValue | undefined): undefined {
  if (typeof voice === 'string' && VOICE_ID.test(voice)) noteObject(draft, 'voice.id', voice)
}

function readVoice(draft: Draft, voice: JsonValue): undefined {
  draft.audio = true
  noteVoice(draft, voice)
  walkMember(draft, 'voice', voice, false)
}
