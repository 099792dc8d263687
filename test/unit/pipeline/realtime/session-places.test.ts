import t from 'tap'
import { fault } from '../../../../src/model/fault.ts'
import { closeCodeOf, errorMessage, isOrderly, sayable } from '../../../../src/pipeline/realtime/closing.ts'
import { SessionPlaces } from '../../../../src/pipeline/realtime/session-places.ts'

t.test('places are bounded, for one caller and for all', async (t) => {
  const places = new SessionPlaces(3, 2)
  const [first, second] = [places.enter('a'), places.enter('a')]
  if (!first.ok || !second.ok) throw new Error('no place')
  const third = places.enter('a')
  t.match(third, { ok: false, fault: { code: 'rate_limit_exceeded' } })
  t.ok(places.enter('b').ok)
  t.match(places.enter('c'), { ok: false, fault: { code: 'overloaded' } })
  first.value()
  first.value()
  t.equal(places.size, 2, 'a place is given back once')
  t.ok(places.enter('a').ok)
})

t.test('only codes that may be said are said', async (t) => {
  const rows = [
    [1000, 1000],
    [1005, 1000],
    [1006, 1011],
    [1015, 1011],
    [1008, 1008],
    [4001, 4001],
    [5000, 1011],
  ] as const
  for (const [code, said] of rows) t.equal(sayable(code), said, String(code))
  t.same([1000, 1001, 1005, 1006, 1008].filter(isOrderly), [1000, 1001, 1005])
})

t.test('a fault in the words of the API', async (t) => {
  const told = JSON.parse(errorMessage(fault('policy_denied', 'no', { param: 'model' }), 'mine'))
  t.match(told, {
    type: 'error',
    event_id: /^event_[0-9a-f]{32}$/,
    error: { type: 'invalid_request_error', code: 'policy_denied', message: 'no', param: 'model', event_id: 'mine' },
  })
  t.match(JSON.parse(errorMessage(fault('audit_unavailable', 'no'), null)), { error: { type: 'server_error' } })
  t.equal(closeCodeOf(fault('shutting_down', 'no')), 1001)
})
