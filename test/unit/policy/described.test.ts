import t from 'tap'
import type { JsonValue } from '../../../src/model/json.ts'
import { describedRequest, instantOf } from '../../../src/policy/described.ts'

const NOW = 1_772_452_800_000
const chat = { operation: 'chat', model: 'm' }

/** What is read of a line, without the function of its headers; or what is wrong with it. */
function read(line: JsonValue): unknown {
  const described = describedRequest(line, NOW)
  if (!described.ok) return described.fault
  const { header: _, ...input } = described.value.input
  return { ...input, pinned: described.value.upstream }
}
const inputOf = (line: JsonValue) => {
  const described = describedRequest(line, NOW)
  if (!described.ok) throw new Error(described.fault)
  return described.value.input
}
const requested = (more: object) => inputOf({ request: { ...chat, ...more } })
const principalOf = (as: { readonly [key: string]: JsonValue }) => inputOf({ as, request: chat }).principal

t.test('every key of a description has its place', async (t) => {
  const line = {
    id: 'line 7',
    name: 'a sentence',
    expect: { effect: 'allow' },
    as: {
      user: 'bob',
      issuer: 'corp',
      groups: ['a', 'b'],
      roles: ['r'],
      claims: { type: 'staff' },
      workspace: ['w'],
      method: 'jwt',
      mfa: true,
      auth_time: 5,
      acr: 'phr',
      key: 'key_1',
    },
    request: {
      operation: 'chat',
      model: 'm',
      stream: true,
      max_output_tokens: 7,
      tools: { functions: ['f'], hosted: ['h'] },
      input: { bytes: 9, images: true, files: true, audio: true },
      headers: { 'OpenAI-Project': 'w' },
      urls: ['a.example'],
      stored: true,
    },
    at: '2026-03-02T09:00:00+01:00',
    ip: '10.0.0.1',
    upstream: 'eu',
  }
  t.strictSame(read(line), {
    principal: {
      id: 'bob',
      issuer: 'corp',
      method: 'jwt',
      groups: ['a', 'b'],
      roles: ['r'],
      workspaces: ['w'],
      claims: { type: 'staff' },
      mfa: 'yes',
      acr: 'phr',
      authTime: 5,
      key: 'key_1',
    },
    operation: 'chat',
    model: 'm',
    stream: true,
    maxOutputTokens: 7,
    tools: { functions: ['f'], hosted: ['h'] },
    input: { bytes: 9, images: true, files: true, audio: true },
    urls: ['a.example'],
    storedSettings: true,
    project: 'w',
    at: Date.parse('2026-03-02T08:00:00Z'),
    ip: '10.0.0.1',
    upstream: undefined,
    pinned: 'eu',
  })
})

t.test('what is left out is none where a request can be without it, and cannot be told elsewhere', async (t) => {
  const nothing = {
    principal: {
      id: undefined,
      issuer: undefined,
      method: undefined,
      groups: undefined,
      roles: [],
      workspaces: [],
      claims: {},
      mfa: 'unknown',
      acr: undefined,
      authTime: undefined,
      key: null,
    },
    operation: 'chat',
    model: undefined,
    stream: false,
    maxOutputTokens: undefined,
    tools: { functions: [], hosted: [] },
    input: { bytes: undefined, images: false, files: false, audio: false },
    urls: [],
    storedSettings: false,
    project: undefined,
    at: NOW,
    ip: undefined,
    upstream: undefined,
    pinned: null,
  }
  t.strictSame(read({ request: { operation: 'chat' } }), nothing)
  const nulls = { stream: null, tools: null, input: null, urls: null, headers: null, model: null }
  t.strictSame(
    read({ as: null, at: null, ip: null, upstream: null, request: { operation: 'chat', ...nulls } }),
    nothing,
    'null is as if it were left out',
  )
})

t.test('a fact of another type cannot be told', async (t) => {
  t.strictSame(
    read({ as: { user: 5, issuer: [], groups: 5, acr: {}, auth_time: 'x', key: 5, mfa: 'yes' }, request: chat }),
    read({ request: chat }),
  )
  t.strictSame(principalOf({ groups: ['a', 5], roles: 5, claims: [] }), principalOf({}))
  t.equal(requested({ max_output_tokens: '7' }).maxOutputTokens, undefined)
  t.equal(inputOf({ ip: 5, request: chat }).ip, undefined)
})

t.test('one text is a list of one', async (t) => {
  const { groups, roles, workspaces } = principalOf({ groups: 'a', roles: 'r', workspace: 'w' })
  t.same([groups, roles, workspaces], [['a'], ['r'], ['w']])
})

t.test('one factor is told from several', async (t) => {
  t.same([principalOf({ mfa: false }).mfa, principalOf({ mfa: true }).mfa], ['no', 'yes'])
})

t.test('a model that is not named: none where the operation has none', async (t) => {
  const model = (request: { readonly [key: string]: JsonValue }) => inputOf({ request }).model
  t.equal(model({ operation: 'files.list' }), null)
  t.equal(model({ operation: 'files.list', model: null }), null)
  t.equal(model({ operation: 'files.list', model: 'm' }), 'm')
  t.equal(model({ operation: 'files.list', model: 5 }), undefined, 'something that cannot be told')
  t.equal(model({ operation: 'chat' }), undefined)
})

