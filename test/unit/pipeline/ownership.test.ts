import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { type Route, route } from '../../../src/endpoints/route.ts'
import type { Decision } from '../../../src/model/decision.ts'
import type { AskedObjects } from '../../../src/pipeline/asked-objects.ts'
import { isAside, type Placement, place } from '../../../src/pipeline/ownership.ts'
import type { ServingUpstream, Snapshot } from '../../../src/pipeline/snapshot.ts'
import { type KeyRing, openKeyRing } from '../../../src/shape/seal.ts'
import { NOW, sealed, sealerOf, storedKey } from '../../support/sealing.ts'

const upstream = (name: string, isolation: string, markNames = true) =>
  ({ settings: { name, isolation, markNames } }) as unknown as ServingUpstream
const one = upstream('one', 'workspace')
const two = upstream('two', 'workspace')
const people = upstream('people', 'user')
const open = upstream('open', 'off')
const bare = upstream('bare', 'workspace', false)

const RING = openKeyRing([storedKey('aaaaaa')], NOW)
const ana = { issuer: 'corp', id: 'ana' }
const allowed = (workspace: string | undefined) => ({ effect: 'allow', workspace }) as unknown as Decision

function routed(line: string): Route {
  const [method = '', target = ''] = line.split(' ')
  const found = route(method, target)
  if (!found.ok) throw new Error(found.fault.message)
  return found.value
}

function asked(line: string, written?: object): AskedObjects {
  const found = routed(line)
  const body = written === undefined ? null : parseJsonBody(Buffer.from(JSON.stringify(written)))
  if (body?.ok === false) throw new Error(body.fault.message)
  const value = body?.value ?? null
  const described = found.endpoint.describe(value, found.parameters, found.query)
  if (!described.ok) throw new Error(described.fault.message)
  return { found, body: value, fields: null, filenames: [], noted: described.value.objects, judgedFor: null }
}

function placed(request: AskedObjects, serving: ServingUpstream[], workspace?: string, ring: KeyRing | null = RING) {
  const found = place(request, allowed(workspace), ana, serving, { keyRing: () => ring } as unknown as Snapshot)
  return found.ok ? names(found.value) : found.fault.code
}

const names = ({ serving }: Placement) => serving.map(({ settings }) => settings.name)

const mine = sealed('file-1', sealerOf({ upstream: 'one' }))
const there = sealed('file-1', sealerOf({ upstream: 'two' }))
const foreign = sealed('file-1', sealerOf({ scope: { kind: 'workspace', workspace: 'sales' } }))
const user = (id: string, isolation: 'user' | 'workspace', name: string) =>
  sealed('file-1', sealerOf({ upstream: name, isolation, scope: { kind: 'user', issuer: 'corp', user: id } }))
const get = (id: string) => asked(`GET /v1/files/${id}`)
const named = (more: object) => asked('POST /v1/responses', { model: 'm', input: 'x', ...more })
const chat = (more: object) => asked('POST /v1/chat/completions', { model: 'm', messages: [], ...more })
/** With what a transform of the policy makes of `store`. */
const transformedTo = (store: boolean, request: AskedObjects) => ({ ...request, store })
const form = (fields: string[]) => ({
  body: null,
  noted: [],
  filenames: [],
  judgedFor: null,
  found: routed('POST /v1/videos'),
  fields: fields.map((name) => ({ name, text: '' })),
})
const MARKED = { metadata: { sallyport: 'x' } }
const CHAT = { endpoint: '/v1/chat/completions' }
const batch = (id: string, more: object = CHAT) => asked('POST /v1/batches', { input_file_id: id, ...more })
const lines = (upstream: string, mark: string) => sealed('file-1', sealerOf({ upstream }), mark)
const completed = (mark: string, ...parts: string[]) =>
  asked(`POST /v1/uploads/${lines('one', mark)}/complete`, { part_ids: parts })
const all = [one, two, open]

