import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { openJudge, SPOKEN, WRITTEN } from '../support/message-judge.ts'
import { fuzz } from './budget.ts'
import { firstWins } from './first-wins.ts'
import { CORPUS } from './message-corpus.ts'

const words = [
  ...['model', 'mod\\u0065l', 'MODEL', 'gpt-4o', SPOKEN, 'voice', 'tools', 'session', 'response', 'type', 'audio'],
  ...['response.create', 'session.update', 'max_output_tokens', 'max_response_output_tokens', 'max_tokens', 'inf'],
  ...['2000', '10', '{', '}', '[', ']', '"', ',', ':', '\\', '\ufeff', '"a":1,', '"model":"gpt-4o",', 'null'],
]
const edit = fc.record({ at: fc.nat(), drop: fc.nat(12), put: fc.constantFrom(...words, '') })
const text = fc.tuple(fc.constantFrom(...CORPUS), fc.array(edit, { maxLength: 3 })).map(([seed, edits]) => {
  let written = seed
  for (const { at, drop, put } of edits) {
    const place = at % (written.length + 1)
    written = written.slice(0, place) + put + written.slice(place + drop)
  }
  return written
})
const message = fc.oneof(
  { weight: 9, arbitrary: text.map((written) => Buffer.from(written)) },
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)

/** What somebody who knows nothing of the proxy finds that was not granted; schemas and notes are nobody's orders. */
function forbidden(value: unknown, key = '', within = ''): string | null {
  if (key === 'metadata' || key === 'parameters') return null
  if (key === 'model' && typeof value === 'string' && value !== SPOKEN && value !== WRITTEN) return value
  const isSetting = within === 'session' || within === 'response'
  const isLimit = isSetting && (key === 'max_output_tokens' || key === 'max_response_output_tokens')
  if (isLimit && (typeof value !== 'number' || value > 1000)) return key
  if (typeof value !== 'object' || value === null) return null
  if (key === 'tools' && Array.isArray(value) && value.some((tool) => tool?.name !== 'search')) return 'a tool'
  for (const [name, inner] of Object.entries(value)) {
    const found = forbidden(inner, Array.isArray(value) ? '' : name, key)
    if (found !== null) return found
  }
  return null
}

t.test('what goes on reads alike to two unlike parsers, and asks for nothing that was not granted', async (t) => {
  let passed = 0
  fuzz(
    t,
    fc.property(fc.array(message, { minLength: 1, maxLength: 3 }), fc.boolean(), (messages, isBinary) => {
      const judge = openJudge()
      return messages.every((bytes) => {
        const judged = judge.judge(bytes, isBinary, false)
        if (judged.outcome !== 'passed') return judged.outcome === 'refused' && judged.fault.message !== ''
        passed++
        const sent = judged.text.toString()
        const last: unknown = JSON.parse(sent)
        return !isBinary && isDeepStrictEqual(firstWins(sent), last) && forbidden(last) === null
      })
    }),
    0.8,
  )
  t.ok(passed > 0, `${passed} passed`)
})

t.test('each seed is passed or refused, and not all one of them', async (t) => {
  const outcomes = CORPUS.map((seed) => openJudge().judge(Buffer.from(seed), false, false).outcome)
  t.ok(outcomes.includes('passed') && outcomes.includes('refused'))
  t.notOk(outcomes.includes('waits'))
})
