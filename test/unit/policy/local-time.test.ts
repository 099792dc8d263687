import t from 'tap'
import { isZone, minuteOfDay, wallClock } from '../../../src/policy/local-time.ts'

const at = (zone: string, written: string) => wallClock(zone)(Date.parse(written))

t.test('a clock shows the day and minute of its zone', async (t) => {
  const table: readonly (readonly [zone: string, written: string, day: number, minute: number])[] = [
    ['UTC', '2026-03-01T00:00:00Z', 0, 0],
    ['UTC', '2026-03-07T23:59:59.999Z', 6, 1439],
    ['Europe/Berlin', '2026-03-29T00:59:00Z', 0, 119],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 0, 180],
    ['Asia/Kolkata', '2026-03-01T18:30:00Z', 1, 0],
    ['America/New_York', '2026-03-02T04:59:00Z', 0, 1439],
    ['Australia/Lord_Howe', '2026-01-01T00:00:00Z', 4, 660],
  ]
  for (const [zone, written, day, minute] of table) t.same(at(zone, written), { day, minute }, `${zone} ${written}`)
})

t.test('one clock serves many times, in any order', async (t) => {
  const clock = wallClock('UTC')
  const minutes = [0, 59_999, 60_000, 0, -1, 60_001].map((ms) => clock(ms)?.minute)
  t.same(minutes, [0, 0, 1, 0, 1439, 1])
  t.equal(clock(Number.NaN), null)
  t.equal(clock(8.64e15 + 1), null)
  t.same(clock(8.64e15), { day: 6, minute: 0 })
})

t.test('a zone has one clock for all who ask, and another zone another', async (t) => {
  t.equal(wallClock('Europe/Paris'), wallClock('Europe/Paris'))
  t.not(wallClock('Europe/Paris'), wallClock('Europe/Rome'))
})

t.test('zones are those that the calendar knows', async (t) => {
  t.same(['UTC', 'Europe/Berlin', 'Europe/Berlim', '', 'constructor'].map(isZone), [true, true, false, false, false])
})

t.test('hours of a policy are minutes from midnight', async (t) => {
  t.same(['00:00', '07:05', '23:59', '24:00'].map(minuteOfDay), [0, 425, 1439, 1440])
})

t.test('however many spellings of a zone there are, not all their clocks are kept', async (t) => {
  const letters = [...'europe/berlin']
  const spelling = (n: number) =>
    letters.map((letter, place) => ((n >> place) & 1 ? letter.toUpperCase() : letter)).join('')
  for (let n = 0; n < 250; n++) wallClock(spelling(n))
  t.equal(wallClock(spelling(1)), wallClock(spelling(1)))
  t.not(wallClock(spelling(8000)), wallClock(spelling(8000)))
  t.same(wallClock(spelling(8000))(0), { day: 4, minute: 60 })
})
