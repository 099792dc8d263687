import t from 'tap'
import { fault } from '../../../src/model/fault.ts'
import type { ServingUpstream, Snapshot } from '../../../src/pipeline/snapshot.ts'
import { Current } from '../../../src/serving/current.ts'

/** What `Current` knows of an upstream is who it is. */
const upstream = (name: string) => ({ name }) as unknown as ServingUpstream & { readonly name: string }
const snapshot = (...upstreams: ServingUpstream[]) => ({ upstreams }) as unknown as Snapshot
const [one, two, three] = [upstream('one'), upstream('two'), upstream('three')]

function scene(first: Snapshot) {
  const retired: string[] = []
  const current = new Current(first, (gone) => void retired.push((gone as typeof one).name))
  /** A request that runs until it is told to end. */
  const begin = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const over = current.use({ stop: () => undefined }, () => promise)
    return () => {
      resolve()
      return over
    }
  }
  return { current, retired, begin }
}

t.test('an upstream that no snapshot has any more is retired at once when nobody works by it', async (t) => {
  const { current, retired } = scene(snapshot(one, two))
  current.replace(snapshot(two))
  t.same(retired, ['one'])
})

t.test('it is retired when the last request by an older snapshot is over', async (t) => {
  const { current, retired, begin } = scene(snapshot(one, two))
  const [first, second] = [begin(), begin()]
  current.replace(snapshot(two))
  await first()
  t.same(retired, [])
  await second()
  t.same(retired, ['one'])
})

t.test('a second reload does not retire what a request by the first snapshot needs', async (t) => {
  const { current, retired, begin } = scene(snapshot(one))
  const end = begin()
  current.replace(snapshot(one, two))
  current.replace(snapshot(two, three))
  t.same(retired, [], 'the middle snapshot has nobody, but the first one shares its upstream')
  t.same([...current.upstreams()], [two, three, one])
  await end()
  t.same(retired, ['one'])
})

t.test('requests by several snapshots that share an upstream: the last one lets it go, once', async (t) => {
  const { current, retired, begin } = scene(snapshot(one))
  const ends = [begin()]
  for (const next of [snapshot(one, two), snapshot(one, three), snapshot(three)]) {
    current.replace(next)
    ends.push(begin())
  }
  t.same(retired, [])
  await ends[0]?.()
  await ends[2]?.()
  t.same(retired, [], 'the second still has both')
  await ends[1]?.()
  t.same(retired, ['one', 'two'])
  await ends[3]?.()
  t.same(retired, ['one', 'two'])
})

t.test('a request that fails lets go, too', async (t) => {
  const { current, retired } = scene(snapshot(one))
  const failing = current.use({ stop: () => undefined }, async () => {
    current.replace(snapshot(two))
    throw new Error('a bug')
  })
  await t.rejects(failing, /a bug/)
  t.same(retired, ['one'])
})

t.test('what is in force is never retired', async (t) => {
  const { current, retired, begin } = scene(snapshot(one))
  await begin()()
  current.replace(snapshot(one))
  t.same(retired, [])
})

t.test('what runs is stopped, and what begins afterwards', async (t) => {
  const { current } = scene(snapshot(one))
  const stopped: string[] = []
  const begin = (name: string) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const over = current.use({ stop: ({ code }) => void stopped.push(`${name} ${code}`) }, () => promise)
    return () => {
      resolve()
      return over
    }
  }
  const ends = [begin('by the old snapshot')]
  await begin('over')()
  current.replace(snapshot(two))
  ends.push(begin('by the new one'))
  current.stop(fault('shutting_down', 'm'))
  ends.push(begin('later'))
  t.same(
    stopped,
    ['by the old snapshot', 'by the new one', 'later'].map((name) => `${name} shutting_down`),
  )
  await Promise.all(ends.map((end) => end()))
})
