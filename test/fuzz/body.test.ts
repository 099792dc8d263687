import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { ENDPOINTS } from '../../src/endpoints/index.ts'
import { parseJsonBody } from '../../src/endpoints/json.ts'
import { fuzz } from './budget.ts'
import { firstWins } from './first-wins.ts'

const names = [
  ...[
    'model',
    'messages',
    'input',
    'prompt',
    'tools',
    'functions',
    'content',
    'role',
    'type',
    'name',
    'function',
    'id',
  ],
  ...['image_url', 'url', 'file', 'file_id', 'input_audio', 'server_url', 'connector_id', 'container', 'variables'],
  ...[
    'network_policy',
    'allowed_domains',
    'conversation',
    'stream',
    'stream_options',
    'include_usage',
    'max_tokens',
    'n',
  ],
  ...[
    'modalities',
    'metadata',
    'output',
    'Model',
    'api_base',
    'moderation',
    'parameters',
    '__proto__',
    'constructor',
    '7',
  ],
  // What V8 takes an escaped key for that it compares as it is written (nodejs/node#63785).
  ...['\\', '\\u', '\\u0', '\\u006', '\\u006d\\', 'mode\\'],
]
const words = [
  ...['m', 'user', 'text', 'image_url', 'input_image', 'function', 'custom', 'mcp', 'web_search', 'item_reference'],
  ...['https://a.example/x', 'http://a@b', 'data:,x', 'mcp_list_tools', 'message', 'function_call_output', 'auto', ''],
]
const key = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, fc.string({ unit: 'binary', maxLength: 4 }))
const leaf = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...words) },
  fc.constantFrom<unknown>(null, true, false, 0, 1, -1, 1.5, 1e300, [], {}),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ maxDepth: 5, depthSize: 'small' }, leaf, tie('object'), tie('list')),
  object: fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
  list: fc.array(tie('tree'), { maxLength: 4 }),
}))
const document = fc.dictionary(key, tree, { maxKeys: 6 })

/** A key with all its letters escaped. */
const escapedKey = (name: string) =>
  `"${[...name].map((letter) => (letter > '~' || letter < ' ' ? JSON.stringify(letter).slice(1, -1) : `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)).join('')}"`
const pieces = [
  '"',
  '\\',
  ':',
  ',',
  '{',
  '}',
  '[',
  ']',
  '"model":"x"',
  ',"a":1',
  '\\u006d',
  '\ufeff',
  '\u0000',
  ' ',
  '"":0,',
  '"mode\\u006c":"x",',
]
/** Documents as text, half of them with a member whose key is escaped, or stands twice, once escaped. */
const text = fc
  .tuple(
    document,
    fc.array(
      fc.record({ at: fc.nat(), drop: fc.nat(3), put: fc.oneof(fc.constantFrom(...pieces), key.map(escapedKey)) }),
      {
        maxLength: 2,
      },
    ),
    fc.constantFrom('', '', 'respelled', 'repeated'),
    fc.nat(),
  )
  .map(([value, edits, change, nth]) => {
    let written = JSON.stringify(value)
    const members = [...written.matchAll(/"((?:[^"\\]|\\.)*)":/gs)]
    const member = members[nth % Math.max(1, members.length)]
    if (change !== '' && member) {
      const [key, name] = member
      const rest = change === 'repeated' ? `1,${written.slice(member.index)}` : written.slice(member.index + key.length)
      written = `${written.slice(0, member.index)}${escapedKey(JSON.parse(`"${name}"`))}:${rest}`
    }
    for (const { at, drop, put } of edits) {
      const place = at % (written.length + 1)
      written = written.slice(0, place) + put + written.slice(place + drop)
    }
    return written
  })

t.test('a body that is accepted reads alike to two unlike parsers', async (t) => {
  let accepted = 0
  const agree = (bytes: Buffer): boolean => {
    const body = parseJsonBody(bytes)
    if (!body.ok) return body.fault.code === 'invalid_body'
    accepted++
    const { value, text, bytes: sent } = body.value
    return isDeepStrictEqual(firstWins(text), value) && text === bytes.toString() && sent === bytes
  }
  fuzz(
    t,
    fc.property(
      fc.oneof({ weight: 6, arbitrary: text.map((written) => Buffer.from(written)) }, fc.uint8Array().map(Buffer.from)),
      agree,
    ),
    0.4,
  )
  t.ok(accepted > 0, `${accepted} accepted`)
})

t.test('a body without a key twice is not refused for one', async (t) => {
  fuzz(
    t,
    fc.property(document, (value) => {
      const written = JSON.stringify(value)
      const body = parseJsonBody(Buffer.from(written))
      return body.ok && isDeepStrictEqual(body.value.value, firstWins(written))
    }),
    0.2,
  )
})

// A form is not read by these: what describes it is told of its fields.
const DESCRIBED = ENDPOINTS.filter(({ body }) => body !== 'multipart')

t.test('any JSON is facts or a refusal to every endpoint, and never a throw', async (t) => {
  let described = 0
  fuzz(
    t,
    fc.property(document, fc.boolean(), (value, named) => {
      const body = parseJsonBody(Buffer.from(JSON.stringify(named ? { ...value, model: 'm' } : value)))
      if (!body.ok) return false
      return DESCRIBED.every((endpoint) => {
        const facts = endpoint.describe(body.value, { model: 'm' })
        if (!facts.ok) return facts.fault.code === 'invalid_body' && facts.fault.param !== null
        described++
        const { model, nestedModels, input, urls, maxOutputTokens } = facts.value
        const written = body.value.value.model
        const sound =
          endpoint.body === 'none' || typeof written !== 'string' || [model, ...nestedModels].includes(written)
        return (
          sound &&
          input.bytes !== undefined &&
          new Set(urls).size === urls.length &&
          (maxOutputTokens ?? 1) >= (endpoint.dialect === null ? 1 : 0)
        )
      })
    }),
    0.4,
  )
  t.ok(described > 0, `${described} described`)
})
