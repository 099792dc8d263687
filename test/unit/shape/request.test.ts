// Length: the edits of a body, each beside its twin that changes nothing.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { route } from '../../../src/endpoints/route.ts'
import type { RequestFacts } from '../../../src/model/request.ts'
import { Secret } from '../../../src/model/secret.ts'
import { type ShapeInput, shapeRequest } from '../../../src/shape/request.ts'
import { firstWins } from '../../fuzz/first-wins.ts'

const key = new Secret('sk-upstream')

/** Shapes a request as the pipeline does; `more` changes one fact of it. */
function shape(target: string, text: string | null, more: Partial<ShapeInput> = {}) {
  const found = route(text === null ? 'GET' : 'POST', target)
  if (!found.ok) throw new Error(found.fault.message)
  const body = text === null ? null : parseJsonBody(Buffer.from(text))
  if (body !== null && !body.ok) throw new Error(body.fault.message)
  const facts = found.value.endpoint.describe(body === null ? null : body.value, found.value.parameters)
  if (!facts.ok) throw new Error(facts.fault.message)
  const { model } = facts.value
  const rest = {
    facts: facts.value,
    model,
    alias: null,
    obligations: null,
    basePath: '/v1',
    apiKey: key,
    messageHead: null,
    ...more,
  }
  return { ...shapeRequest({ route: found.value, body: body?.value ?? null, ...rest }), judged: body?.value }
}

const chat = (text: string, more?: Partial<ShapeInput>) => shape('/v1/chat/completions', text, more)

t.test('the head for Anthropic’s API', async (t) => {
  const headersOf = (more: Partial<ShapeInput>) => shape('/v1/messages', '{"model":"m","messages":[]}', more).headers
  const rest = [
    ...['accept', 'application/json', 'accept-encoding', 'identity', 'user-agent', 'sallyport'],
    ...['content-type', 'application/json', 'anthropic-version', '2023-06-01'],
  ]
  const head = { version: '2023-06-01', betas: null }
  t.same(headersOf({ messageHead: head }), [...rest, 'x-api-key', 'sk-upstream'])
  const betas = 'a,b'
  t.same(headersOf({ messageHead: { ...head, betas } }), [...rest, 'anthropic-beta', betas, 'x-api-key', 'sk-upstream'])
  t.same(headersOf({ messageHead: head, apiKey: null }), rest)
})

t.test('the head is built from nothing', async (t) => {
  const sent = chat('{"model":"m"}')
  t.same(
    [sent.method, sent.path, sent.headers, sent.askedUsage],
    [
      'POST',
      '/v1/chat/completions',
      [
        ...['accept', 'application/json', 'accept-encoding', 'identity', 'user-agent', 'sallyport'],
        ...['content-type', 'application/json', 'authorization', 'Bearer sk-upstream'],
      ],
      false,
    ],
  )
  const listing = shape('/v1/models?limit=1', null, { apiKey: null })
  t.same(
    [listing.method, listing.path, listing.headers, listing.body],
    [
      'GET',
      '/v1/models',
      ['accept', 'application/json', 'accept-encoding', 'identity', 'user-agent', 'sallyport'],
      null,
    ],
  )
  t.same(chat('{"model":"m","stream":true}').headers.slice(0, 2), ['accept', 'text/event-stream'])
})

t.test('the path stands under the upstream’s own', async (t) => {
  const rows = [
    ['/v1/chat/completions', '', '/chat/completions'],
    ['/v1/chat/completions', '/openai/v1', '/openai/v1/chat/completions'],
  ] as const
  for (const [target, basePath, path] of rows)
    t.equal(shape(target, '{"model":"m"}', { basePath }).path, path, basePath)
  t.equal(shape('/v1/models/a%2Fb', null).path, '/v1/models/a%2Fb', 'a name with a slash')
  t.equal(shape('/v1/models/fast', null, { alias: 'fast', model: 'x/$&' }).path, '/v1/models/x%2F%24%26', 'an alias')
})

