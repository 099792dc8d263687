import t from 'tap'
import { openTap } from '../../../src/endpoints/tap.ts'

type Kind = Parameters<typeof openTap>[0]

function pass(answer: Kind, kind: 'json' | 'sse', pieces: readonly string[], strip = false, status = 200) {
  const tap = openTap(answer, kind, status, strip)
  const out = pieces.map((piece) => tap.push(Buffer.from(piece)) ?? Buffer.alloc(0))
  const { rest, facts } = tap.end()
  return { text: Buffer.concat([...out, rest ?? Buffer.alloc(0)]).toString(), facts, out: out.map(String) }
}

const event = (value: unknown) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-2024-08-06' }
const delta = (content: string, more: object = {}) =>
  event({ ...head, choices: [{ index: 0, delta: { content }, finish_reason: null, ...more }] })
const usage = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  prompt_tokens_details: { cached_tokens: 3 },
  completion_tokens_details: { reasoning_tokens: 2 },
}
const told = { inputTokens: 11, outputTokens: 7, cachedTokens: 3, reasoningTokens: 2 }
const identity = { responseId: head.id, responseModel: head.model }
const done = 'data: [DONE]\n\n'

t.test('a stream passes byte for byte and tells its usage', async (t) => {
  const events = [delta('Hé'), delta('"usage":{"x":1}'), delta('', { finish_reason: 'stop' })]
  const stream = [...events, event({ ...head, choices: [], usage }), done]
  const facts = { ...identity, usage: told, finishReasons: ['stop'] }
  t.same(pass('completion', 'sse', stream), { text: stream.join(''), facts, out: stream }, 'an event a chunk')
  const whole = pass('completion', 'sse', [stream.join('')])
  t.same([whole.text, whole.facts], [stream.join(''), facts], 'one chunk')
  const bytes = [...Buffer.from(stream.join(''))].map((byte) => Buffer.from([byte]))
  const tap = openTap('completion', 'sse', 200, false)
  t.ok(
    bytes.every((byte) => tap.push(byte) === byte),
    'nothing is held back',
  )
  t.same(tap.end(), { rest: null, facts }, 'a byte a chunk')
})

t.test('what a stream tells', async (t) => {
  const rows = [
    ['no usage', [delta('a'), done], { ...identity }],
    ['usage null', [event({ ...head, choices: [], usage: null })], { ...identity }],
    [
      'spaces of another writer',
      [event('{"id": "a", "model": "b", "choices": [{"finish_reason": "length"}]}')],
      { responseId: 'a', responseModel: 'b', finishReasons: ['length'] },
    ],
    [
      'usage on the last delta',
      [delta('a'), event({ ...head, choices: [{ finish_reason: 'stop' }], usage })],
      { ...identity, usage: told, finishReasons: ['stop'] },
    ],
    [
      'later usage replaces earlier',
      [event({ ...head, usage: { prompt_tokens: 1 } }), event({ ...head, usage: { prompt_tokens: 2 } })],
      { ...identity, usage: { inputTokens: 2 } },
    ],
    ['an empty id first', [event({ id: '', model: '', choices: [] }), delta('a')], { ...identity }],
    [
      'several answers',
      [delta('a', { finish_reason: 'stop' }), delta('b', { finish_reason: 'length', index: 1 })],
      { ...identity, finishReasons: ['stop', 'length'] },
    ],
    [
      'usage without a blank line at the end',
      [delta('a'), `data: ${JSON.stringify({ usage })}`],
      { ...identity, usage: told },
    ],
    [
      'lies',
      [
        event({
          id: 7,
          model: 'x'.repeat(300),
          usage: { prompt_tokens: -1, completion_tokens: '7', prompt_tokens_details: [] },
        }),
      ],
      {},
    ],
    [
      'numbers past every integer',
      [event({ ...head, usage: { prompt_tokens: 1e300, completion_tokens: 1.5 } })],
      { ...identity },
    ],
    ['no JSON', [event('{"usage":{"prompt_tokens":'), event('x'), ': comment\n\n', 'event: e\n\n'], {}],
    ['an error', [event({ error: { message: 'x' } })], {}],
  ] as const
  for (const [name, stream, facts] of rows) {
    const passed = pass('completion', 'sse', stream)
    t.same([passed.text, passed.facts], [stream.join(''), facts], name)
  }
})

