import type { Endpoint } from './endpoint.ts'
import { act, connect, content, send } from './operation.ts'

const SESSION = '/v1/live/sessions/{live_session}'
const MODELS = ['.session.model', '.session.delegation.responses.model', '.session.delegation.decisions.model']
const OPENED = { awaits: 'session', model: 'indirect', models: MODELS } as const
const SPOKEN = { stored: true, model: 'optional', models: MODELS.map((place) => `frame ${place}`) } as const

/** Voice sessions: what opens one speaks to the provider without the proxy. */
export const live: readonly Endpoint[] = [
  send('live.create', '/v1/live/sessions', OPENED),
  connect('live.connect', '/v1/live/sessions', SPOKEN),
  connect('live.forks.connect', `${SESSION}/fork`, SPOKEN),
  connect('live.sideband.connect', `${SESSION}/attach`, SPOKEN),
  send('live.sessions.accept', `${SESSION}/accept`, OPENED),
  send('live.sessions.fork', `${SESSION}/fork`, OPENED),
  act('live.sessions.hangup', `${SESSION}/hangup`, { awaits: 'session' }),
  send('live.sessions.refer', `${SESSION}/refer`, { awaits: 'session' }),
  send('live.sessions.reject', `${SESSION}/reject`, { awaits: 'session' }),
  content('live.sessions.download_recording', `${SESSION}/content`, { awaits: 'session' }),
]
