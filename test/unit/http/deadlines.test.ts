import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { Deadlines } from '../../../src/http/deadlines.ts'

/** Somebody who is watched and counts how often; what else a look does can be given. */
const watched = (look = () => {}) => {
  const one = {
    looks: 0,
    tick: () => {
      one.looks++
      look()
    },
  }
  return one
}

function started(t: Test) {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  return { deadlines: new Deadlines(), pass: (ms: number) => mock.timers.tick(ms) }
}

t.test('everybody who is watched is looked at twice a second, and nobody else', async (t) => {
  const { deadlines, pass } = started(t)
  const [stays, goes] = [watched(), watched()]
  for (const one of [stays, goes]) deadlines.watch(one)
  pass(499)
  t.same([stays.looks, goes.looks], [0, 0])
  pass(1)
  t.same([stays.looks, goes.looks], [1, 1])
  deadlines.forget(goes)
  pass(1000)
  t.same([stays.looks, goes.looks], [3, 1])
  deadlines.forget(stays)
  pass(1000)
  t.equal(stays.looks, 3, 'nobody is left')
  deadlines.watch(stays)
  pass(500)
  t.equal(stays.looks, 4, 'and it goes on when somebody comes')
})

const rows = [
  ['a limit of two seconds is late by half a second at most', 2000, 500],
  ['a shorter one by a quarter of itself', 400, 100],
  ['the shortest by no less than is looked at finest', 10, 20],
] as const
for (const [name, limitMs, everyMs] of rows) {
  t.test(name, async (t) => {
    for (const isFirst of [true, false]) {
      const { deadlines, pass } = started(t)
      const one = watched()
      if (isFirst) deadlines.watch(one)
      const before = performance.now()
      t.ok(deadlines.after(limitMs) >= before + limitMs, 'and never early')
      if (!isFirst) deadlines.watch(one)
      pass(everyMs * 3)
      t.equal(one.looks, 3, isFirst ? 'of somebody who is watched' : 'of somebody who is watched afterwards')
      mock.timers.reset()
    }
  })
}

t.test('a long limit after a short one makes no look coarser', async (t) => {
  const { deadlines, pass } = started(t)
  const one = watched()
  deadlines.watch(one)
  deadlines.after(400)
  deadlines.after(60_000)
  pass(100)
  t.equal(one.looks, 1)
})

t.test('whoever goes at a look keeps nobody else from theirs', async (t) => {
  const { deadlines, pass } = started(t)
  const goes = watched(() => deadlines.forget(goes))
  const stays = watched()
  for (const one of [goes, stays]) deadlines.watch(one)
  pass(1000)
  t.same([goes.looks, stays.looks], [1, 2])
})
