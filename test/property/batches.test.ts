import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { BATCH_URLS } from '../../src/endpoints/batch-verdicts.ts'
import { alone, openBatchJudge } from '../support/batch-judge.ts'
import { sealed, sealerOf } from '../support/sealing.ts'

const file = (upstream: string) => sealed('file-1', sealerOf({ upstream }))
const content = (part: object) => [{ role: 'user', content: [part] }]
const member = fc.constantFrom<object>(
  { model: 'm' },
  { model: 'm' },
  { model: 'fast' },
  { model: 'large' },
  { model: 'evil' },
  { model: ' m' },
  { model: null },
  { Model: 'evil' },
  { max_tokens: 5 },
  { max_output_tokens: 5000 },
  { options: { num_predict: 900 } },
  { input: 'x' },
  { prompt: 'x' },
  { store: true },
  { tools: [{ type: 'function', name: 'search', function: { name: 'search' } }] },
  { tools: [{ type: 'web_search' }] },
  { tools: [{ type: 'function', model: 'evil', name: 'search', function: { name: 'search' } }] },
  { messages: content({ type: 'image_url', image_url: { url: 'https://a.example/x' } }) },
  { messages: content({ type: 'image_url', image_url: { url: 'https://b.example/x' } }) },
  { messages: content({ type: 'file', file: { file_id: file('one') } }) },
  { messages: content({ type: 'file', file: { file_id: file('two') } }) },
  { input: [{ type: 'item_reference', id: 'raw' }] },
  { input: content({ type: 'input_file', file_id: file('two') }) },
  { metadata: { file_id: 'raw' } },
  { fallbacks: ['m'] },
  { user: 'a\u2028b' },
)
const body = fc.array(member, { minLength: 1, maxLength: 4 }).map((members): object => Object.assign({}, ...members))
const upstreams = fc.constantFrom<readonly string[]>(['one', 'two'], ['one'], ['two'])

t.test('a line is decided and changed as the same request by itself', async (t) => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(fc.constantFrom(...BATCH_URLS), body, upstreams, (url, body, upstreams) => {
      const judge = openBatchJudge(upstreams)
      const line = JSON.stringify({ custom_id: 'a', method: 'POST', url, body })
      const found = judge.line(Buffer.from(line))
      const chosen = found.ok ? judge.chosen() : found
      const expected = alone(url, JSON.stringify(body), upstreams)
      const outcome = typeof expected === 'string' ? expected : 'allowed'
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
      if (!chosen.ok) {
        const { code } = chosen.fault.fault
        // Who is asked for more proof is told by a file at once what would stand in the way then.
        return code === expected || (code === 'object_not_found' && expected === 'step_up_required')
      }
      if (!found.ok) return false
      if (typeof expected === 'string') return false
      const sent: unknown = JSON.parse(found.value).body
      return isDeepStrictEqual(sent, JSON.parse(expected.sent)) && chosen.value.settings.name === expected.upstream
    }),
    { numRuns: 3000 },
  )
  for (const outcome of ['allowed', 'policy_denied', 'step_up_required', 'invalid_body', 'object_not_found']) {
    t.ok((seen.get(outcome) ?? 0) > 10, `${outcome}: ${seen.get(outcome)}`)
  }
})

t.test('a file is allowed on the upstreams where each line is, and by one of them', async () => {
  const lines = fc.array(body, { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(lines, (bodies) => {
      const url = '/v1/chat/completions'
      const judge = openBatchJudge()
      const isRead = bodies.every((body, index) => {
        return judge.line(Buffer.from(JSON.stringify({ custom_id: `${index}`, method: 'POST', url, body }))).ok
      })
      const chosen = isRead ? judge.chosen() : null
      const fits = ['one', 'two'].filter((name) =>
        bodies.every((body) => typeof alone(url, JSON.stringify(body), [name]) !== 'string'),
      )
      return chosen?.ok ? chosen.value.settings.name === fits[0] : fits.length === 0
    }),
    { numRuns: 2000 },
  )
})
