import fc from 'fast-check'
import t from 'tap'
import { parseJsonBody } from '../../src/endpoints/json.ts'
import { describeTurn } from '../../src/endpoints/turns/turn-message.ts'
import { fuzz } from './budget.ts'
import { firstWins } from './first-wins.ts'

const SEEDS = [
  '{"type":"response.create","model":"small","input":"x","max_output_tokens":10}',
  '{"model":"small","type":"response.create","stream_id":"a","generate":false,"tools":[{"type":"function","name":"f"}]}',
  '{"type":"response.create","previous_response_id":"resp_1","input":[{"role":"user","content":"x"}],"model":"small"}',
]
const words = [
  ...[
    '"type":"response.steer",',
    '"TYPE":"response.steer",',
    '"model":"large",',
    '"mod\\u0065l":"large",',
    '"Model":"large",',
  ],
  ...[
    'response.steer',
    'large',
    '\\u0074ype',
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\\',
    '\ufeff',
    'null',
    '"metadata":',
  ],
]
const edit = fc.record({ at: fc.nat(), drop: fc.nat(12), put: fc.constantFrom(...words, '') })
const text = fc.tuple(fc.constantFrom(...SEEDS), fc.array(edit, { maxLength: 3 })).map(([seed, edits]) =>
  edits.reduce((written, { at, drop, put }) => {
    const place = at % (written.length + 1)
    return written.slice(0, place) + put + written.slice(place + drop)
  }, seed),
)

t.test('two parsers read of a message what was judged', async (t) => {
  let admitted = 0
  const read = fc.property(text, (written) => {
    const body = parseJsonBody(Buffer.from(written))
    const described = body.ok ? describeTurn(body.value) : null
    if (!described?.ok) return
    admitted++
    for (const other of [JSON.parse(written), firstWins(written)] as { type?: unknown; model?: unknown }[]) {
      if (other.type !== 'response.create') throw new Error(`it is ${other.type}`)
      if ((other.model ?? undefined) !== described.value.model) throw new Error(`its model is ${other.model}`)
    }
  })
  fuzz(t, read, 1)
  t.ok(admitted > 100, `${admitted} were admitted`)
})