t.test('an alias in the middle of a path leaves the other names as they are', async (t) => {
  const rows = [
    ['fast', 'ft:gpt-4o', '/v1/fine_tuning/checkpoints/ft%3Agpt-4o/permissions?after=cp_1'],
    [null, 'fast', '/v1/fine_tuning/checkpoints/fast/permissions?after=cp_1'],
  ] as const
  for (const [alias, model, path] of rows) {
    const sent = shape('/v1/fine_tuning/checkpoints/fast/permissions?after=cp_1&x=y', null, { alias, model })
    t.equal(sent.path, path, model)
  }
})

t.test('what an endpoint needs beside its body: a beta header, or an answer of any type', async (t) => {
  const rows = [
    ['/v1/assistants', ['accept', 'application/json'], 'assistants=v2'],
    ['/v1/agents/sessions/s/events', ['accept', 'text/event-stream'], 'agents=v1'],
    ['/v1/files/file-1/content', ['accept', '*/*'], undefined],
    ['/v1/files', ['accept', 'application/json'], undefined],
  ] as const
  for (const [target, accept, beta] of rows) {
    const { headers } = shape(target, null)
    const at = headers.indexOf('openai-beta')
    t.same([headers.slice(0, 2), at === -1 ? undefined : headers[at + 1]], [accept, beta], target)
  }
})