const rows: readonly (readonly [string, AskedObjects, ServingUpstream[], string[] | string])[] = [
  ['the upstream that sealed the id', get(mine), all, ['one']],
  ['another one', get(there), all, ['two']],
  ['another one, in a body', batch(lines('two', 'c')), all, ['two']],
  ['a raw id is for an upstream that keeps nobody apart', get('file-1'), all, ['open']],
  ['a raw id where there is none', get('file-1'), [one, two], 'object_not_found'],
  ['somebody else’s', get(foreign), [one, two], 'object_not_found'],
  ['one of an upstream that is not asked', get(there), [one], 'object_not_found'],
  ['ids of two upstreams', asked(`POST /v1/vector_stores/${mine}/files`, { file_id: there }), all, 'object_not_found'],
  ['their twin', asked(`POST /v1/vector_stores/${mine}/files`, { file_id: mine }), all, ['one']],
  ['one sealed, one raw', asked(`POST /v1/vector_stores/${mine}/files`, { file_id: 'f' }), all, 'object_not_found'],
  ['nothing named', asked('POST /v1/threads', {}), all, ['one', 'two', 'open']],
  ['a key that answers are sealed by', asked('POST /v1/threads', { x_id: 'thread_1' }), [one], 'object_not_found'],
  ['the same where nothing is sealed', asked('POST /v1/threads', { x_id: 'thread_1' }), all, ['open']],
  ['the caller’s own JSON', asked('POST /v1/threads', { metadata: { x_id: 'thread_1' } }), [one], ['one']],
  ['a list of all', asked('GET /v1/skills'), all, ['open']],
  ['a list of all, of callers kept apart', asked('GET /v1/skills'), [one, two], 'unknown_endpoint'],
  ['one that has the marks of callers', asked('GET /v1/files'), [one, two], ['one', 'two']],
  ['a list by names where they are not marked', asked('GET /v1/files'), [bare], 'unknown_endpoint'],
  ['of containers', asked('GET /v1/containers'), [bare], 'unknown_endpoint'],
  ['where others mark them', asked('GET /v1/files'), [bare, two], ['two']],
  ['where others keep nobody apart', asked('GET /v1/files'), [bare, open], ['open']],
  ['a list of what has metadata', asked('GET /v1/batches'), [bare], ['bare']],
  ['a long name', asked('POST /v1/containers', { name: 'x'.repeat(223) }), [bare], ['bare']],
  ['where others mark it', asked('POST /v1/containers', { name: 'x'.repeat(223) }), [bare, one], 'invalid_body'],
  ['what everybody stored', asked('POST /v1/evals', { data_source_config: { type: 'logs' } }), [one], 'invalid_body'],
  ['the same of an open one', asked('POST /v1/evals', { data_source_config: { type: 'logs' } }), all, ['open']],
  ['the caller names the answer', named({ request_id: 'resp_1' }), [one], 'invalid_body'],
  ['in another word', named({ rid: 'resp_1' }), [one], 'invalid_body'],
  ['in another spelling', named({ RequestId: 'resp_1' }), [one], 'invalid_body'],
  ['and another', named({ 'request-id_': 'resp_1' }), [one], 'invalid_body'],
  ['in letters that are not seen', named({ 'Rid\u200b': 'resp_1' }), [one], 'invalid_body'],
  ['by what traces it', named({ trace_id: 'resp_1' }), [one], 'invalid_body'],
  ['the same where nobody is kept apart', named({ request_id: 'resp_1' }), all, ['open']],
  ['its twin without a name', named({ metadata: { request_id: 'x' }, user: 'grid' }), [one], ['one']],
  ['in a chat that is not stored', chat({ rid: 'x' }), [one], 'invalid_body'],
  ['a chat that the policy has stored with a mark in it', transformedTo(true, chat(MARKED)), [one], 'invalid_body'],
  ['its twin that is not stored', transformedTo(false, chat(MARKED)), [one], ['one']],
  ['in embeddings', asked('POST /v1/embeddings', { model: 'm', input: 'x', request_id: 'x' }), [one], 'invalid_body'],
  ['in a form', form(['prompt', 'request_id']), [one], 'invalid_body'],
  ['in a part of a field', form(['prompt', 'Rid[0]']), [one], 'invalid_body'],
  ['a form without', form(['prompt', 'seed']), [one], ['one']],
  ['a flag is no id', asked('GET /v1/responses/x?stream=true'), [open], ['open']],
  ['a flag beside an id', asked(`GET /v1/responses/${mine}?stream=true`), [one], ['one']],
]
t.test('which upstreams have what a request speaks of', async (t) => {
  for (const [name, request, serving, expected] of rows) t.same(placed(request, serving, 'research'), expected, name)
})

