import t from 'tap'
import { fault } from '../../../../src/model/fault.ts'
import type { HeldAllowance } from '../../../../src/model/ports.ts'
import { type Held, type Passed, Waiting } from '../../../../src/pipeline/realtime/waiting.ts'

const message = (text: string): Held => ({ message: Buffer.from(text), isBinary: false })

function open() {
  const passed: string[] = []
  const state = { waits: [] as string[], isOver: false, held: 0 }
  const allowance: HeldAllowance = {
    take: (bytes) => {
      if (state.held + bytes > 3) return fault('rate_limit_exceeded', 'too much')
      state.held += bytes
      return null
    },
    release: () => {
      state.held = 0
    },
  }
  const waiting = new Waiting((held, mayWait): Passed => {
    const text = held.message.toString()
    if (state.isOver) return 'over'
    if (mayWait && state.waits.includes(text)) return 'waits'
    passed.push(text)
    return 'done'
  }, allowance)
  return { passed, state, waiting }
}

t.test('messages stay in order', async (t) => {
  const { passed, state, waiting } = open()
  state.waits = ['b']
  for (const text of ['a', 'b', 'c']) waiting.take(message(text))
  t.same([passed, waiting.isEmpty], [['a'], false])
  waiting.again(true)
  t.same(passed, ['a'], 'not answered')
  state.waits = []
  waiting.again(true)
  t.same([passed, waiting.isEmpty], [['a', 'b', 'c'], true])
})

t.test('each that must wait has the whole time for itself', async (t) => {
  const { passed, state, waiting } = open()
  state.waits = ['a', 'b']
  const began = performance.now()
  for (const text of ['a', 'b']) waiting.take(message(text))
  waiting.tick(began + 4000)
  t.same(passed, [], 'not yet')
  while (performance.now() < began + 2) await new Promise((resolve) => setImmediate(resolve))
  const until = performance.now() + 5000
  waiting.tick(until)
  t.same(passed, ['a'], 'the second one may wait, too')
  waiting.tick(began + 5001)
  t.same(passed, ['a'], 'from when it was its turn')
  waiting.tick(performance.now() + 5000)
  t.same([passed, waiting.isEmpty], [['a', 'b'], true])
})

t.test('nothing goes on once the session is over', async (t) => {
  const { passed, state, waiting } = open()
  state.waits = ['a']
  waiting.take(message('a'))
  state.isOver = true
  waiting.again(false)
  t.same(passed, [])
  waiting.clear()
  t.equal(waiting.isEmpty, true)
})

t.test('what waits is counted until nothing does', async (t) => {
  const { state, waiting } = open()
  t.equal(waiting.take(message('abcdefgh')), null, 'what does not wait is not')
  state.waits = ['b']
  for (const text of ['b', 'c', 'd']) t.equal(waiting.take(message(text)), null)
  t.equal(state.held, 3)
  t.match(waiting.take(message('e')), { code: 'rate_limit_exceeded' })
  state.waits = []
  waiting.again(true)
  t.same([state.held, waiting.isEmpty], [0, true])
  state.waits = ['b']
  waiting.take(message('b'))
  waiting.clear()
  t.equal(state.held, 0)
})
