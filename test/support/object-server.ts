import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Endpoint } from '../../src/endpoints/endpoint.ts'
import { route } from '../../src/endpoints/route.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/model/json.ts'
import { holdsObjects } from '../../src/model/object-members.ts'
import { listening } from './loopback.ts'
import { fileOf, page, pageOf } from './object-pages.ts'

interface Kept {
  readonly id: string
  /** Ids of the objects that it is part of, the outermost first. */
  readonly within: readonly string[]
  readonly kind: string
  readonly document: JsonObject
}

export interface ObjectServer {
  readonly url: string
  /** Method and target of each request. */
  readonly seen: readonly string[]
  /** Every id that it has made. */
  readonly ids: ReadonlySet<string>
  close(): Promise<void>
}

/** What an id of the provider begins with, by the last noun of the operation that makes it. */
const PREFIXES: { readonly [noun: string]: string } = {
  chat: 'chatcmpl-',
  responses: 'resp_',
  files: 'file-',
  uploads: 'upload_',
  batches: 'batch_',
  jobs: 'ftjob-',
  vector_stores: 'vs_',
  file_batches: 'vsfb_',
  assistants: 'asst_',
  threads: 'thread_',
  messages: 'msg_',
  runs: 'run_',
  conversations: 'conv_',
  containers: 'cntr_',
  evals: 'eval_',
  videos: 'video_',
}

/** One account of a provider that keeps what is made, and tells nobody from anybody. */
export async function startObjectServer(): Promise<ObjectServer> {
  const account = new Account()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    account.answer(request, Buffer.concat(chunks).toString(), response)
  })
  const { origin, close } = await listening(server)
  return { url: `${origin}/v1`, seen: account.seen, ids: account.ids, close }
}

class NotFound extends Error {}

class Account {
  readonly seen: string[] = []
  readonly ids = new Set<string>()
  readonly #kept = new Map<string, Kept>()

  answer(request: IncomingMessage, text: string, response: ServerResponse): void {
    const { method = '', url = '' } = request
    this.seen.push(`${method} ${url}`)
    const found = route(method, url)
    if (!found.ok) {
      sendJson(response, 404, { error: { message: 'Invalid URL', code: null } })
      return
    }
    const { endpoint, path, query, objects } = found.value
    const body: unknown = text.startsWith('{') ? JSON.parse(text) : fileOf(text)
    try {
      const within = objects.filter(({ id }) => path.includes(id)).map(({ id }) => id)
      for (const { id } of objects) this.#must(id)
      if (isJsonObject(body)) this.#checkBody(body)
      const document = this.#done(endpoint, within, query, isJsonObject(body) ? body : {})
      const isStream = (isJsonObject(body) && body.stream === true) || query.split('&').includes('stream=true')
      if (isStream) sendEvents(response, endpoint.operation, document)
      else sendJson(response, 200, document)
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
      sendJson(response, 404, { error: { message: `No such object: ${error.message}`, type: 'x', code: null } })
    }
  }

  #done({ operation, method }: Endpoint, within: readonly string[], query: string, body: JsonObject): JsonObject {
    const words = operation.split('.')
    const verb = words.at(-1) ?? ''
    const noun = words.at(verb === 'create' ? -2 : -1) ?? ''
    const last = within.at(-1) ?? ''
    if (operation === 'files.content') return { id: last, file_id: last, data: [{ id: last }] }
    if (verb === 'complete') {
      const { filename = null, purpose = null } = this.#must(last).document
      return { ...this.#must(last).document, file: this.#make('file-', 'files', [], { filename, purpose }) }
    }
    if (verb === 'create_and_run') {
      const thread = String(this.#make('thread_', 'threads', [], {}).id)
      return this.#make('run_', 'runs', [thread], { thread_id: thread, ...body })
    }
    if (operation === 'conversations.items.create') return this.#items(within, body.items)
    if (method === 'DELETE') {
      this.#kept.delete(last)
      return { id: last, object: `${noun}.deleted`, deleted: true }
    }
    if (method === 'GET') return this.#read(operation, within, query)
    if (verb === 'create' || words.length === 1 || last === '') return this.#created(operation, noun, within, body)
    const kept = this.#must(last)
    this.#kept.set(last, { ...kept, document: { ...kept.document, ...body } })
    return this.#must(last).document
  }

  #created(operation: string, noun: string, within: readonly string[], body: JsonObject): JsonObject {
    if (operation === 'vector_stores.files.create') {
      return { ...body, id: body.file_id ?? null, object: 'vector_store.file', vector_store_id: within[0] ?? null }
    }
    const prefix = operation === 'evals.runs.create' ? 'evalrun_' : (PREFIXES[noun] ?? 'x_')
    const kind = operation === 'chat' && body.store === true ? 'completions' : noun
    const made = this.#make(prefix, kind, within, body)
    const id = String(made.id)
    if (operation === 'responses') return this.#response(id, made, body)
    if (operation === 'chat') return chatOf(id, body)
    if (operation === 'threads.runs.create') this.#make('step_', 'steps', [...within, id], { run_id: id })
    if (operation === 'evals.runs.create') this.#make('outputitem_', 'output_items', [...within, id], {})
    if (operation === 'fine_tuning.jobs.create') {
      for (const kind of ['events', 'checkpoints']) this.#make('ftevent-', kind, [id], { fine_tuning_job_id: id })
    }
    if (operation === 'containers.create') this.#make('cfile_', 'files', [id], { container_id: id })
    return made
  }