const batches: typeof rows = [
  ['a batch of lines that were judged for it', batch(lines('one', 'c')), all, ['one']],
  ['of lines for another endpoint', batch(lines('one', 'e')), all, 'invalid_body'],
  ['its twin', batch(lines('one', 'e'), { endpoint: '/v1/embeddings' }), all, ['one']],
  ['of a file of another purpose', batch(mine), all, 'invalid_body'],
  ['of an upload', batch(lines('one', 'u')), all, 'invalid_body'],
  ['for what batches do not take', batch(lines('one', 'c'), { endpoint: '/v1/files' }), all, 'invalid_body'],
  ['for nothing', batch(lines('one', 'c'), {}), all, 'invalid_body'],
  [
    'with another word for the file',
    batch(lines('one', 'c'), { ...CHAT, Input_File_ID: 'file-2' }),
    all,
    'object_not_found',
  ],
  [
    'with the file in a list',
    asked('POST /v1/batches', { ...CHAT, input_file_id: [lines('one', 'c')] }),
    all,
    'invalid_body',
  ],
  ['with a second file', batch(lines('one', 'c'), { ...CHAT, x: { input_file_id: mine } }), all, 'invalid_body'],
  ['without a file', asked('POST /v1/batches', CHAT), all, 'invalid_body'],
  ['of a raw file', batch('file-1'), all, 'object_not_found'],
  ['where nothing is sealed', batch('file-1'), [open], 'unknown_endpoint'],
  [
    'an upload of lines where nothing is sealed',
    asked('POST /v1/uploads', { purpose: 'batch' }),
    [open],
    'invalid_body',
  ],
  ['its twins', asked('POST /v1/uploads', { purpose: 'batch' }), all, ['one', 'two']],
  ['of another purpose', asked('POST /v1/uploads', { purpose: 'user_data' }), [open], ['open']],
  ['an upload of parts that were judged', completed('u', lines('one', 'c'), lines('one', 'c')), all, ['one']],
  ['of parts for two endpoints', completed('u', lines('one', 'c'), lines('one', 'e')), all, 'invalid_body'],
  ['of a part that was not judged', completed('u', lines('one', 'c'), mine), all, 'invalid_body'],
  ['of no parts', completed('u'), all, 'invalid_body'],
  ['of an upload of another purpose', completed('1', mine), all, ['one']],
  ['to read lines', get(lines('one', 'c')), all, ['one']],
]
t.test('a batch is made of what was judged for it', async (t) => {
  for (const [name, request, serving, expected] of batches) t.same(placed(request, serving, 'research'), expected, name)
})

t.test('whose an id is', async (t) => {
  const sales = { kind: 'workspace', workspace: 'sales' } as const
  t.same(placed(get(mine), [one], 'research'), ['one'])
  t.equal(placed(get(mine), [one], 'sales'), 'object_not_found')
  t.same(placed(get(sealed('file-1', sealerOf({ scope: sales }))), [one], 'sales'), ['one'])
  t.equal(placed(get(mine), [one], undefined), 'object_not_found', 'who is in no workspace')
  t.same(placed(get(user('ana', 'workspace', 'one')), [one], undefined), ['one'], 'has objects of one’s own')
  t.equal(placed(get(user('bob', 'workspace', 'one')), [one], undefined), 'object_not_found')
  t.same(placed(get(user('ana', 'user', 'people')), [people], 'research'), ['people'])
  t.equal(placed(get(user('bob', 'user', 'people')), [people], 'research'), 'object_not_found', 'not of a colleague')
})

