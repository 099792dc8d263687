import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { OBJECT_KINDS } from '../../../src/model/objects.ts'
import { isOperationName, MODEL_OPERATIONS, SPELLED_OPERATIONS } from '../../../src/model/operations.ts'

const folder = new URL('../../../src/endpoints/', import.meta.url)
const sorted = (names: Iterable<string>) => [...names].sort()

t.test('every file that makes endpoints is in the list', async (t) => {
  const index = readFileSync(new URL('index.ts', folder), 'utf8')
  const making = readdirSync(folder).filter(
    (file) =>
      file.endsWith('.ts') &&
      /^export const \w+: (?:readonly )?Endpoint(?:\[\])? = /m.test(readFileSync(new URL(file, folder), 'utf8')),
  )
  t.ok(making.length > 25, 'the files are found')
  for (const file of making.filter((name) => name !== 'index.ts')) t.ok(index.includes(`from './${file}'`), file)
})

t.test('there is one endpoint for each name of an operation, and one name for each endpoint', async (t) => {
  t.same(sorted(ENDPOINTS.map(({ operation }) => operation)), sorted(SPELLED_OPERATIONS))
  t.equal(new Set(ENDPOINTS.map(({ method, path }) => `${method} ${path}`)).size, ENDPOINTS.length)
})

t.test('every entry is well formed', async (t) => {
  const kinds: readonly string[] = [...OBJECT_KINDS, 'model']
  for (const endpoint of ENDPOINTS) {
    const { operation, method, path, body, models, model, query } = endpoint
    t.ok(isOperationName(operation), operation)
    t.match(path, /^\/v1(?:\/[a-z_]+|\/\{[a-z_]+\})+$/, path)
    const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, kind = '']) => kind)
    t.equal(new Set(placeholders).size, placeholders.length, `${operation}: each placeholder once`)
    for (const kind of placeholders) t.ok(kinds.includes(kind), `${operation}: ${kind}`)
    t.equal(method === 'GET' && body !== 'none', false, `${operation}: no body where there can be none`)
    t.equal(models.includes('{model}'), placeholders.includes('model'), `${operation}: a model in its path`)
    t.equal(models.includes('.model'), body === 'json' || body === 'either' ? atTop(operation) : false, operation)
    t.equal(models.includes('?model'), query.model === 'model', `${operation}: a model in its query`)
    if (model === 'path') t.ok(placeholders.includes('model'), operation)
  }
})

/** Whether the body's own `model` is one of the places, by the role that the entry gives it. */
function atTop(operation: string): boolean {
  const found = ENDPOINTS.find((endpoint) => endpoint.operation === operation)
  return found?.model === 'required' || found?.model === 'optional' || SESSIONS.has(operation)
}

/** A session's own model, which something else may change. */
const SESSIONS = new Set(['realtime.calls.accept'])

t.test('the operations with a model are those that the policy takes for such', async (t) => {
  const modelled = ENDPOINTS.filter(({ model }) => model !== 'none').map(({ operation }) => operation)
  t.same(sorted(MODEL_OPERATIONS), sorted(modelled))
})

t.test('what only works with stored objects is marked', async (t) => {
  for (const { operation, path, stored, awaits } of ENDPOINTS) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].some(([, kind]) => kind !== 'model')
    if (named) t.ok(stored || awaits === 'session', `${operation} names an object`)
  }
  const open = ENDPOINTS.filter(({ stored, awaits }) => !stored && awaits === null).map(({ operation }) => operation)
  t.same(sorted(open), [
    ...['audio.speech', 'audio.transcribe', 'audio.translate', 'chat', 'completions'],
    ...['content_provenance_checks.create', 'decisions.create', 'embeddings'],
    ...['fine_tuning.alpha.graders.run', 'fine_tuning.alpha.graders.validate'],
    ...['images.edit', 'images.generate', 'images.variation'],
    ...['messages', 'messages.count_tokens'],
    ...['models.get', 'models.list', 'moderations', 'realtime', 'realtime.client_secrets.create'],
    ...['realtime.sessions.create', 'realtime.transcription_sessions.create'],
    ...['realtime.translations.client_secrets.create', 'realtime.translations.connect'],
    ...['responses', 'responses.compact', 'responses.connect', 'responses.input_tokens'],
  ])
})

t.test('what an endpoint without a body describes', async (t) => {
  const none = {
    nestedModels: [],
    stream: false,
    maxOutputTokens: undefined,
    urls: [],
    objects: [],
  }
  const rows = [
    ['models.list', {}, '', null, false],
    ['models.get', { model: 'gpt-4o' }, '', 'gpt-4o', false],
    ['models.delete', { model: 'ft:gpt-4o' }, '', 'ft:gpt-4o', false],
    ['fine_tuning.checkpoints.permissions.list', { model: 'ft:gpt-4o' }, '', 'ft:gpt-4o', false],
    ['files.list', {}, 'limit=1', null, false],
    ['chat.completions.list', {}, '', null, false],
    ['chat.completions.list', { model: 'gpt-4o' }, 'model=gpt-4o', 'gpt-4o', false],
    ['fine_tuning.jobs.resume', {}, '', undefined, false],
    ['responses.get', {}, '', null, false],
    ['responses.get', {}, 'starting_after=1&stream=true', null, true],
    ['responses.get', {}, 'stream=false', null, false],
    ['responses.delete', {}, 'stream=true', null, false],
    ['agents.sessions.events.stream', {}, '', null, true],
  ] as const
  for (const [operation, parameters, query, model, stream] of rows) {
    const endpoint = ENDPOINTS.find((entry) => entry.operation === operation)
    const input = { bytes: 0, images: false, files: false, audio: false }
    const storedSettings = operation === 'fine_tuning.jobs.resume'
    t.same(
      endpoint?.describe(null, parameters, query),
      {
        ok: true,
        value: { ...none, storedSettings, operation, model, stream, tools: { functions: [], hosted: [] }, input },
      },
      `${operation} ${query}`,
    )
  }
})
