import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { isJsonObject, type JsonObject } from '../../src/model/json.ts'
import { listening } from './loopback.ts'
import { Log } from './within.ts'

/** One session as the provider has it: what it was sent, as text, and its socket. */
export interface ProviderSession {
  readonly request: IncomingMessage
  readonly socket: WebSocket
  readonly received: Log<string>
  readonly closed: Promise<number>
}

/** A request that is no handshake. */
export interface ProviderRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface ProviderAnswer {
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  readonly body: string
}

export interface RealtimeServer {
  /** With the version, as a config names it. */
  readonly url: string
  readonly sessions: Log<ProviderSession>
  /** How messages are answered; without one it is like OpenAI would. */
  script: ((session: ProviderSession, message: JsonObject) => void) | null
  /** What handshakes are answered instead of a WebSocket; `silence` is no answer at all. */
  refusal: string | 'silence' | null
  /** What a request that is no handshake is answered; without it there is nothing. */
  made: JsonObject | null
  /** The same in full, for what it is sent; without one it is `made`. */
  answer: ((asked: ProviderRequest) => ProviderAnswer) | null
  /** Requests that were no handshakes. */
  readonly asked: Log<ProviderRequest>
  /** What sessions are set up with before their clients come; `silence`: nothing is told of one. */
  setUp: JsonObject | 'silence' | null
  close(): Promise<void>
}

/** A deterministic provider of the Realtime API on loopback. */
export async function startRealtimeServer(): Promise<RealtimeServer> {
  const sessions = new Log<ProviderSession>()
  const asked = new Log<ProviderRequest>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url = '', headers } = request
    const one = { method, url, headers, body: Buffer.concat(chunks).toString() }
    asked.push(one)
    const said = provider.answer?.(one) ?? (provider.made === null ? null : { body: JSON.stringify(provider.made) })
    if (said === null) response.writeHead(404).end()
    else response.writeHead(said.status ?? 200, { 'content-type': 'application/json', ...said.headers }).end(said.body)
  })
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 })
  const provider = {
    script: null as RealtimeServer['script'],
    refusal: null as string | null,
    made: null as JsonObject | null,
    answer: null as RealtimeServer['answer'],
    setUp: null as RealtimeServer['setUp'],
  }
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined)
    if (provider.refusal === 'silence') socket.resume()
    else if (provider.refusal !== null) socket.end(provider.refusal)
    else sockets.handleUpgrade(request, socket, head, (opened) => take(request, opened))
  })
  const take = (request: IncomingMessage, socket: WebSocket) => {
    const received = new Log<string>()
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    const session = { request, socket, received, closed }
    sessions.push(session)
    const stands: { [key: string]: unknown } = {
      type: 'realtime',
      id: `sess_${sessions.entries.length}`,
      model: new URL(request.url ?? '', 'http://x').searchParams.get('model'),
      max_output_tokens: 'inf',
      tools: [],
      ...(provider.setUp === 'silence' ? {} : provider.setUp),
    }
    if (provider.setUp !== 'silence')
      socket.send(JSON.stringify({ type: 'session.created', event_id: 'event_1', session: stands }))
    socket.on('message', (bytes) => {
      const text = bytes.toString()
      received.push(text)
      const message: unknown = JSON.parse(text)
      if (!isJsonObject(message)) return
      if (provider.script) provider.script(session, message)
      else answer(socket, stands, message)
    })
  }
  const { origin, close } = await listening(server)
  return Object.assign(provider, { url: `${origin}/v1`, sessions, asked, close })
}

const USAGE = {
  total_tokens: 30,
  input_tokens: 20,
  output_tokens: 10,
  input_token_details: { cached_tokens: 5, text_tokens: 15, audio_tokens: 5 },
}

function answer(socket: WebSocket, stands: { [key: string]: unknown }, message: JsonObject): void {
  const send = (event: object) => socket.send(JSON.stringify(event))
  switch (message.type) {
    case 'session.update':
      Object.assign(stands, message.session)
      send({ type: 'session.updated', event_id: 'event_2', session: stands })
      return
    case 'input_audio_buffer.commit':
      send({ type: 'input_audio_buffer.committed', event_id: 'event_3', item_id: 'item_1' })
      return
    case 'conversation.item.create':
      send({ type: 'conversation.item.created', event_id: 'event_4', item: message.item })
      return
    case 'response.create':
      send({ type: 'response.created', event_id: 'event_5', response: { id: 'resp_1' } })
      send({ type: 'response.output_text.delta', event_id: 'event_6', response_id: 'resp_1', delta: 'hello' })
      send({
        type: 'response.done',
        event_id: 'event_7',
        response: { id: 'resp_1', status: 'completed', usage: USAGE },
      })
      return
    default:
      return
  }
}
