import t from 'tap'
import { DEADLINE_MS, scene } from '../../fixtures/audit/writer-scene.ts'

t.test('all lines of one turn share one write, and each commit is answered', async (t) => {
  const { world, text, pass, commit, append, answers } = scene()
  commit('a')
  append('b')
  commit('c')
  t.same(answers, [])
  pass(0)
  t.same({ text: text(), writes: world.writes }, { text: 'a\nb\nc\n', writes: 1 })
  t.same(answers, [
    ['a', true],
    ['c', true],
  ])
})

t.test('a line that fits in part is completed before the next one', async (t) => {
  const { world, text, pass, commit, answers } = scene()
  world.room = 6
  commit('first')
  commit('näme😀')
  pass(0)
  t.same(answers, [['first', true]])
  for (const room of [3, 2, 1, 100]) {
    world.room = room
    pass(20)
  }
  t.equal(text(), 'first\nnäme😀\n')
  t.same(answers, [
    ['first', true],
    ['näme😀', true],
  ])
})

t.test('a stall within the deadline loses nothing', async (t) => {
  const { world, writer, pass, commit, answers, changes } = scene()
  world.room = 0
  commit('a')
  pass(DEADLINE_MS - 20)
  t.same(answers, [])
  world.room = 100
  pass(20)
  t.same(answers, [['a', true]])
  t.equal(writer.writable, true)
  t.same(changes, [])
})

t.test('a stall beyond the deadline answers false, once, and takes the line out', async (t) => {
  const { world, text, writer, pass, commit, append, answers, changes, losses } = scene()
  world.room = 0
  append('served')
  commit('a')
  commit('b')
  pass(DEADLINE_MS + 50)
  t.same(answers, [
    ['a', false],
    ['b', false],
  ])
  t.equal(writer.writable, false)
  commit('c')
  append('served too')
  t.same(answers.at(-1), ['c', false])
  world.room = 1000
  pass(100)
  t.equal(writer.writable, true)
  t.equal(text(), 'served\ndegraded EAGAIN\nserved too\nrecovered 3+0\n')
  t.same(losses, [{ refused: 3, unwritten: 0, refusedButWritten: null }])
  t.same(changes, ['degraded EAGAIN', 'open'])
  commit('d')
  pass(0)
  t.same(answers.at(-1), ['d', true])
  t.equal(answers.length, 4)
  t.equal(writer.dropped, 3)
})

t.test('a line that is half written when its request is refused is completed and named', async (t) => {
  const { world, text, pass, commit, answers, losses } = scene()
  world.room = 3
  commit('half-written')
  commit('untouched')
  pass(DEADLINE_MS + 50)
  t.same(answers, [
    ['half-written', false],
    ['untouched', false],
  ])
  world.room = 1000
  pass(100)
  t.equal(text(), 'half-written\ndegraded EAGAIN\nrecovered 1+0\n')
  t.same(losses, [{ refused: 1, unwritten: 0, refusedButWritten: 'half-written' }])
})

t.test('what is lost while the recovery is being told is told next', async (t) => {
  const { world, text, writer, pass, commit, losses } = scene()
  world.room = 0
  commit('a')
  pass(DEADLINE_MS + 50)
  world.room = 'degraded EAGAIN\nrecov'.length
  pass(60)
  commit('b')
  t.equal(writer.writable, false)
  world.room = 1000
  pass(60)
  t.equal(writer.writable, true)
  t.equal(text(), 'degraded EAGAIN\nrecovered 1+0\nrecovered 1+0\n')
  t.equal(losses.length, 2)
})

t.test('a line that a full disk cut is ended and written again whole', async (t) => {
  const { world, text, pass, append, commit, answers } = scene()
  world.error = 'ENOSPC'
  world.room = 4
  append('first line')
  commit('second')
  pass(5)
  t.equal(text(), 'firs')
  world.room = 1
  pass(20)
  world.room = 1000
  pass(40)
  t.equal(text(), 'firs\nfirst line\nsecond\n')
  t.same(answers, [['second', true]])
})

t.test('a line of which a full disk cut only the newline is not written twice', async (t) => {
  const { world, text, pass, append } = scene()
  world.error = 'ENOSPC'
  world.room = 5
  append('first')
  append('second')
  pass(5)
  world.room = 1000
  pass(40)
  t.equal(text(), 'first\nsecond\n')
})

t.test('a full queue refuses commits before appended lines', async (t) => {
  const { world, text, writer, pass, commit, append, answers, losses } = scene({ maxLines: 3 })
  world.room = 0
  append('1')
  append('2')
  pass(1)
  append('3')
  commit('a')
  t.same(answers, [['a', false]])
  t.equal(writer.writable, false)
  append('4')
  world.room = 1000
  pass(100)
  t.equal(text(), '1\n2\n3\ndegraded ENOBUFS\nrecovered 1+1\n')
  t.same(losses, [{ refused: 1, unwritten: 1, refusedButWritten: null }])
})

t.test('one busy turn does not count as a full queue', async (t) => {
  const { text, writer, commit, answers, pass } = scene({ maxLines: 3 })
  for (const name of 'abcdefgh') commit(name)
  pass(0)
  t.equal(text(), 'a\nb\nc\nd\ne\nf\ng\nh\n')
  t.ok(answers.length === 8 && answers.every(([, accepted]) => accepted))
  t.equal(writer.writable, true)
})

t.test('without a deadline only a full queue ends the service', async (t) => {
  const { world, text, writer, pass, append } = scene({ deadlineMs: null })
  world.room = 0
  append('a')
  pass(60_000)
  t.equal(writer.writable, true)
  world.room = 10
  pass(20)
  t.equal(text(), 'a\n')
})

t.test('a reader that is gone ends everything, once', async (t) => {
  const { world, writer, pass, commit, append, answers, changes, timers } = scene()
  world.room = 0
  world.error = 'EPIPE'
  append('x')
  commit('a')
  pass(0)
  commit('b')
  append('y')
  pass(1000)
  t.same(answers, [
    ['a', false],
    ['b', false],
  ])
  t.same(changes, ['gone EPIPE'])
  t.same(
    { closed: world.closed, timers: timers(), queued: writer.queuedBytes, dropped: writer.dropped },
    {
      closed: 1,
      timers: 0,
      queued: 0,
      dropped: 4,
    },
  )
  t.equal(await writer.flush(10), false)
})

t.test('flush waits for what is queued, within its limit', async (t) => {
  const { world, text, writer, pass, append } = scene()
  append('a')
  t.equal(await writer.flush(10), true)
  world.room = 0
  append('b')
  const late = writer.flush(10)
  pass(11)
  t.equal(await late, false)
  const inTime = writer.flush(100)
  world.room = 100
  pass(50)
  t.equal(await inTime, true)
  t.equal(text(), 'a\nb\n')
})

t.test('close answers what waits, and everything after it', async (t) => {
  const { world, writer, commit, answers, timers, pass } = scene()
  world.room = 0
  commit('a')
  pass(1)
  writer.close()
  writer.close()
  commit('b')
  t.same(answers, [
    ['a', false],
    ['b', false],
  ])
  t.same({ closed: world.closed, timers: timers() }, { closed: 1, timers: 0 })
})