t.test('only a well-formed trace goes on', async (t) => {
  const good = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  const bad = ['', '00', good.toUpperCase(), `${good}-x`, good.replace('00-', 'ff-'), good.replace('00-', '01-')]
  bad.push(
    `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
    `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`,
    `${good}\n`,
    ` ${good}`,
  )
  t.same(chat('{"model":"m"}', { traceparent: good }).headers.slice(-2), ['traceparent', good])
  for (const value of bad) {
    t.notOk(chat('{"model":"m"}', { traceparent: value }).headers.includes('traceparent'), JSON.stringify(value))
  }
})

t.test('a body that needs no change is the very bytes that were judged', async (t) => {
  const bodies = [
    '{"model":"m"}',
    ' { "model" : "m" , "x":1e2 }\n',
    '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
  ]
  for (const text of bodies) {
    const sent = chat(text)
    t.equal(sent.body, sent.judged?.bytes, text)
    t.equal(sent.askedUsage, false, text)
  }
  const sent = shape('/v1/responses', '{"model":"m","stream":true}')
  t.equal(sent.body, sent.judged?.bytes, 'a response tells its usage unasked')
})

t.test('what is changed is that member alone', async (t) => {
  const alias = { alias: 'fast', model: 'gpt-"x"' }
  const rows = [
    ['an alias', '{"a":[1 ],"model" : "fast" ,"b":"é"}', alias, '{"a":[1 ],"model" : "gpt-\\"x\\"" ,"b":"é"}', false],
    ['an alias under an escaped key', '{"\\u006dodel":"fast"}', alias, '{"\\u006dodel":"gpt-\\"x\\""}', false],
    [
      'an alias, not what looks like it',
      '{"a":{"model":"fast"},"model":"fast"}',
      alias,
      '{"a":{"model":"fast"},"model":"gpt-\\"x\\""}',
      false,
    ],
    [
      'usage, absent',
      '{"model":"m","stream":true}',
      {},
      '{"stream_options":{"include_usage":true},"model":"m","stream":true}',
      true,
    ],
    [
      'usage, false',
      '{"model":"m","stream":true,"stream_options":{"include_usage":false ,"x":1}}',
      {},
      '{"model":"m","stream":true,"stream_options":{"include_usage":true ,"x":1}}',
      true,
    ],
    [
      'usage, null',
      '{"model":"m","stream":true,"stream_options":{ "include_usage" : null}}',
      {},
      '{"model":"m","stream":true,"stream_options":{ "include_usage" : true}}',
      true,
    ],
    [
      'options null',
      '{"model":"m","stream":true,"stream_options":null}',
      {},
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
      true,
    ],
    [
      'options empty',
      '{"model":"m","stream":true,"stream_options":{ }}',
      {},
      '{"model":"m","stream":true,"stream_options":{"include_usage":true }}',
      true,
    ],
    [
      'options of another kind',
      '{"model":"m","stream":true,"stream_options":{"x":1}}',
      {},
      '{"model":"m","stream":true,"stream_options":{"include_usage":true,"x":1}}',
      true,
    ],
    [
      'both',
      '{"model":"fast","stream":true}',
      alias,
      '{"stream_options":{"include_usage":true},"model":"gpt-\\"x\\"","stream":true}',
      true,
    ],
    ['not without a stream', '{"model":"m","stream":false}', {}, '{"model":"m","stream":false}', false],
  ] as const
  for (const [name, text, more, expected, asked] of rows) {
    const sent = chat(text, more)
    t.same([String(sent.body), sent.askedUsage], [expected, asked], name)
  }
})

/** JSON text in every spelling: space anywhere, keys and strings escaped or not. */
const space = fc.constantFrom('', ' ', '\n', '\t ')
const spelled = (text: string) =>
  fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((escaped) => {
    const letters = [...text].map((letter, at) =>
      escaped[at] ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : JSON.stringify(letter).slice(1, -1),
    )
    return `"${letters.join('')}"`
  })
const member = (key: string, value: fc.Arbitrary<string>) =>
  fc.tuple(space, spelled(key), space, space, value, space).map((parts) => {
    const [before, name, afterName, beforeValue, written, after] = parts
    return `${before}${name}${afterName}:${beforeValue}${written}${after}`
  })
const object = (members: fc.Arbitrary<string[]>) =>
  fc.tuple(space, members).map(([s, list]) => `{${list.join(',') || s}}`)
const anything = fc.json({ maxDepth: 3 })
const options = fc.oneof(
  fc.constant('null'),
  object(
    fc
      .tuple(
        fc.array(member('x', anything), { maxLength: 1 }),
        fc.array(member('include_usage', fc.constantFrom('true', 'false', 'null')), { maxLength: 1 }),
      )
      .map((lists) => lists.flat()),
  ),
)
const bodies = fc
  .tuple(
    member('model', spelled('fast')),
    member('stream', fc.constantFrom('true', 'false', 'null')),
    fc.array(member('stream_options', options), { maxLength: 1 }),
    fc
      .uniqueArray(fc.string({ maxLength: 5 }), { maxLength: 3 })
      .chain((keys) => fc.tuple(...keys.map((key) => member(`_${key}`.replace(/[^ -~]/g, '-'), anything)))),
    space,
  )
  .chain(([model, stream, asked, others, s]) =>
    fc
      .shuffledSubarray([model, stream, ...asked, ...others], { minLength: 2 + asked.length + others.length })
      .map((list) => `${s}{${list.join(',')}}${s}`),
  )

t.test('what goes up parses to the judged value and exactly that change', async (t) => {
  const facts: RequestFacts = {
    operation: 'chat',
    model: 'fast',
    nestedModels: [],
    stream: true,
    maxOutputTokens: undefined,
    tools: { functions: [], hosted: [] },
    input: { bytes: 0, images: false, files: false, audio: false },
    urls: [],
    objects: [],
  }
  let judged = 0
  const found = route('POST', '/v1/chat/completions')
  if (!found.ok) throw new Error('no chat')
  const details = fc.check(
    fc.property(bodies, fc.boolean(), (text, aliased) => {
      const parsed = parseJsonBody(Buffer.from(text))
      if (!parsed.ok) return true // two of the generated keys are the same
      judged++
      const body = parsed.value
      const stream = body.value.stream === true
      const model = aliased ? 'target "m"' : 'fast'
      const sent = shapeRequest({
        route: found.value,
        body,
        facts: { ...facts, stream },
        messageHead: null,
        model,
        alias: aliased ? 'fast' : null,
        obligations: null,
        basePath: '',
        apiKey: null,
      })
      const before = body.value.stream_options as { include_usage?: boolean } | null | undefined
      const asks = stream && before?.include_usage !== true
      const expected = {
        ...body.value,
        model,
        ...(asks ? { stream_options: { ...before, include_usage: true } } : {}),
      }
      const bytes = Buffer.isBuffer(sent.body) ? sent.body : Buffer.alloc(0)
      if (!parseJsonBody(bytes).ok || !isDeepStrictEqual(firstWins(String(bytes)), expected)) return false
      return sent.askedUsage === asks && (asks || aliased || bytes === body.bytes)
    }),
    { numRuns: 500 },
  )
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'no finding')
  t.ok(judged > 300, 'most generated bodies are sound')
})