t.test('headers are found in lower case, and one that stands there twice cannot be told', async (t) => {
  const { header, project } = requested({ headers: { 'X-A': 'a', 'X-B': 'b', 'x-b': 'b', 'x-c': 5 } })
  t.equal(header('x-a'), 'a')
  for (const name of ['x-b', 'x-c', 'x-d', 'X-A', 'constructor']) t.equal(header(name), undefined, name)
  t.equal(project, undefined)
  const twice = requested({ headers: { 'OpenAI-Project': 'w', 'openai-project': 'w', 'OPENAI-PROJECT': 'w' } })
  t.equal(twice.project, undefined, 'three times is twice')
})

const AT = '`at` must be an ISO time with a zone such as `2026-03-02T09:00:00Z`'
const refused: readonly (readonly [sentence: string, line: JsonValue, fault: string | RegExp])[] = [
  ['a list', [], 'the description must be an object'],
  ['an unknown key', { request: chat, ips: '' }, /^the description has an unknown key; known are as, request, at, ip,/],
  ['no request', { as: {} }, '`request.operation` must be a text'],
  ['a request in words', { request: 'chat' }, '`request` must be an object'],
  ['a name that every object has', { request: { ...chat, constructor: 1 } }, /^`request` has an unknown key/],
  ['no operation', { request: { model: 'm' } }, '`request.operation` must be a text'],
  ['an empty operation', { request: { operation: '' } }, '`request.operation` must be a text'],
  ['an operation that is a number', { request: { operation: 5 } }, '`request.operation` must be a text'],
  ['tools in a list', { request: { ...chat, tools: [] } }, '`request.tools` must be an object'],
  ['an unknown kind of tools', { request: { ...chat, tools: { x: [] } } }, /^`request.tools` has an unknown key/],
  ['one function in words', { request: { ...chat, tools: { functions: 'f' } } }, '`functions` must be a list of texts'],
  [
    'a tool that is a number',
    { request: { ...chat, tools: { hosted: ['h', 5] } } },
    '`hosted` must be a list of texts',
  ],
  ['hosts in words', { request: { ...chat, urls: 'a.example' } }, '`urls` must be a list of texts'],
  ['input in a list', { request: { ...chat, input: [] } }, '`request.input` must be an object'],
  [
    'an unknown key of the input',
    { request: { ...chat, input: { video: true } } },
    /^`request.input` has an unknown key/,
  ],
  ['images in words', { request: { ...chat, input: { images: 'yes' } } }, '`images` must be true or false'],
  ['a stream in words', { request: { ...chat, stream: 'no' } }, '`stream` must be true or false'],
  ['headers in a list', { request: { ...chat, headers: [] } }, '`headers` must be an object'],
  ['a caller in words', { as: 'bob', request: chat }, '`as` must be an object'],
  ['an unknown key of the caller', { as: { usr: 'bob' }, request: chat }, /^`as` has an unknown key/],
  ['a method that nobody knows', { as: { method: 'oidc' }, request: chat }, /^`as.method` must be one of jwt, /],
  ['an upstream that is a number', { upstream: 5, request: chat }, '`upstream` must be a name'],
  ['a time without a zone', { at: '2026-03-02T09:00:00', request: chat }, AT],
  ['a time in a list', { at: ['2026-03-02T09:00:00Z'], request: chat }, AT],
  ['a time that is a number', { at: NOW, request: chat }, AT],
]
for (const [sentence, line, fault] of refused) {
  t.test(`not a description: ${sentence}`, async (t) => {
    const got = read(line)
    if (typeof fault === 'string') t.equal(got, fault)
    else t.match(got, fault)
  })
}

t.test('what is no mistake of a description is no answer', async (t) => {
  const broken = {
    request: chat,
    get as(): never {
      throw new TypeError('broken')
    },
  }
  t.throws(() => describedRequest(broken, NOW), { message: 'broken' })
})

const times: readonly (readonly [written: string, at: number | null])[] = [
  ['1970-01-01T00:00Z', 0],
  ['1970-01-01T00:00:01Z', 1000],
  ['1970-01-01T00:00:00.5Z', 500],
  ['1970-01-01T00:00:00.123456789Z', 123],
  ['1970-01-01T01:00:00+01:00', 0],
  ['1969-12-31T23:00:00-01:00', 0],
  ['1970-01-01T00:00:00', null],
  ['1970-01-01 00:00:00Z', null],
  ['1970-01-01', null],
  ['1970-13-01T00:00:00Z', null],
  ['1970-01-01T25:00:00Z', null],
  [' 1970-01-01T00:00:00Z', null],
  ['1970-01-01T00:00:00Zx', null],
  ['', null],
]
for (const [written, at] of times) {
  t.test(`\`${written}\` is ${at === null ? 'no time' : at}`, async (t) => {
    t.equal(instantOf(written), at)
  })
}
