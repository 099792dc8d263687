import t from 'tap'
import { afterReads } from '../../../src/model/turn.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('tasks of one turn run in order, behind what is running and what was promised', async (t) => {
  const ran: string[] = []
  afterReads(() => ran.push('first'))
  afterReads(() => ran.push('second'))
  queueMicrotask(() => ran.push('promised'))
  ran.push('running')
  t.same(ran, ['running'])
  await turn()
  t.same(ran, ['running', 'promised', 'first', 'second'])
})

t.test('what a task leaves for later runs in a later turn', async (t) => {
  const ran: string[] = []
  afterReads(() => {
    ran.push('task')
    afterReads(() => ran.push('left'))
  })
  await turn()
  t.same(ran, ['task'])
  await turn()
  t.same(ran, ['task', 'left'])
})

t.test('a bug in one task keeps no other from running, and is not hidden', async (t) => {
  const ran: string[] = []
  const escaped = new Promise((resolve) => process.once('uncaughtException', resolve))
  afterReads(() => {
    throw new Error('a bug')
  })
  afterReads(() => ran.push('other'))
  t.match(await escaped, { message: 'a bug' })
  t.same(ran, ['other'])
})
