import t from 'tap'
import { ecs } from '../../../src/audit/formats/ecs.ts'
import { rejectionReporter } from '../../../src/audit/rejected.ts'
import type { AuditEvent } from '../../../src/model/audit.ts'

const REJECTION = { status: 400, reason: 'hpe_invalid_method', clientIp: '203.0.113.9', clientPort: 4711 } as const

function scene() {
  const events: AuditEvent[] = []
  const time = { at: 1_787_000_000_000 }
  const report = rejectionReporter({ append: (event) => void events.push(event) }, () => time.at)
  return { events, time, report: (times: number) => Array.from({ length: times }, () => report(REJECTION)) }
}

t.test('each connection gives one event, up to ten within a second', async (t) => {
  const { events, report, time } = scene()
  report(10)
  t.equal(events.length, 10)
  time.at += 999
  report(5)
  t.equal(events.length, 10)
})

t.test('the eleventh waits for the next second, and tells of those left out', async (t) => {
  const { events, report, time } = scene()
  report(14)
  time.at += 1000
  report(2)
  t.same(
    events.map(({ extra }) => extra),
    [...Array<undefined>(10).fill(undefined), { suppressed: 4 }, undefined],
  )
})

t.test('no second has more than ten, wherever it begins', async (t) => {
  const { events, report, time } = scene()
  for (let step = 0; step < 300; step++) {
    report(1)
    time.at += 37
  }
  const times = events.map(({ at }) => at)
  for (const from of times) t.ok(times.filter((at) => at >= from && at < from + 1000).length <= 10)
  t.ok(times.length > 100)
})

t.test('a clock that is set back does not silence it', async (t) => {
  const { events, report, time } = scene()
  report(10)
  time.at -= 3_600_000
  report(1)
  t.equal(events.length, 11)
})

t.test('the event names the peer and has no request', async (t) => {
  const { events, report } = scene()
  report(1)
  const [event] = events
  if (!event) return t.fail('no event')
  const line = JSON.parse(ecs.open({ version: '1.0.0' })(event, { id: 'x', sequence: 1 }))
  t.same(line.client, { ip: '203.0.113.9', port: 4711 })
  t.same(line.source, { ip: '203.0.113.9' })
  t.same(line.http, { response: { status_code: 400 } })
  t.same(line.event.type, ['connection', 'denied'])
  t.equal(line.event.reason, 'hpe_invalid_method')
})
