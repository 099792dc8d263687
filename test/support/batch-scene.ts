import type { ServerResponse } from 'node:http'
import { APIError, type OpenAI } from 'openai'
import type { Test } from 'tap'
import { CHATS } from './batch-files.ts'
import { readFetch } from './form-readers.ts'
import { startTwoWorkspaces, TWO_WORKSPACES, type TwoWorkspaces } from './two-workspaces.ts'

const POLICY = {
  ...TWO_WORKSPACES,
  aliases: { fast: 'gpt-4o-mini' },
  rules: [
    {
      id: 'small',
      effect: 'allow',
      roles: ['everybody'],
      models: ['gpt-4o-mini', 'text-*'],
      operations: ['chat', 'embeddings', 'responses'],
      when: { urls: ['files.example.org'], tools: { functions: ['search'], hosted: [] } },
    },
    {
      id: 'fresh',
      effect: 'allow',
      roles: ['everybody'],
      models: ['gpt-4o'],
      operations: ['chat'],
      when: { acr: ['gold'] },
    },
    { id: 'files', effect: 'allow', roles: ['everybody'], operations: ['files.*', 'uploads.*', 'batches.*'] },
    { id: 'never', effect: 'deny', models: ['gpt-4-turbo'], operations: ['chat'] },
  ],
  transforms: [{ id: 'short', roles: ['everybody'], set: { max_output_tokens: 64 } }],
}

export async function scene(t: Test, options: object = {}): Promise<TwoWorkspaces> {
  const two = await startTwoWorkspaces(t, { policy: POLICY, ...options })
  const { world } = two
  let made = 0
  const answer =
    (document: (body: string) => object) => (exchange: { request: { body: Buffer }; response: ServerResponse }) =>
      void exchange.response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(document(exchange.request.body.toString())))
  world.model.scriptPath(
    '/v1/files',
    answer(() => ({ id: `file-${++made}`, object: 'file', purpose: 'batch' })),
  )
  const uploaded = (more: object) => answer(() => ({ id: `upload_${++made}`, object: 'upload', file: null, ...more }))
  world.model.scriptPath('/v1/uploads', uploaded({}))
  for (let upload = 1; upload < 3; upload++) {
    const id = `upload_${upload}`
    const file = answer(() => ({ id, object: 'upload', file: { id: `file-${++made}`, object: 'file' } }))
    world.model.scriptPath(`/v1/uploads/${id}/complete`, file)
    world.model.scriptPath(
      `/v1/uploads/${id}/parts`,
      answer(() => ({ id: `part_${++made}`, object: 'upload.part', upload_id: id })),
    )
  }
  world.model.scriptPath(
    '/v1/batches',
    answer((body) => ({ ...JSON.parse(body), id: 'batch_1', object: 'batch', output_file_id: null })),
  )
  world.model.scriptPath(
    '/v1/batches/batch_1',
    answer(() => ({
      id: 'batch_1',
      object: 'batch',
      endpoint: CHATS,
      input_file_id: 'file-1',
      output_file_id: 'file-9',
    })),
  )
  world.model.scriptPath(
    '/v1/files/file-9/content',
    answer(() => ({ id: 'batch_req_1', custom_id: 'one' })),
  )
  world.model.scriptPath(
    '/v1/files/file-1',
    answer(() => ({ id: 'file-1', object: 'file', purpose: 'batch' })),
  )
  return two
}

export const upload = (client: OpenAI, text: string | Buffer) =>
  client.files.create({ purpose: 'batch', file: new File([new Uint8Array(Buffer.from(text))], 'lines.jsonl') })

export async function sentLines({ world }: TwoWorkspaces): Promise<unknown[]> {
  const request = world.model.requests.at(-1)
  const parts = await readFetch(request?.header('content-type') ?? '', request?.body ?? Buffer.alloc(0))
  const text = parts?.find(({ name }) => name === 'file')?.text ?? ''
  return Buffer.from(text, 'latin1')
    .toString()
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one))
}

export const create = (
  client: OpenAI,
  input_file_id: string,
  endpoint: '/v1/chat/completions' | '/v1/embeddings' = CHATS,
) => client.batches.create({ input_file_id, endpoint, completion_window: '24h' })

export const refusalOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: unknown) => (error instanceof APIError ? [error.status, error.code] : error),
  )