t.test('without keys nothing is opened or sealed', async (t) => {
  for (const request of [get(mine), batch(lines('one', 'c')), asked('POST /v1/threads', {})]) {
    t.equal(placed(request, [one], 'research', null), 'objects_unavailable')
    t.same(placed(request, [one], 'research').length, 1, 'the twin')
  }
  t.same(placed(get('file-1'), [open], 'research', null), ['open'], 'where nobody is kept apart none is needed')
})

const asides: readonly (readonly [string, AskedObjects, boolean])[] = [
  ['a chat', chat({}), true],
  ['a chat that is not stored', chat({ store: false }), true],
  ['with nothing said', chat({ store: null, audio: null, modalities: ['text'] }), true],
  ['a chat that is stored', chat({ store: true }), false],
  ['by another word', chat({ store: 'true' }), false],
  ['a chat that the policy has stored', transformedTo(true, chat({})), false],
  ['whatever its caller says', transformedTo(true, chat({ store: false })), false],
  ['a chat that the policy does not let be stored', transformedTo(false, chat({ store: true })), true],
  ['but for what is spoken', transformedTo(false, chat({ store: true, audio: { format: 'wav' } })), false],
  ['a chat that its caller names', chat({ request_id: 'x' }), false],
  ['a spoken chat', chat({ modalities: ['text', 'audio'] }), false],
  ['a spoken chat by its voice', chat({ audio: { format: 'wav' } }), false],
  [
    'a chat with a file',
    chat({ messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] }),
    false,
  ],
  ['embeddings', asked('POST /v1/embeddings', { model: 'm', input: 'x' }), true],
  ['a response', asked('POST /v1/responses', { model: 'm', input: 'x' }), false],
  ['a file', get(mine), false],
  ['all files', asked('GET /v1/files'), false],
]
t.test('what leaves nothing behind costs nothing', async (t) => {
  for (const [name, request, expected] of asides) t.equal(isAside(request), expected, name)
})

t.test('names are marked where the upstream says so, and metadata everywhere', async (t) => {
  const rows: readonly (readonly [string, AskedObjects, ServingUpstream, boolean])[] = [
    ['a name', asked('POST /v1/containers', { name: 'a' }), one, true],
    ['its twin', asked('POST /v1/containers', { name: 'a' }), bare, false],
    ['a form', { ...form(['purpose']), found: routed('POST /v1/files') }, one, true],
    ['its twin', { ...form(['purpose']), found: routed('POST /v1/files') }, bare, false],
    ['metadata', asked('POST /v1/vector_stores', {}), bare, true],
    ['a chat that is not stored', chat({ audio: {} }), one, false],
    ['its twin that the policy has stored', transformedTo(true, chat({ audio: {} })), one, true],
    ['a chat that is stored', chat({ store: true, audio: {} }), one, true],
    [
      'its twin that the policy does not let be stored',
      transformedTo(false, chat({ store: true, audio: {} })),
      one,
      false,
    ],
  ]
  for (const [name, request, serving, expected] of rows) {
    const found = place(request, allowed('research'), ana, [serving], { keyRing: () => RING } as unknown as Snapshot)
    const owned = found.ok ? found.value.owned(serving) : null
    t.equal((owned?.marking ?? owned?.rename ?? null) !== null, expected, name)
  }
})

t.test('the bytes of a file are never sealed, and answers of the same operations are', async (t) => {
  const files = ENDPOINTS.filter(({ bytes, path, method }) => bytes && method === 'GET' && path.includes('{'))
  for (const { path } of files) {
    const request = asked(`GET ${path.replace(/\{\w+\}/g, (name) => (name === '{skill_version}' ? '1' : mine))}`)
    const found = place(request, allowed('research'), ana, [one], { keyRing: () => RING } as unknown as Snapshot)
    if (found.ok) t.equal(found.value.owned(one)?.answer.sealing, null, path)
  }
  t.ok(files.length >= 4)
  const found = place(get(mine), allowed('research'), ana, [one], { keyRing: () => RING } as unknown as Snapshot)
  t.equal(found.ok && found.value.owned(one)?.answer.sealing?.form, 'listed')
  t.equal(found.ok && found.value.owned(one)?.target.path, '/v1/files/file-1')
})
