import { join } from 'node:path'
import t from 'tap'
import { oneTimes } from '../../../src/serving/one-time.ts'
import { purge } from '../../../src/serving/purge.ts'
import { folder, NOW, open } from '../stores/store-scene.ts'

const clock = () => NOW
const UNTIL = NOW + 1000
const nothing = async () => undefined

t.test('what one process of a fleet has used no other one uses', async (t) => {
  const file = join(folder(t), 'store.db')
  const [one, other] = [open(t, file), open(t, file)].map((store) => oneTimes(() => store, clock))
  if (one === undefined || other === undefined) throw new Error('no stores')
  for (const purpose of ['saml', 'logout', 'attempt'] as const) {
    t.equal(await one[purpose].take('a', UNTIL), true, purpose)
    t.equal(await other[purpose].take('a', UNTIL), false, purpose)
    t.equal(await one[purpose].take('a', UNTIL), false, purpose)
    t.equal(await other[purpose].take('b', UNTIL), true, `${purpose}: the twin`)
  }
})

t.test('what is used by doing something is done once, and again where it failed', async (t) => {
  const file = join(folder(t), 'store.db')
  const [one, other] = [open(t, file), open(t, file)].map((store) => oneTimes(() => store, clock).logout)
  if (one === undefined || other === undefined) throw new Error('no stores')
  let done = 0
  const work = async () => void done++
  await t.rejects(one.takeAfter('a', UNTIL, () => Promise.reject(new Error('not done'))))
  t.equal(await other.takeAfter('a', UNTIL, work), true, 'it may come again, elsewhere')
  t.same([await one.takeAfter('a', UNTIL, work), await other.takeAfter('a', UNTIL, work), done], [false, false, 1])
  t.same(await Promise.all([1, 2, 3].map(() => one.takeAfter('b', UNTIL, work))), [true, false, false], 'at once')
  t.equal(done, 2)
})

t.test('where the store is away nothing is used', async (t) => {
  const store = open(t, join(folder(t), 'store.db'))
  let isOpen = false
  const { saml, logout } = oneTimes(() => (isOpen ? store : null), clock)
  await t.rejects(saml.take('a', UNTIL))
  await t.rejects(logout.takeAfter('a', UNTIL, nothing))
  isOpen = true
  t.equal(await saml.take('a', UNTIL), true, 'and may be when it is back')
  t.equal(await logout.takeAfter('a', UNTIL, nothing), true)
  store.close()
  t.equal(await saml.take('a', UNTIL), false, 'what this process knows it tells')
  await t.rejects(saml.take('b', UNTIL))
})

t.test('what was used is purged when no clock of a fleet would let it be used', async (t) => {
  const store = open(t, join(folder(t), 'store.db'))
  const { saml } = oneTimes(() => store, clock)
  await saml.take('a', UNTIL)
  await purge(store, UNTIL + 599_999)
  t.equal(await store.usedOnce.has('saml', 'a'), true)
  await purge(store, UNTIL + 600_000)
  t.equal(await store.usedOnce.has('saml', 'a'), false)
})
