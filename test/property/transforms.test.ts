import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { parseJsonBody } from '../../src/endpoints/json.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/model/json.ts'
import { type Obligations, SETTABLE, type SettableName } from '../../src/model/transforms.ts'
import { firstWins } from '../fuzz/first-wins.ts'
import { type Operation, sent, TARGETS } from '../support/transformed.ts'

/** A bag of settings, every limit in it at most the cap. */
function lowered(value: JsonValue, cap: number): JsonValue {
  if (Array.isArray(value)) return value.map((one) => lowered(one, cap))
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).map(([key, inner]): [string, JsonValue] => {
    const isLimit = key === 'num_predict' || key === 'maxTokens'
    if (!isLimit || typeof inner === 'object') return [key, lowered(inner, cap)]
    return [key, [1, 99, 100].includes(inner as number) ? Math.min(inner as number, cap) : cap]
  })
  return Object.fromEntries(entries)
}

/** What the words of the documentation make of a judged body. */
function wanted(
  operation: Operation,
  judged: JsonObject,
  { set = {}, prepend = null }: Partial<Obligations>,
): JsonObject {
  const body: { [key: string]: JsonValue } = { ...judged }
  for (const [name, value] of Object.entries(set) as [SettableName, JsonValue][]) {
    const member = (SETTABLE[name] as { [operation: string]: string })[operation]
    if (member === undefined) continue
    if (name !== 'max_output_tokens') body[member] = value
    else {
      const limits = ['max_completion_tokens', 'max_tokens', 'max_output_tokens', 'n_predict']
      for (const key of limits) {
        const limit = body[key]
        if (typeof limit === 'number') body[key] = limit === 0 ? value : Math.min(limit, value as number)
      }
      const own = operation === 'chat' ? ['max_completion_tokens', 'max_tokens'] : [member]
      if (!own.some((key) => typeof body[key] === 'number')) body[member] = value
      if (body.options !== undefined) body.options = lowered(body.options, value as number)
    }
  }
  if (prepend === null) return body
  if (operation === 'chat')
    body.messages = [{ role: 'system', content: prepend }, ...((body.messages ?? []) as JsonValue[])]
  if (operation === 'messages') {
    const { system } = body
    if (Array.isArray(system)) body.system = [{ type: 'text', text: prepend }, ...system]
    else body.system = typeof system === 'string' ? `${prepend}\n${system}` : prepend
  }
  if (operation === 'responses') {
    body.instructions = typeof body.instructions === 'string' ? `${prepend}\n${body.instructions}` : prepend
  }
  return body
}

const limit = fc.constantFrom<JsonValue>(0, 1, 99, 100, 101, 1e6, null)
const bag: fc.Arbitrary<JsonValue> = fc.letrec<{ bag: JsonValue }>((tie) => ({
  bag: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(limit, fc.constantFrom<JsonValue>(-1, '7', 'max_tokens', true)),
    fc.array(tie('bag'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('num_predict', 'maxTokens', 'num_ctx', 'a'), tie('bag'), { maxKeys: 3 }),
  ),
})).bag
const hostile = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
const member = fc.oneof(
  fc.tuple(fc.constantFrom('max_completion_tokens', 'max_tokens', 'max_output_tokens', 'n_predict'), limit),
  fc.tuple(
    fc.constantFrom('temperature', 'top_p', 'seed', 'store', 'user'),
    fc.json({ maxDepth: 1 }).map((one) => JSON.parse(one) as JsonValue),
  ),
  fc.tuple(fc.constant('instructions'), fc.oneof(fc.string(), fc.constantFrom(null, 7))),
  fc.tuple(
    fc.constant('messages'),
    fc.array(fc.record({ role: fc.constantFrom('user', 'system'), content: fc.string() }), { maxLength: 2 }),
  ),
  fc.tuple(
    fc.constant('system'),
    fc.oneof(fc.string(), fc.constant(null), fc.array(fc.record({ type: fc.constant('text'), text: fc.string() }))),
  ),
  fc.tuple(fc.constant('options'), bag),
  fc.tuple(fc.constant('stream'), fc.boolean()),
  fc.tuple(
    fc.string({ maxLength: 6 }).map((key) => `_${key}`),
    fc.string(),
  ),
)
const bodies = fc
  .uniqueArray(member, { maxLength: 7, selector: ([key]) => key })
  .chain((members) =>
    fc.shuffledSubarray([['model', 'm'], ...members] as [string, JsonValue][], { minLength: members.length + 1 }),
  )
  .chain((members) =>
    fc.constantFrom(0, 1, '\t').map((space) => JSON.stringify(Object.fromEntries(members), null, space)),
  )
const obligations = fc.record(
  {
    set: fc.record(
      {
        max_output_tokens: fc.constantFrom(1, 100),
        temperature: fc.constantFrom(0, 1.5),
        seed: fc.constant(7),
        store: fc.boolean(),
        user: hostile,
      },
      { requiredKeys: [] },
    ),
    prepend: fc.option(hostile),
  },
  { requiredKeys: [] },
)

t.test('what goes up is what was judged with these edits, however it is read', async (t) => {
  let judged = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(TARGETS) as Operation[])),
      bodies,
      obligations,
      (operation, text, one) => {
        const got = sent(operation, text, one)
        if (got === null) return
        judged++
        const expected = wanted(operation, got.judged, one)
        const asked = JSON.parse(got.text) as JsonObject
        const streams = (operation === 'chat' || operation === 'completions') && got.judged.stream === true
        const whole = streams ? { ...expected, stream_options: { include_usage: true } } : expected
        const again = parseJsonBody(Buffer.from(got.text))
        if (!again.ok) throw new Error('not strict any more')
        for (const read of [asked, firstWins(got.text), again.value.value]) {
          if (!isDeepStrictEqual(read, JSON.parse(JSON.stringify(whole))))
            throw new Error(`${got.text} is not ${JSON.stringify(whole)}`)
        }
        if (got.isSame !== isDeepStrictEqual(whole, got.judged)) throw new Error('changed for nothing, or not at all')
      },
    ),
    { numRuns: 1500 },
  )
  t.ok(judged > 700, `${judged} bodies were judged`)
})
