import type { Test } from 'tap'
import type { ClientOptions, WebSocket } from 'ws'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { closed, dialled, opened } from './opened-socket.ts'
import type { ProxyOptions } from './proxy-folder.ts'
import { type ProviderSession, type RealtimeServer, startRealtimeServer } from './realtime-server.ts'
import { Log } from './within.ts'
import { startWorld, type World } from './world.ts'

export const MODEL = 'gpt-realtime'

/** Analysts may speak with one model, have what they say written down by another, and use one function. */
export const REALTIME_POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  aliases: { voice: MODEL },
  rules: [
    {
      id: 'voice',
      effect: 'allow',
      roles: ['analyst'],
      models: [MODEL, 'gpt-4o-transcribe'],
      operations: ['realtime', 'realtime.translations.connect'],
      when: {
        tools: { functions: ['search'], hosted: [] },
        urls: ['images.example.org'],
        max_output_tokens: { at_most: 1000 },
      },
    },
  ],
} as const

export interface RealtimeWorld extends World {
  readonly provider: RealtimeServer
}

/** The program between the identity provider and a provider of the Realtime API. */
export async function startRealtime(t: Test, options: ProxyOptions = {}): Promise<RealtimeWorld> {
  const provider = await startRealtimeServer()
  t.teardown(() => provider.close())
  const upstream = { name: 'mock', url: provider.url, api_key: { env: 'MOCK_KEY' }, models: ['gpt-*'] }
  const { upstreams = [upstream], ...more } = options
  const [first, ...rest] = upstreams
  const world = await startWorld(t, {
    policy: REALTIME_POLICY,
    upstreams: [{ ...upstream, ...first }, ...rest],
    ...more,
  })
  return Object.assign(world, { provider })
}

/** A client of the proxy: what it was told, in order. */
export class VoiceClient {
  readonly socket: WebSocket
  readonly events = new Log<JsonObject>()
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  requestId = ''
  #read = 0

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('upgrade', ({ headers }) => {
      this.requestId = String(headers['x-request-id'])
    })
    socket.on('message', (bytes) => this.events.push(JSON.parse(bytes.toString())))
    socket.on('error', () => undefined)
    this.closed = closed(socket)
  }

  send(message: object | string | Buffer): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  }

  /** The next event of a type that was not read yet. */
  async event(type: string): Promise<JsonObject> {
    const found = await this.events.until((all) => {
      const at = all.findIndex((event, index) => index >= this.#read && event.type === type)
      return at === -1 ? undefined : { at, event: all[at] as JsonObject }
    }, `an event ${type}`)
    this.#read = found.at + 1
    return found.event
  }

  /** The next error: its code and what it is about. */
  async error(): Promise<{ code: JsonValue; param: JsonValue; eventId: JsonValue; message: string }> {
    const { error } = (await this.event('error')) as { error: JsonObject }
    const { code = null, param = null, event_id: eventId = null, message } = error
    return { code, param, eventId, message: String(message) }
  }

  close(): void {
    this.socket.close(1000)
  }
}

export const TARGET = `/v1/realtime?model=${MODEL}`

/** Opens a session; rejects where the handshake is refused. */
export async function speak(
  world: RealtimeWorld,
  options: ClientOptions & { target?: string; person?: string; token?: string; protocols?: string[] } = {},
): Promise<{ client: VoiceClient; session: ProviderSession }> {
  const { target = TARGET, person, token, protocols = [], ...more } = options
  const bearer = token ?? (await world.token(person))
  const before = world.provider.sessions.entries.length
  const socket = dialled(world.proxy, target, bearer, protocols, more)
  const client = new VoiceClient(socket)
  await opened(socket, 'a session')
  const session = await world.provider.sessions.until((all) => all[before], 'a session upstream')
  return { client, session }
}
