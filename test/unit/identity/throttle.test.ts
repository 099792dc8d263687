import fc from 'fast-check'
import t from 'tap'
import { type Admission, Throttle, type ThrottleStep } from '../../../src/identity/throttle.ts'
import { NOW } from './forge.ts'

const scene = (capacity?: number) => {
  const clock = { now: NOW }
  const throttle = new Throttle(() => clock.now, capacity)
  const wait = (admission: Admission) => (typeof admission === 'object' && 'waitMs' in admission ? admission.waitMs : 0)
  const ask = (account: string, client: string) => throttle.begin(account, client)
  const end = (account: string, client: string, right: boolean, isRepeat = false): readonly ThrottleStep[] | number => {
    const admission = ask(account, client)
    if (admission === 'busy') throw new Error('busy')
    if ('waitMs' in admission) return admission.waitMs
    const steps = right ? [] : admission.attempt.failed(isRepeat)
    if (right) admission.attempt.succeeded()
    admission.attempt.ended()
    return steps
  }
  const fail = (account: string, client: string, isRepeat = false) => end(account, client, false, isRepeat)
  const succeed = (account: string, client: string) => end(account, client, true)
  return { clock, throttle, ask, wait, fail, succeed }
}

const times = (count: number, run: (index: number) => unknown) =>
  Array.from({ length: count }, (_, index) => run(index))

t.test('four failures cost nothing, and each one behind them twice as much as the one before', async (t) => {
  const { clock, fail } = scene()
  times(4, (index) => t.same(fail('ad\nalice', `10.0.0.${index}`), [], 'free'))
  const waits = times(14, (index) => {
    const steps = fail('ad\nalice', `10.0.1.${index}`) as ThrottleStep[]
    const waitMs = steps[0]?.waitMs ?? 0
    t.equal(fail('ad\nalice', `10.0.2.${index}`), waitMs, 'the next one is refused')
    clock.now += waitMs - 1
    t.equal(fail('ad\nalice', `10.0.2.${index}`), 1, 'to the last millisecond')
    clock.now += 1
    return waitMs / 1000
  })
  t.same(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900])
})

t.test('refused attempts count for nothing', async (t) => {
  const { clock, fail } = scene()
  times(5, () => fail('ad\nalice', '10.0.0.1'))
  times(100, () => t.equal(fail('ad\nalice', '10.0.0.1'), 1000))
  clock.now += 1000
  t.same(fail('ad\nalice', '10.0.0.2'), [{ scope: 'account', failures: 6, waitMs: 2000 }])
})

t.test('an address is slowed down whatever account it tries', async (t) => {
  const { fail, wait, ask } = scene()
  times(5, (index) => fail(`ad\nuser-${index}`, '2001:db8:1:2::1'))
  for (const same of ['2001:db8:1:2::ffff', '2001:db8:1:2:3:4:5:6']) t.equal(wait(ask('ad\nnew', same)), 1000, same)
  for (const other of ['2001:db8:1:3::1', '10.0.0.1', '2001:db8::1']) t.equal(wait(ask('ad\nnew', other)), 0, other)
})

t.test('one wrong password over and over is one guess of its address, and as many of the account', async (t) => {
  const { fail, wait, ask } = scene()
  times(5, (index) => fail('ad\nrobot', '10.0.0.1', index > 0))
  t.equal(wait(ask('ad\nrobot', '10.0.0.2')), 1000)
  t.equal(wait(ask('ad\nalice', '10.0.0.1')), 0)
})

t.test('a success takes back its own pair and nothing else', async (t) => {
  const { fail, succeed, wait, ask } = scene()
  times(4, () => fail('ad\nalice', '10.0.0.1'))
  succeed('ad\nalice', '10.0.0.1')
  times(4, () => t.same(fail('ad\nalice', '10.0.0.1'), [], 'who mistyped has all of them again'))
  succeed('ad\nmallory', '10.0.0.1')
  t.equal((fail('ad\nalice', '10.0.0.1') as ThrottleStep[]).length, 2, 'by signing in as oneself nothing is won')
  t.equal(wait(ask('ad\nbob', '10.0.0.1')), 1000)
})

t.test('the owner of an account does not wipe out what others did', async (t) => {
  const { fail, succeed } = scene()
  times(4, (index) => fail('ad\nalice', `10.0.0.${index}`))
  succeed('ad\nalice', '10.9.9.9')
  t.match(fail('ad\nalice', '10.0.0.9'), [{ scope: 'account', failures: 5, waitMs: 1000 }])
})

t.test('after half an hour without a failure all is forgotten', async (t) => {
  const { clock, fail, succeed } = scene()
  times(4, () => fail('ad\nalice', '10.0.0.1'))
  clock.now += 1_800_000
  times(3, (index) => fail('ad\nalice', `10.0.1.${index}`))
  succeed('ad\nalice', '10.0.0.1')
  t.same(fail('ad\nalice', '10.0.2.1'), [], 'the fourth')
  t.match(fail('ad\nalice', '10.0.2.2'), [{ failures: 5 }], 'what was forgotten was not taken back once more')
})

t.test('many guesses at once are no more guesses', async (t) => {
  const { throttle } = scene()
  const begun = times(100, (index) => throttle.begin('ad\nalice', `10.0.0.${index}`))
  t.equal(begun.filter((one) => one !== 'busy').length, 5)
  const others = times(100, (index) => throttle.begin(`ad\nuser-${index}`, '10.1.0.1'))
  t.equal(others.filter((one) => one !== 'busy').length, 16)
})

t.test('a clock that was set back locks nobody out', async (t) => {
  const { clock, fail, ask, wait } = scene()
  times(5, () => fail('ad\nalice', '10.0.0.1'))
  clock.now -= 86_400_000
  t.ok(wait(ask('ad\nalice', '10.0.0.1')) <= 900_000)
})

const action = fc.record({
  account: fc.integer({ min: 0, max: 400 }).map((number) => `ad\nuser-${number}`),
  client: fc.integer({ min: 0, max: 400 }).map((number) => `10.0.${number >> 8}.${number & 255}`),
  right: fc.boolean(),
  passMs: fc.constantFrom(0, 0, 0, 500, 5000, 1_000_000, 2_000_000),
})

t.test('property: memory stays bounded, and a wait is between nothing and 15 minutes', async (t) => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 600 }), fc.integer({ min: 2, max: 64 }), (actions, capacity) => {
      const { clock, throttle, fail, succeed } = scene(capacity)
      for (const { account, client, right, passMs } of actions) {
        const answer = right ? succeed(account, client) : fail(account, client)
        if (typeof answer === 'number' && (answer <= 0 || answer > 900_000)) return false
        if (throttle.size > capacity * 3) return false
        clock.now += passMs
      }
      return true
    }),
    { numRuns: 60 },
  )
  t.pass()
})

t.test('property: whoever guesses, from wherever, an account has few guesses in an hour', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 120_000 }), { minLength: 50, maxLength: 400 }), (gaps) => {
      const { clock, fail } = scene()
      let guesses = 0
      for (const [index, gap] of gaps.entries()) {
        if (clock.now - NOW >= 3_600_000) break
        if (typeof fail('ad\nalice', `10.${index >> 8}.${index & 255}.1`) !== 'number') guesses++
        clock.now += gap
      }
      // 5 free, 10 steps that double up to 15 min, and one a quarter of an hour.
      return guesses <= 5 + 10 + 4
    }),
    { numRuns: 100 },
  )
  t.pass()
})
