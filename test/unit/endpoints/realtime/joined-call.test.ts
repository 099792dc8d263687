import t from 'tap'
import { route } from '../../../../src/endpoints/route.ts'

/** What the head of a request for a session says, of its model and of settings that are stored. */
function told(query: string) {
  const found = route('GET', `/v1/realtime${query}`)
  if (!found.ok) throw new Error(found.fault.message)
  const { endpoint, parameters, query: read } = found.value
  const facts = endpoint.describe(null, parameters, read)
  return facts.ok ? [facts.value.model, facts.value.storedSettings ?? false] : facts.fault.code
}

const table = [
  ['a session names its model', '?model=gpt-realtime', ['gpt-realtime', false]],
  ['a call that is joined has one that nobody knows', '?call_id=rtc_1', [undefined, true]],
  ['whatever the request says of it', '?model=gpt-realtime&call_id=rtc_1', [undefined, true]],
  ['in whatever order', '?call_id=rtc_1&model=gpt-realtime', [undefined, true]],
  ['a value is no parameter', '?model=call_id=1', ['call_id=1', false]],
] as const

t.test('what a request to join a call says', async (t) => {
  for (const [name, query, expected] of table) t.same(told(query), expected, name)
})
