import t from 'tap'
import { route } from '../../../../src/endpoints/route.ts'

/** What the head of a request for a session says, of its model and of settings that are stored: those of a call are told. */
function told(query: string) {
  const found = route('GET', `/v1/realtime${query}`)
  if (!found.ok) throw new Error(found.fault.message)
  const { endpoint, parameters, query: read } = found.value
  const facts = endpoint.describe(null, parameters, read)
  return facts.ok ? [facts.value.model, facts.value.storedSettings ?? false] : facts.fault.code
}

const table = [
  ['a session names its model', '?model=gpt-realtime', ['gpt-realtime', false]],
  ['a call that is joined may be named alone', '?call_id=rtc_1', [undefined, false]],
  ['with the model that it must have', '?model=gpt-realtime&call_id=rtc_1', ['gpt-realtime', false]],
  ['in whatever order', '?call_id=rtc_1&model=gpt-realtime', ['gpt-realtime', false]],
  ['a value is no parameter', '?model=call_id=1', ['call_id=1', false]],
] as const

t.test('what a request to join a call says', async (t) => {
  for (const [name, query, expected] of table) t.same(told(query), expected, name)
})
