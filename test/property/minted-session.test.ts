import fc from 'fast-check'
import t from 'tap'
import { parseJsonBody } from '../../src/endpoints/json.ts'
import { describeMint, mintOf } from '../../src/endpoints/realtime/mints.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/model/json.ts'
import type { TableOperation } from '../../src/model/operations.ts'
import { edited } from '../../src/shape/edits.ts'
import { mintEdits } from '../../src/shape/minted-session.ts'

const CAP = 50
const TEXT = 'Be brief.'
const LIMITS = ['max_output_tokens', 'max_response_output_tokens'] as const

const limit = fc.constantFrom<JsonValue>(5, 50, 51, 4096, 'inf', null)
const session = fc.record(
  {
    type: fc.constantFrom<JsonValue>('realtime', null),
    model: fc.constantFrom<JsonValue>('voice', 'gpt-realtime', null),
    max_output_tokens: limit,
    max_response_output_tokens: limit,
    instructions: fc.constantFrom<JsonValue>('be kind', '', null, 'with "quotes" and \\ {'),
    speed: fc.constant(1),
    tools: fc.constant([]),
    voice: fc.constant('alloy'),
  },
  { requiredKeys: [] },
)
/** Keys and texts as somebody may write them. */
const escapes = fc.boolean()
const bodies = fc.oneof(
  fc.record({ session: fc.option(session), expires_after: fc.constant({ seconds: 60 }) }, { requiredKeys: [] }),
  session,
)

function written(value: object, isEscaped: boolean): string {
  const text = JSON.stringify(value, null, isEscaped ? 2 : 0)
  return isEscaped ? text.replaceAll('"session"', '"sess\\u0069on"').replaceAll('"model"', '"mod\\u0065l"') : text
}

/** The sessions that a reader could take a body for: what `session` holds, and what stands beside it. */
function sessionsIn(value: JsonObject): JsonObject[] {
  return [value, value.session].filter(isJsonObject)
}

const OPERATIONS: readonly TableOperation[] = ['realtime.client_secrets.create', 'realtime.sessions.create']

t.test('a session that is set up is one of the decided model, within the cap, under the text', async (t) => {
  const obligations = { names: [], set: { max_output_tokens: CAP }, prepend: TEXT }
  let good = 0
  fc.assert(
    fc.property(bodies, escapes, fc.constantFrom(...OPERATIONS), (value, isEscaped, operation) => {
      const mint = mintOf(operation)
      const body = parseJsonBody(Buffer.from(written(value, isEscaped)))
      if (!body.ok || mint === null) throw new Error('not read')
      const facts = describeMint(operation, body.value)
      if (!facts.ok) return
      good++
      const model = facts.value.model === 'voice' ? 'gpt-realtime' : null
      const sent: JsonObject = JSON.parse(edited(body.value.text, mintEdits(body.value, mint, model, obligations)))
      const again = describeMint(operation, parsed(sent))
      t.ok(again.ok, 'it is one that could be asked for')
      const name = facts.value.model === undefined ? undefined : 'gpt-realtime'
      t.equal(again.ok && again.value.model, name)
      t.ok(again.ok && (again.value.maxOutputTokens ?? Number.POSITIVE_INFINITY) <= CAP, 'within the cap')
      for (const one of sessionsIn(sent)) {
        for (const key of LIMITS) t.ok(one[key] === undefined || Number(one[key]) <= CAP, key)
        t.ok(one.instructions === undefined || String(one.instructions).startsWith(TEXT), 'under the text')
      }
      const [whole] = mint.session === null ? [sent] : [sent.session]
      t.ok(isJsonObject(whole) && whole[mint.limit] !== undefined && whole.instructions !== undefined)
    }),
    { numRuns: 400 },
  )
  t.ok(good > 100, `${good} bodies`)
})

function parsed(value: JsonObject) {
  const body = parseJsonBody(Buffer.from(JSON.stringify(value)))
  if (!body.ok) throw new Error(body.fault.message)
  return body.value
}
