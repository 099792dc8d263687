import { createServer, type IncomingMessage } from 'node:http'
import type { Test } from 'tap'
import { type WebSocket, WebSocketServer } from 'ws'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/model/json.ts'
import { listening } from './loopback.ts'
import { dialled, opened } from './opened-socket.ts'
import type { ProxyOptions } from './proxy-folder.ts'
import { VoiceClient } from './realtime-world.ts'
import { Log } from './within.ts'
import { startWorld, type World } from './world.ts'

export const SMALL = 'gpt-4o-mini'
export const TARGET = '/v1/responses'

/** Analysts may ask one model, for at most 1000 tokens at once. */
export const TURN_POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  aliases: { fast: SMALL },
  rules: [
    {
      id: 'turns',
      effect: 'allow',
      roles: ['analyst'],
      models: [SMALL],
      operations: ['responses', 'responses.connect'],
      when: { max_output_tokens: { at_most: 1000 } },
    },
    {
      id: 'not-the-large-one',
      effect: 'deny',
      operations: ['responses'],
      models: ['gpt-4o'],
    },
  ],
} as const

/** One connection as the provider has it. */
export interface ProviderConnection {
  readonly request: IncomingMessage
  readonly socket: WebSocket
  readonly received: Log<string>
  readonly closed: Promise<number>
}

export type TurnScript = (connection: ProviderConnection, message: JsonObject) => void

export interface TurnProvider {
  readonly url: string
  readonly connections: Log<ProviderConnection>
  script: TurnScript
  /** What handshakes are answered instead of a WebSocket. */
  refusal: string | null
  close(): Promise<void>
}

export const USAGE = {
  input_tokens: 20,
  output_tokens: 10,
  total_tokens: 30,
  input_tokens_details: { cached_tokens: 5 },
  output_tokens_details: { reasoning_tokens: 2 },
}

/** A response from its beginning to its end, as OpenAI would tell of it. */
export function answerTurn({ socket }: ProviderConnection, message: JsonObject, id: string): void {
  const lane = message.stream_id === undefined ? {} : { stream_id: message.stream_id }
  const send = (event: object) => socket.send(JSON.stringify({ ...event, ...lane }))
  const { previous_response_id: previous = null, metadata = {} } = message
  const response = { id, object: 'response', model: `${message.model}-2026`, metadata, previous_response_id: previous }
  send({ type: 'response.created', sequence_number: 0, response: { ...response, status: 'in_progress', output: [] } })
  send({ type: 'response.output_text.delta', sequence_number: 1, item_id: `msg_${id}`, delta: 'hello' })
  const output = [
    { id: `msg_${id}`, type: 'message', content: [{ type: 'output_text', text: 'hello', annotations: [] }] },
  ]
  const done = { ...response, status: 'completed', output, usage: USAGE }
  send({ type: 'response.completed', sequence_number: 2, response: done })
}

async function startProvider(): Promise<TurnProvider> {
  const connections = new Log<ProviderConnection>()
  const server = createServer((_, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 })
  let turns = 0
  const provider = {
    script: ((connection, message) => answerTurn(connection, message, `resp_${++turns}`)) as TurnScript,
    refusal: null as string | null,
  }
  const take = (request: IncomingMessage, socket: WebSocket) => {
    const received = new Log<string>()
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    const connection = { request, socket, received, closed }
    connections.push(connection)
    socket.on('message', (bytes) => {
      received.push(bytes.toString())
      const message: unknown = JSON.parse(bytes.toString())
      if (isJsonObject(message)) provider.script(connection, message)
    })
  }
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined)
    if (provider.refusal !== null) socket.end(provider.refusal)
    else sockets.handleUpgrade(request, socket, head, (opened) => take(request, opened))
  })
  const { origin, close } = await listening(server)
  return Object.assign(provider, { url: `${origin}/v1`, connections, close })
}

export interface TurnWorld extends World {
  readonly provider: TurnProvider
}

/** The program between the identity provider and a provider of the Responses API on WebSockets. */
export async function startTurns(t: Test, options: ProxyOptions = {}): Promise<TurnWorld> {
  const provider = await startProvider()
  t.teardown(() => provider.close())
  const { isolation = 'workspace', ...more } = options
  const upstream = { name: 'mock', url: provider.url, api_key: { env: 'MOCK_KEY' }, models: ['gpt-*'], isolation }
  const world = await startWorld(t, { policy: TURN_POLICY, upstreams: [upstream], ...more })
  return Object.assign(world, { provider })
}

export interface Connected {
  readonly client: VoiceClient
  readonly connection: ProviderConnection
}

/** Opens a WebSocket of the Responses API; rejects where the handshake is refused. */
export async function connectTurns(world: TurnWorld, person?: string): Promise<Connected> {
  const before = world.provider.connections.entries.length
  const token = await world.token(person)
  const socket = dialled(world.proxy, TARGET, token)
  const client = new VoiceClient(socket)
  await opened(socket, 'a connection')
  const connection = await world.provider.connections.until((all) => all[before], 'a connection upstream')
  return { client, connection }
}

/** A request to create a response, as a message. */
export const create = (more: object = {}) => ({
  type: 'response.create',
  model: SMALL,
  max_output_tokens: 10,
  input: 'hello',
  ...more,
})

/** Asks, and answers with the whole response. */
export async function ask({ client }: Connected, more: object = {}): Promise<JsonObject> {
  client.send(create(more))
  const { response } = await client.event('response.completed')
  return response as JsonObject
}

/** The next error: its status, code and param. */
export async function nextError(client: VoiceClient): Promise<JsonValue[]> {
  const { status = null, error = {} } = await client.event('error')
  const { code = null, param = null } = error as JsonObject
  return [status, code, param]
}
