import type { TableOperation } from '../model/operations.ts'
import type { Endpoint, ModelRole } from './endpoint.ts'
import { act, connect, send, upload } from './operation.ts'
import { describeMint } from './realtime/mints.ts'
import { readTarget } from './realtime/refer-target.ts'

const CALL = '/v1/realtime/calls/{call}'
const TRANSCRIPTION = '.audio.input.transcription.model'
/** A call that comes in is told of to a webhook: no client of the proxy hears of it. */
const SESSION = { stored: false, awaits: 'session', model: 'indirect' } as const
const IN_SESSION = ['.session.model', `.session${TRANSCRIPTION}`, '.session.tools[].model']

export const realtime: readonly Endpoint[] = [
  connect('realtime', '/v1/realtime', {
    dialect: 'realtime',
    model: 'optional',
    models: [
      ...['?model', 'frame .session.model', `frame .session${TRANSCRIPTION}`, 'frame .session.tools[].model'],
      ...['frame .session.input_audio_transcription.model', 'frame .response.tools[].model'],
    ],
    query: { model: 'model', call_id: 'call', intent: null },
  }),
  connect('realtime.translations.connect', '/v1/realtime/translations', {
    dialect: 'translation',
    model: 'optional',
    models: ['?model', `frame .session${TRANSCRIPTION}`],
    query: { model: 'model' },
  }),
  mint('realtime.client_secrets.create', '/v1/realtime/client_secrets', 'nested', IN_SESSION),
  mint('realtime.translations.client_secrets.create', '/v1/realtime/translations/client_secrets', 'nested', IN_SESSION),
  mint('realtime.sessions.create', '/v1/realtime/sessions', 'optional', [
    ...['.model', '.input_audio_transcription.model', '.tools[].model'],
  ]),
  mint('realtime.transcription_sessions.create', '/v1/realtime/transcription_sessions', 'indirect', [
    '.input_audio_transcription.model',
  ]),
  upload('realtime.calls.create', '/v1/realtime/calls', { model: 'nested', models: ['form session.model'] }),
  send('realtime.calls.accept', `${CALL}/accept`, { ...SESSION, models: ['.model', TRANSCRIPTION, '.tools[].model'] }),
  act('realtime.calls.hangup', `${CALL}/hangup`),
  send('realtime.calls.refer', `${CALL}/refer`, { known: ['target_uri'], readers: [['target_uri', readTarget]] }),
  send('realtime.calls.reject', `${CALL}/reject`, { known: ['status_code'] }),
]

/** Sets up a session, and answers with a secret that opens it. */
function mint(operation: TableOperation, path: string, model: ModelRole, models: readonly string[]): Endpoint {
  const sent = send(operation, path, { stored: false, model, models })
  return { ...sent, describe: (body) => describeMint(operation, body) }
}