t.test('what the proxy asked for is taken out again', async (t) => {
  const last = event({ ...head, choices: [], usage })
  const rows = [
    ['the last chunk', [delta('a'), last, done], [delta('a'), done]],
    ['the last chunk with spaces', [event('{ "choices" : [ ] , "usage" : {"prompt_tokens":1} }'), done], [done]],
    ['null in the middle', [event('{"id":"a","usage":null,"choices":[]}')], [event('{"id":"a","choices":[]}')]],
    ['null at the end', [event('{"id":"a","choices":[], "usage": null }')], [event('{"id":"a","choices":[] }')]],
    ['null at the beginning', [event('{ "usage":null , "id":"a"}')], [event('{ "id":"a"}')]],
    ['null alone', [event('{"usage":null}')], [event('{}')]],
    [
      'null beside other fields',
      ['event: e\ndata: {"a":"é","usage":null}\nid: 1\r\n\r\n'],
      ['event: e\ndata: {"a":"é"}\nid: 1\r\n\r\n'],
    ],
    [
      'not a nested null',
      [event('{"a":{"usage":null},"b":"\\"usage\\":null"}')],
      [event('{"a":{"usage":null},"b":"\\"usage\\":null"}')],
    ],
    ['not usage beside choices', [event({ choices: [{}], usage })], [event({ choices: [{}], usage })]],
    ['not usage without choices', [event({ usage })], [event({ usage })]],
    [
      'not an empty chunk without usage',
      [event({ choices: [], prompt_filter_results: [] })],
      [event({ choices: [], prompt_filter_results: [] })],
    ],
    [
      'not null on several lines',
      ['data: {"a":1,\ndata: "usage":null}\n\n'],
      ['data: {"a":1,\ndata: "usage":null}\n\n'],
    ],
    ['the last chunk on several lines', ['data: {"choices":[],\ndata: "usage":{}}\n\n', done], [done]],
    ['comments and the end', [': ping\n\n', done], [': ping\n\n', done]],
    ['the last chunk without a blank line', [`data: ${JSON.stringify({ choices: [], usage })}`], []],
  ] as const
  for (const [name, stream, kept] of rows) {
    t.equal(pass('completion', 'sse', stream, true).text, kept.join(''), name)
    t.equal(pass('completion', 'sse', [...stream.join('')], true).text, kept.join(''), `${name}, letter by letter`)
    t.equal(pass('completion', 'sse', [stream.join('')], true).text, kept.join(''), `${name}, at once`)
  }
  const { facts } = pass('completion', 'sse', [delta('a'), last, done], true)
  t.same(facts, { ...identity, usage: told }, 'and is read all the same')
})

t.test('only an incomplete event is held', async (t) => {
  const tap = openTap('completion', 'sse', 200, true)
  const whole = Buffer.from(delta('a'))
  tap.push(whole)
  t.equal(tap.push(whole), whole, 'a whole event passes as it came')
  t.equal(String(tap.push(Buffer.concat([whole, Buffer.from('data: {"a')]))), String(whole), 'up to the open one')
  t.equal(tap.push(Buffer.from('":1}\n')), null, 'still open')
  t.equal(String(tap.push(Buffer.from('\n'))), event('{"a":1}'), 'closed')
  const large = 'x'.repeat(1024 * 1024)
  t.equal(tap.push(Buffer.from('data: "')), null)
  t.equal(tap.push(Buffer.from(large))?.length, large.length + 7, 'one that is too large passes')
  t.equal(String(tap.push(Buffer.from('"\n\n'))), '"\n\n')
  t.equal(tap.push(Buffer.from(event({ choices: [], usage }))), null, 'and what follows is read again')
  t.same(tap.end().facts.usage, told)
})

