import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { isJsonObject, type JsonObject } from '../model/json.ts'
import { listenOnLoopback } from './loopback.ts'
import {
  chatAnswer,
  chatEvents,
  completionAnswer,
  completionEvents,
  embeddingAnswer,
  errorAnswer,
  modelAnswer,
  moderationAnswer,
  replyTo,
  responseAnswer,
  responseEvents,
} from './model-answers.ts'

const DEMO_MODELS = ['gpt-4o-mini', 'gpt-4o', 'text-embedding-3-small', 'omni-moderation-latest'] as const

/** The pace of a stream, so that one can watch it. Milliseconds. */
const WORD_MS = 30
const MAX_BODY_BYTES = 32 * 1024 * 1024

export interface DemoModelServer {
  /** With the version, as a config names it. */
  readonly url: string
  /** The key that it asks for: only the proxy has it. */
  readonly key: string
  close(): Promise<void>
}

/** A deterministic model behind the OpenAI API, on loopback: it streams word by word and counts words as tokens. */
export async function startModelServer(wordMs: number = WORD_MS): Promise<DemoModelServer> {
  const key = `sk-demo-${randomBytes(18).toString('base64url')}`
  let count = 0
  const server = await listenOnLoopback(() => (request, response) => {
    response.on('error', () => undefined)
    if (request.headers.authorization !== `Bearer ${key}`) {
      send(response, 401, errorAnswer('this is not the key of the model server', 'invalid_api_key'))
      return
    }
    answer(request, response, String(++count).padStart(6, '0'), wordMs).catch(() => response.destroy())
  })
  return { url: `${server.origin}/v1`, key, close: server.close }
}

async function answer(request: IncomingMessage, response: ServerResponse, id: string, wordMs: number): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? ''
  if (request.method === 'GET') return listing(response, path)
  const body = await bodyOf(request)
  if (body === null) return send(response, 400, errorAnswer('the body is not a JSON object', 'invalid_body'))
  const reply = replyTo(body)
  const streams = body.stream === true
  const withUsage = isJsonObject(body.stream_options) && body.stream_options.include_usage === true
  switch (path) {
    case '/v1/chat/completions':
      return streams
        ? stream(response, chatEvents(id, reply, withUsage), wordMs)
        : send(response, 200, chatAnswer(id, reply))
    case '/v1/completions':
      return streams
        ? stream(response, completionEvents(id, reply, withUsage), wordMs)
        : send(response, 200, completionAnswer(id, reply))
    case '/v1/responses':
      return streams
        ? stream(response, responseEvents(id, reply), wordMs)
        : send(response, 200, responseAnswer(id, reply))
    case '/v1/embeddings':
      return send(response, 200, embeddingAnswer(body))
    case '/v1/moderations':
      return send(response, 200, moderationAnswer(id))
    default:
      return send(response, 404, errorAnswer('unknown url', 'unknown_url'))
  }
}

function listing(response: ServerResponse, path: string): void {
  if (path === '/v1/models') {
    send(response, 200, { object: 'list', data: DEMO_MODELS.map(modelAnswer) })
    return
  }
  const model = DEMO_MODELS.find((name) => path === `/v1/models/${name}`)
  if (model === undefined) send(response, 404, errorAnswer('no such model', 'model_not_found'))
  else send(response, 200, modelAnswer(model))
}

function send(response: ServerResponse, status: number, document: JsonObject): void {
  const body = Buffer.from(JSON.stringify(document))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
}

/** Writes one event at a time and stops when the peer goes. The last one ends the answer: clients leave once they have it. */
async function stream(response: ServerResponse, events: readonly string[], wordMs: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  for (const event of events.slice(0, -1)) {
    if (response.destroyed) return
    response.write(event)
    await after(wordMs)
  }
  response.end(events.at(-1))
}

async function bodyOf(request: IncomingMessage): Promise<JsonObject | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return null
    chunks.push(chunk)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    return isJsonObject(value) ? value : null
  } catch {
    return null
  }
}
