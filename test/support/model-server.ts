import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { isJsonObject, type JsonObject } from '../../src/model/json.ts'
import { answerTo } from './model-answers.ts'
import { Log } from './within.ts'

/** One request as it arrived: nothing in it is decoded or normalised. */
export interface RecordedRequest {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  /** Name, value, name, value… */
  readonly rawHeaders: readonly string[]
  /** Of its headers, in lower case and in order of the alphabet: one for each that came. */
  readonly headerNames: readonly string[]
  /** The only value of a header; undefined when it is absent or stands more than once. */
  header(name: string): string | undefined
  body: Buffer
  /** True once the whole body is there. */
  complete: boolean
  /** Settles when the answer is over: did the peer go before it was complete? */
  readonly over: Promise<'answered' | 'aborted'>
}

/** One request being answered, as a behaviour sees it. */
export interface ModelCall {
  readonly request: RecordedRequest
  readonly response: ServerResponse
  /** For answers that Node would not write: use it or `response`, never both. */
  readonly socket: Socket
  readonly json: JsonObject | null
  /** Counts up from 1 on one server. */
  readonly number: number
}

export type Behaviour = (call: ModelCall) => void | Promise<void>

export interface ModelServer {
  /** With the version, as a config names it. */
  readonly url: string
  readonly port: number
  readonly requests: readonly RecordedRequest[]
  /** Connections that were opened, ever. */
  readonly connections: number
  /** Connections that are open now. */
  readonly open: number
  /** Bytes that reached the server on any connection. */
  readonly bytesReceived: number
  readonly streams: { active: number; peak: number }
  /** How requests that name this model are answered; without one it is like OpenAI would. */
  script(model: string, behaviour: Behaviour): void
  /** How requests for this path are answered, whatever they name. */
  scriptPath(path: string, behaviour: Behaviour): void
  /** The same, called as soon as the head is there: the body is not read. */
  scriptEarly(path: string, behaviour: Behaviour): void
  /** The request with this number (from 1), complete with its body. */
  arrival(number: number): Promise<RecordedRequest>
  close(): Promise<void>
}

/**
 * A deterministic OpenAI-compatible server on loopback that records every request and can be scripted to stall, reset
 * and lie. Models that it lists are `models`; it answers for any.
 */
export async function startModelServer(
  options: { models?: readonly string[]; port?: number } = {},
): Promise<ModelServer> {
  const requests = new Log<RecordedRequest>()
  const byModel = new Map<string, Behaviour>()
  const byPath = new Map<string, Behaviour>()
  const early = new Map<string, Behaviour>()
  const sockets = new Set<Socket>()
  const streams = { active: 0, peak: 0 }
  const models = options.models ?? ['gpt-4o-mini', 'gpt-4o', 'text-embedding-3-small', 'omni-moderation-latest']
  let connections = 0
  let closedBytes = 0

  const server = createServer({ keepAliveTimeout: 60_000, noDelay: true, maxHeaderSize: 64 * 1024 })
  server.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => {
      sockets.delete(socket)
      closedBytes += socket.bytesRead
    })
  })
  server.on('request', async (message, response) => {
    response.on('error', () => undefined)
    const request = record(message, response)
    requests.push(request)
    const number = requests.entries.length
    const path = request.target.split('?')[0] ?? ''
    const atOnce = early.get(path)
    if (atOnce) return void atOnce({ request, response, socket: message.socket, json: null, number })
    try {
      const chunks: Buffer[] = []
      for await (const chunk of message) chunks.push(chunk)
      request.body = Buffer.concat(chunks)
    } catch {
      return // the peer went before the end of its body
    }
    request.complete = true
    requests.touch()
    const json = parsed(request.body)
    const call = { request, response, socket: message.socket, json, number }
    const scripted = byPath.get(path) ?? (typeof json?.model === 'string' ? byModel.get(json.model) : undefined)
    streams.active += 1
    streams.peak = Math.max(streams.peak, streams.active)
    void request.over.then(() => streams.active--)
    await (scripted ?? ((plain: ModelCall) => answerTo(plain, models)))(call)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    streams,
    requests: requests.entries,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    get bytesReceived() {
      return [...sockets].reduce((sum, socket) => sum + socket.bytesRead, closedBytes)
    },
    script: (model, behaviour) => void byModel.set(model, behaviour),
    scriptPath: (path, behaviour) => void byPath.set(path, behaviour),
    scriptEarly: (path, behaviour) => void early.set(path, behaviour),
    arrival: (number) =>
      requests.until((all) => (all[number - 1]?.complete ? all[number - 1] : undefined), `request ${number} upstream`),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function record(message: IncomingMessage, response: ServerResponse): RecordedRequest {
  const over = new Promise<'answered' | 'aborted'>((resolve) => {
    response.once('close', () => resolve(response.writableFinished ? 'answered' : 'aborted'))
  })
  const { method = '', url = '', httpVersion, rawHeaders } = message
  return {
    method,
    target: url,
    httpVersion,
    rawHeaders,
    headerNames: rawHeaders
      .filter((_, index) => index % 2 === 0)
      .map((name) => name.toLowerCase())
      .sort(),
    header: (name) => {
      const values = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)
      return values.length === 1 ? values[0] : undefined
    },
    body: Buffer.alloc(0),
    complete: false,
    over,
  }
}

function parsed(body: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return isJsonObject(value) ? value : null
  } catch {
    return null
  }
}