t.test('responses', async (t) => {
  const response = { id: 'resp_1', model: 'gpt-4o', status: 'in_progress', usage: null }
  const counts = {
    input_tokens: 5,
    output_tokens: 6,
    input_tokens_details: { cached_tokens: 1 },
    output_tokens_details: { reasoning_tokens: 4 },
  }
  const usageTold = { inputTokens: 5, outputTokens: 6, cachedTokens: 1, reasoningTokens: 4 }
  const named = { responseId: 'resp_1', responseModel: 'gpt-4o' }
  const sent = (type: string, more: object) => `event: ${type}\n${event({ type, response: { ...response, ...more } })}`
  const text = `event: response.output_text.delta\n${event({ type: 'response.output_text.delta', delta: 'usage' })}`
  const rows = [
    ['completed', { status: 'completed', usage: counts }, { ...named, usage: usageTold, finishReasons: ['completed'] }],
    [
      'incomplete',
      { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, usage: counts },
      { ...named, usage: usageTold, finishReasons: ['max_output_tokens'] },
    ],
    ['failed', { status: 'failed' }, { ...named, finishReasons: ['failed'] }],
  ] as const
  for (const [name, more, facts] of rows) {
    const stream = [sent('response.created', {}), text, sent(`response.${name}`, more)]
    const passed = pass('response', 'sse', stream, true)
    t.same([passed.text, passed.facts], [stream.join(''), facts], `${name}, streamed`)
    const answer = JSON.stringify({ ...response, ...more, output: [{ usage: 1 }] })
    t.same(pass('response', 'json', [answer]), { text: answer, facts, out: [answer] }, `${name}, at once`)
  }
})

t.test('answers in one piece', async (t) => {
  const vectors = Array.from({ length: 5000 }, () => '0.12345678').join()
  const completion = JSON.stringify({
    ...head,
    choices: [{ message: { content: '"usage"' }, finish_reason: 'stop' }, { finish_reason: 'length' }],
    usage,
  })
  const facts = { ...identity, usage: told, finishReasons: ['stop', 'length'] }
  const counted = { usage: { inputTokens: 9 }, responseModel: 'e' }
  const rows = [
    ['completion', 'a completion', completion, facts],
    ['completion', 'with space around', `\n ${completion} \n`, facts],
    ['completion', 'no object', '[1]', {}],
    ['completion', 'no JSON', '{"id":', {}],
    ['completion', 'too large to be read', `{"pad":"${'x'.repeat(8 * 1024 * 1024)}","usage":{"prompt_tokens":1}}`, {}],
    [
      'embedding',
      'usage at the end',
      `{"data":[{"embedding":[${vectors}]}],"model":"e","usage":{"prompt_tokens":9}}`,
      counted,
    ],
    ['embedding', 'usage at the beginning', `{"model":"e","usage":{"prompt_tokens":9},"data":[[${vectors}]]}`, counted],
    ['embedding', 'a small one', '{"data":[], "model": "e", "usage": {"prompt_tokens": 9}}', counted],
    ['embedding', 'no usage', '{"data":[]}', {}],
    ['none', 'what tells nothing', completion, {}],
  ] as const
  for (const [answer, name, text, expected] of rows) {
    const pieces = text.match(/[\s\S]{1,4099}/g) ?? []
    const passed = pass(answer, 'json', pieces)
    t.ok(passed.text === text, `${answer}: ${name} passes`)
    t.same(passed.facts, expected, `${answer}: ${name}`)
  }
  t.same(pass('completion', 'json', [completion], false, 500).facts, {}, 'an error tells nothing')
})
