import fc from 'fast-check'
import t from 'tap'
import { parseJsonBody } from '../../src/endpoints/json.ts'
import { route } from '../../src/endpoints/route.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/model/json.ts'
import type { RequestFacts } from '../../src/model/request.ts'
import { shapeRequest } from '../../src/shape/request.ts'
import { firstWins } from '../fuzz/first-wins.ts'

/** Something that must be a fact wherever it stands. */
interface Needle {
  readonly block: JsonObject
  readonly isFound: (facts: RequestFacts) => boolean
}

const HOST = 'needle.example'
const inSource = (type: string, source: JsonObject): JsonObject => ({ type, source })
const urlOf = (facts: RequestFacts) => facts.urls.includes(HOST)
const fileOf = (facts: RequestFacts) => facts.objects.some(({ id }) => id === 'file_needle')
const modelOf = (facts: RequestFacts) => facts.nestedModels.includes('needle')
const needle = fc.constantFrom<Needle>(
  {
    block: inSource('image', { type: 'url', url: `https://${HOST}/x` }),
    isFound: (facts) => urlOf(facts) && facts.input.images,
  },
  {
    block: inSource('document', { type: 'url', url: `https://${HOST}/x` }),
    isFound: (facts) => urlOf(facts) && facts.input.files,
  },
  {
    block: inSource('image', { type: 'base64', media_type: 'image/png', data: 'AA' }),
    isFound: ({ input }) => input.images,
  },
  { block: inSource('image', { type: 'file', file_id: 'file_needle' }), isFound: fileOf },
  { block: inSource('document', { type: 'file', file_id: 'file_needle' }), isFound: fileOf },
  { block: { type: 'container_upload', file_id: 'file_needle' }, isFound: fileOf },
  { block: { type: 'new_block', place: { url: `https://${HOST}/x` } }, isFound: urlOf },
  { block: { type: 'new_block', model: 'needle' }, isFound: modelOf },
  { block: { type: 'text', text: 'x', model: 'needle' }, isFound: modelOf },
)

type Wrap = (inner: JsonObject) => JsonObject
/** Blocks that hold blocks. */
const wrap = fc.constantFrom<Wrap>(
  (inner) => ({ type: 'tool_result', tool_use_id: 't', content: [inner] }),
  (inner) => ({
    type: 'tool_result',
    tool_use_id: 't',
    content: [{ type: 'text', text: 'x' }, inner],
    is_error: false,
  }),
  (inner) => ({ type: 'mcp_tool_result', tool_use_id: 't', content: [inner] }),
  (inner) => ({
    type: 'web_fetch_tool_result',
    tool_use_id: 't',
    content: { type: 'web_fetch_result', content: inner },
  }),
  (inner) => ({ type: 'document', source: { type: 'content', content: [inner] } }),
  (inner) => ({ type: 'search_result', source: 'x', title: 'x', content: [inner] }),
  (inner) => ({ type: 'new_block', content: [inner] }),
  (inner) => ({ type: 'new_block', deep: { content: [inner] } }),
)

const text: JsonObject = { type: 'text', text: 'https://prose.example/ is prose' }
/** A body with the needle at some depth of its messages or its system text. */
const bodies = fc
  .tuple(needle, fc.array(wrap, { maxLength: 4 }), fc.constantFrom('user', 'assistant', 'system', 'top'), fc.boolean())
  .map(([{ block, isFound }, wraps, place, beside]) => {
    const whole = wraps.reduce((inner, one) => one(inner), block)
    const blocks: JsonValue[] = beside ? [text, whole] : [whole]
    const messages = [{ role: 'user', content: 'hi' }, ...(place === 'top' ? [] : [{ role: place, content: blocks }])]
    const body: JsonObject = {
      model: 'fast',
      max_tokens: 9,
      messages,
      ...(place === 'top' ? { system: blocks } : {}),
    }
    return { body, isFound }
  })

const targets = fc.constantFrom('/v1/messages', '/v1/messages/count_tokens')

function judged(target: string, body: JsonObject, space: number) {
  const found = route('POST', target)
  const parsed = parseJsonBody(Buffer.from(JSON.stringify(body, null, space)))
  if (!found.ok || !parsed.ok) throw new Error('no request')
  return { route: found.value, body: parsed.value, facts: found.value.endpoint.describe(parsed.value, {}) }
}

t.test('what a message brings in is a fact, however deep it stands', async (t) => {
  fc.assert(
    fc.property(targets, bodies, (target, { body, isFound }) => {
      const { facts } = judged(target, body, 0)
      return !facts.ok || isFound(facts.value)
    }),
    { numRuns: 3000 },
  )
  let accepted = 0
  fc.assert(
    fc.property(bodies, ({ body }) => {
      if (judged('/v1/messages', body, 0).facts.ok) accepted++
    }),
    { numRuns: 300 },
  )
  t.ok(accepted > 250, `${accepted} of 300 are judged, not refused`)
})

t.test('what is judged is what is forwarded: the bytes, or the bytes with another model', async (t) => {
  fc.assert(
    fc.property(targets, bodies, fc.constantFrom(0, 1), fc.boolean(), (target, { body }, space, aliased) => {
      const request = judged(target, body, space)
      if (!request.facts.ok) return true
      const sent = shapeRequest({
        route: request.route,
        body: request.body,
        facts: request.facts.value,
        model: aliased ? 'claude-x' : 'fast',
        alias: aliased ? 'fast' : null,
        obligations: null,
        basePath: '/v1',
        apiKey: null,
        messageHead: { version: '2023-06-01', betas: null },
      })
      if (!aliased) return sent.body === request.body.bytes
      const read = firstWins(String(sent.body))
      return isJsonObject(read) && JSON.stringify(read) === JSON.stringify({ ...body, model: 'claude-x' })
    }),
    { numRuns: 1000 },
  )
  t.pass('no request was another one')
})