  /** A response says what it was asked, and keeps what it was asked and what it says. */
  #response(id: string, made: JsonObject, body: JsonObject): JsonObject {
    this.#make('msg_', 'input_items', [id], { type: 'message', role: 'user', content: [] })
    this.#make('msg_', 'input_items', [id], { type: 'message', role: 'user', content: [] })
    const container = String(this.#make('cntr_', 'containers', [], {}).id)
    const file = String(this.#make('cfile_', 'files', [container], {}).id)
    const annotations = [{ type: 'container_file_citation', container_id: container, file_id: file }]
    const content = [{ type: 'output_text', text: `${id} is not sealed in prose`, annotations }]
    const item = this.#make('msg_', 'items', [], { type: 'message', role: 'assistant', status: 'completed', content })
    const call = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"id":"x"}' }
    const output = [item, this.#make('fc_', 'items', [], call)]
    const conversation = body.conversation === undefined ? null : { id: body.conversation }
    const { previous_response_id: previous = null, model = null, metadata = {} } = body
    const usage = { input_tokens: 1, output_tokens: 2, total_tokens: 3 }
    const document = { id, object: 'response', status: 'completed', model, metadata, output, conversation, usage }
    const whole: JsonObject = { ...document, previous_response_id: previous }
    this.#kept.set(id, { ...this.#must(String(made.id)), document: whole })
    return whole
  }

  #items(within: readonly string[], items: JsonValue | undefined): JsonObject {
    const made = (Array.isArray(items) ? items : []).map((item) =>
      this.#make('msg_', 'items', within, item as JsonObject),
    )
    return page(made, false)
  }

  #read(operation: string, within: readonly string[], query: string): JsonObject {
    const words = operation.split('.')
    const noun = words.at(-1) === 'list' ? words.at(-2) : words.at(-1)?.replace(/^list_/, '')
    const isList = /(?:\.list|\.list_\w+|\.input_items)$/.test(operation)
    if (!isList) return this.#must(within.at(-1) ?? '').document
    const options = new URLSearchParams(query)
    const kept = [...this.#kept.values()].filter((one) => one.kind === noun && isIn(one, within))
    return pageOf(
      kept.map(({ document }) => document),
      options,
    )
  }

  #make(prefix: string, kind: string, within: readonly string[], body: JsonObject): JsonObject {
    const id = `${prefix}${(this.ids.size + 1).toString().padStart(6, '0')}`
    this.ids.add(id)
    const document = { ...body, id, object: kind }
    this.#kept.set(id, { id, kind, within, document })
    return document
  }

  #must(id: string): Kept {
    const kept = this.#kept.get(id)
    if (kept === undefined) throw new NotFound(id)
    return kept
  }

  /** What a body names must be there. */
  #checkBody(value: JsonValue, key = ''): void {
    if (typeof value === 'string') {
      if (holdsObjects(key) && !key.endsWith('call_id')) this.#must(value)
    } else if (Array.isArray(value)) for (const one of value) this.#checkBody(one, key)
    else if (isJsonObject(value)) {
      for (const [name, member] of Object.entries(value)) if (name !== 'metadata') this.#checkBody(member, name)
    }
  }
}

function isIn({ within }: Kept, asked: readonly string[]): boolean {
  return within.length === asked.length && within.every((id, index) => id === asked[index])
}

function chatOf(id: string, { model = null, metadata = {}, modalities }: JsonObject): JsonObject {
  const audio = modalities === undefined ? null : { id, data: '', transcript: '', expires_at: 1 }
  const message = { role: 'assistant', content: 'hello', audio }
  return {
    id,
    object: 'chat.completion',
    created: 1,
    model,
    metadata,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
  }
}

function sendJson(response: ServerResponse, status: number, document: JsonObject): void {
  const text = JSON.stringify(document)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}

function sendEvents(response: ServerResponse, operation: string, document: JsonObject): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (event: string, data: object) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  if (operation.startsWith('threads')) {
    send('thread.run.created', document)
    send('thread.run.completed', document)
    response.end('event: done\ndata: [DONE]\n\n')
    return
  }
  const [item] = document.output as JsonObject[]
  send('response.created', { type: 'response.created', response: { ...document, output: [] }, sequence_number: 0 })
  send('response.output_item.added', { type: 'response.output_item.added', item: item ?? null, output_index: 0 })
  const delta = { type: 'response.output_text.delta', item_id: item?.id ?? null, delta: 'hello', output_index: 0 }
  send('response.output_text.delta', { ...delta, content_index: 0 })
  send('response.completed', { type: 'response.completed', response: document, sequence_number: 3 })
  response.end()
}
