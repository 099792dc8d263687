import t from 'tap'
import { type Held, type Passed, Waiting } from '../../../../src/pipeline/realtime/waiting.ts'

const message = (text: string): Held => ({ message: Buffer.from(text), isBinary: false })

function open() {
  const passed: string[] = []
  const state = { waits: [] as string[], isOver: false }
  const waiting = new Waiting((held, mayWait): Passed => {
    const text = held.message.toString()
    if (state.isOver) return 'over'
    if (mayWait && state.waits.includes(text)) return 'waits'
    passed.push(text)
    return 'done'
  })
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
