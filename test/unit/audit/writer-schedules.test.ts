import fc from 'fast-check'
import t from 'tap'
import { scene } from '../../fixtures/audit/writer-scene.ts'

type Step =
  | { readonly do: 'commit' | 'append'; readonly length: number }
  | { readonly do: 'room'; readonly bytes: number; readonly error: 'EAGAIN' | 'ENOSPC' }
  | { readonly do: 'pass'; readonly ms: number }

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('commit', 'append'), length: fc.nat(120) }),
  fc.record({
    do: fc.constant('room'),
    bytes: fc.oneof(fc.nat(400), fc.nat(12)),
    error: fc.constantFrom('EAGAIN', 'ENOSPC'),
  }),
  fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(0, 1, 5, 30, 300) }),
)

function run(schedule: readonly Step[], maxLines: number) {
  const log = scene({ maxLines, maxBytes: 2000 })
  let number = 0
  const appended: string[] = []
  for (const step of schedule) {
    if (step.do === 'pass') log.pass(step.ms)
    else if (step.do === 'room') {
      log.world.room = step.bytes
      log.world.error = step.error
    } else {
      const name = `${step.do === 'commit' ? 'c' : 'a'}${number++}`
      const padding = '漢'.repeat(step.length)
      if (step.do === 'append') {
        if (log.append(`${name} ${padding}.`)) appended.push(name)
      } else log.commit(name, `${name} ${padding}.\n`)
    }
  }
  log.world.room = Number.POSITIVE_INFINITY
  log.pass(1000)
  return { ...log, appended, offered: number }
}

function check(schedule: readonly Step[], maxLines: number): boolean {
  const { text, answers, losses, writer, appended } = run(schedule, maxLines)
  const log = text()
  const lines = log.split('\n').slice(0, -1)
  const isWhole = (line: string) => line.endsWith('.') || /^(degraded|recovered) /.test(line)
  const whole = lines
    .filter(isWhole)
    .filter((line) => line.endsWith('.'))
    .map((line) => line.split(' ')[0] ?? '')
  const half = new Set(losses.map(({ refusedButWritten }) => refusedButWritten))
  const promised = new Set([...answers.filter(([, accepted]) => accepted).map(([name]) => name), ...appended])
  const numbers = whole.map((name) => Number(name.slice(1)))
  const told = losses.reduce((sum, { refused, unwritten }) => sum + refused + unwritten, 0)
  const torn = lines.filter((line) => !isWhole(line)).length
  return (
    log.endsWith('\n') === log.length > 0 &&
    numbers.every((value, index) => index === 0 || value > (numbers[index - 1] ?? 0)) &&
    [...promised].every((name) => whole.includes(name)) &&
    whole.every((name) => promised.has(name) || half.has(name)) &&
    new Set(answers.map(([name]) => name)).size === answers.length &&
    writer.writable &&
    writer.queuedBytes === 0 &&
    writer.dropped === told &&
    (torn === 0 || schedule.some((step) => step.do === 'room' && step.error === 'ENOSPC'))
  )
}

t.test('no schedule of stalls tears, reorders, loses or invents a line', async (t) => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), fc.constantFrom(3, 100), (schedule, maxLines) =>
      check(schedule, maxLines),
    ),
    { numRuns: 3000 },
  )
  t.pass()
})
