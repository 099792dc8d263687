import t from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import { answerHeaders, blotKey, messageHeaders } from '../../../src/shape/answer.ts'

t.test('headers that go back', async (t) => {
  const type = { 'content-type': 'application/json' }
  const own = ['content-type', 'application/json']
  const passed = [
    ['openai-processing-ms', '127'],
    ['openai-version', '2020-10-01'],
    ['x-ratelimit-limit-requests', '5000'],
    ['x-ratelimit-reset-tokens', '1m12.5s'],
    ['retry-after', '20'],
    ['retry-after', 'Wed, 21 Oct 2026 07:28:00 GMT'],
    ['retry-after-ms', '1500'],
    ['x-should-retry', 'true'],
  ] as const
  for (const [name, value] of passed)
    t.same(answerHeaders({ ...type, [name]: value }, false), [...own, name, value], name)
  const kept = [
    ['set-cookie', ['a=b']],
    ...['set-cookie2', 'alt-svc', 'server', 'via', 'connection', 'keep-alive', 'transfer-encoding', 'x-request-id'].map(
      (name) => [name, 'a'] as const,
    ),
    ...[
      'openai-organization',
      'openai-project',
      'cf-ray',
      'strict-transport-security',
      'location',
      'content-length',
    ].map((name) => [name, 'a'] as const),
    ...['content-encoding', 'trailer', 'www-authenticate', 'access-control-allow-origin', 'date', 'constructor'].map(
      (name) => [name, 'a'] as const,
    ),
    ['x-ratelimit-limit-requests', ['1', '2']],
    ['x-ratelimit-limit-requests', '1\r\nset-cookie: a=b'],
    ['x-ratelimit-limit-requests', 'é'],
    ['x-ratelimit-limit-requests', 'x'.repeat(257)],
    ['x-ratelimit-', '1'],
    ['x-ratelimit-a b', '1'],
    ['retry-after', 'soon'],
    ['retry-after', '-1'],
    ['x-should-retry', 'maybe'],
    ['openai-version', 'a b'],
    ['openai-processing-ms', '1e3'],
  ] as const
  for (const [name, value] of kept) {
    t.same(answerHeaders({ ...type, [name]: value as string }, false), own, `${name}: ${JSON.stringify(value)}`)
  }
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-ratelimit-n${at}`, '1']))
  t.equal(answerHeaders({ ...type, ...many }, false).length, 2 + 24 * 2, 'a bounded number')
})

t.test('the media type of an answer', async (t) => {
  const sound = ['application/json', 'text/event-stream; charset=utf-8', 'text/plain;charset="utf-8"', 'audio/mpeg']
  for (const value of sound) t.same(answerHeaders({ 'content-type': value }, false), ['content-type', value], value)
  for (const value of [
    undefined,
    '',
    'json',
    'text/html\r\nx: y',
    'a/b; c',
    'a/b,c/d',
    `a/${'b'.repeat(300)}`,
    ['a/b', 'c/d'],
  ]) {
    t.same(answerHeaders({ 'content-type': value }, false), ['content-type', 'application/octet-stream'], String(value))
  }
})

t.test('headers of Anthropic’s API that go back', async (t) => {
  const own = ['content-type', 'application/json']
  const passed = [
    ['anthropic-ratelimit-requests-remaining', '41'],
    ['anthropic-ratelimit-input-tokens-reset', '2026-11-26T02:00:00Z'],
    ['retry-after', '20'],
    ['x-should-retry', 'false'],
  ] as const
  const kept = [
    ...['request-id', 'anthropic-organization-id', 'anthropic-workspace-id', 'anthropic-ratelimit-', 'via', 'alt-svc'],
    ...['x-ratelimit-limit-requests', 'anthropic-ratelimit-a_b', 'set-cookie'],
  ]
  const type = { 'content-type': 'application/json' }
  for (const [name, value] of passed)
    t.same(messageHeaders({ ...type, [name]: value }, false), [...own, name, value], name)
  for (const name of kept) t.same(messageHeaders({ ...type, [name]: '1' }, false), own, name)
  t.same(answerHeaders({ ...type, 'anthropic-ratelimit-requests-limit': '1' }, false), own, 'not of OpenAI’s')
})

t.test('a stream is not to be held or changed on its way', async (t) => {
  t.same(answerHeaders({ 'content-type': 'text/event-stream', 'cache-control': 'public' }, true), [
    ...['content-type', 'text/event-stream', 'cache-control', 'no-cache, no-transform', 'x-accel-buffering', 'no'],
  ])
})

t.test('the provider’s key is blotted out of an error', async (t) => {
  const text = 'sk-proj/A+b_C"d~e9'
  const key = new Secret(text)
  const percent = [...text].map((letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
  const escaped = [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`)
  const spellings = [
    ['as it is', text],
    ['in JSON', JSON.stringify(text).slice(1, -1)],
    ['in JSON with escaped slashes', JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/')],
    ['in JSON within JSON', JSON.stringify(JSON.stringify(text)).slice(3, -3)],
    ['every letter escaped', escaped.join('')],
    ['every letter escaped, within JSON', JSON.stringify(escaped.join('')).slice(1, -1)],
    ['for a URL', encodeURIComponent(text)],
    ['for a URL, every letter', percent],
    ['for a URL, twice', encodeURIComponent(encodeURIComponent(text))],
    ['for HTML', [...text].map((letter) => `&#${letter.charCodeAt(0)};`).join('')],
    ['for HTML, in hexadecimal', [...text].map((letter) => `&#x${letter.charCodeAt(0).toString(16)};`).join('')],
    ['in hexadecimal', Buffer.from(text).toString('hex')],
    ['in capital hexadecimal', Buffer.from(text).toString('hex').toUpperCase()],
    ['in UTF-16', Buffer.from(text, 'utf16le').subarray(0, -1).toString('latin1')],
  ] as const
  for (const [name, spelling] of spellings) {
    const blotted = blotKey(Buffer.from(`{"message":"key ${spelling} is wrong"}`, 'latin1'), key).toString('latin1')
    t.equal(blotted, '{"message":"key [secret] is wrong"}', name)
  }
  for (const before of ['', 'a', 'ab', 'Bearer ', 'user:', 'x-api-key: ']) {
    for (const coding of ['base64', 'base64url'] as const) {
      const encoded = Buffer.from(`${before}${text} and more`).toString(coding)
      const blotted = blotKey(Buffer.from(`<${encoded}>`), key).toString()
      const found = Buffer.from(blotted.replaceAll('[secret]', ''), 'base64').toString('latin1')
      t.ok(
        blotted.includes('[secret]') && !found.includes(text.slice(2, -2)),
        `${coding} after ${JSON.stringify(before)}`,
      )
    }
  }
  const innocent = Buffer.from('{"message":"Incorrect API key provided: sk-pr*****d~e9"}')
  t.equal(blotKey(innocent, key), innocent, 'the provider’s own mask stays')
  t.equal(blotKey(innocent, null), innocent, 'no key')
  t.equal(blotKey(innocent, new Secret('ke')), innocent, 'a key too short to be one')
  t.equal(blotKey(Buffer.from(`${text}${text}`), key).toString(), '[secret][secret]', 'each time')
  const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text), Buffer.from([0xc3])])
  t.same([...blotKey(bytes, key)], [0xff, 0xfe, ...Buffer.from('[secret]'), 0xc3], 'other bytes stay as they are')
})
