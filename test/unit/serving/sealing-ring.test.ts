import { join } from 'node:path'
import t from 'tap'
import { mintSealingKey, openSealingRing, SEALS_AFTER_MS } from '../../../src/serving/sealing-ring.ts'
import { openSealer } from '../../../src/shape/seal.ts'
import { research, sealed } from '../../support/sealing.ts'
import { folder, NOW, open } from '../stores/store-scene.ts'

const owner = { upstream: 'one', isolation: 'workspace', scope: research } as const

function scene(t: Parameters<typeof folder>[0]) {
  const store = open(t, join(folder(t), 'keys.db'))
  let now = NOW
  let elapsed = 0
  const openRing = () => {
    const ring = openSealingRing(
      store.sealing,
      () => now,
      () => elapsed,
    )
    if (!ring.ok) throw new Error(ring.fault)
    return ring.value
  }
  const pass = (ms: number) => {
    now += ms
    elapsed += ms
  }
  /** Somebody sets the clock. */
  const set = (ms: number) => {
    now += ms
  }
  return { store, openRing, pass, set, now: () => now }
}

t.test('the first process makes a key, and the next one seals alike', async (t) => {
  const { store, openRing } = scene(t)
  const seals = [openRing(), openRing()].map((ring) => {
    const current = ring.current()
    return current && sealed('file-1', openSealer(current, owner))
  })
  t.type(seals[0], 'string')
  t.equal(seals[0], seals[1])
  t.equal(store.sealing.usable().length, 1)
})

t.test('a rotation is followed, and what was sealed before opens for as long as its key is there', async (t) => {
  const { store, openRing, pass, now } = scene(t)
  const ring = openRing()
  const first = ring.current()
  const before = first && sealed('file-1', openSealer(first, owner))
  const next = mintSealingKey(now(), now() + SEALS_AFTER_MS)
  store.sealing.add(next)
  ring.refresh()
  t.not(ring.current()?.sealing.kid, next.kid, 'not yet')
  pass(SEALS_AFTER_MS)
  ring.refresh()
  const second = ring.current()
  t.equal(second?.sealing.kid, next.kid)
  t.equal(second && before && openSealer(second, owner).open(before), 'file-1')
  store.sealing.retire(first?.sealing.kid ?? '', now())
  ring.refresh()
  const third = ring.current()
  t.equal(third && before && openSealer(third, owner).open(before), null)
})

t.test('keys that cannot be read again are not used for long', async (t) => {
  const { store, openRing, pass } = scene(t)
  const ring = openRing()
  store.close()
  t.throws(() => ring.refresh())
  pass(60_000)
  t.ok(ring.current())
  pass(1)
  t.equal(ring.current(), null)
  t.equal(ring.ageMs(), 60_001)
  t.same(
    openSealingRing(
      store.sealing,
      () => NOW,
      () => 0,
    ),
    { ok: false, fault: 'the keys that seal ids cannot be read: the store cannot be used (unknown reason)' },
    'nor does anything start without them',
  )
})

t.test('a clock that is set neither closes nor opens anything', async (t) => {
  for (const step of [86_400_000, -86_400_000]) {
    const { openRing, pass, set } = scene(t)
    const ring = openRing()
    set(step)
    t.ok(ring.current(), 'it stays open')
    pass(60_001)
    t.equal(ring.current(), null, 'the twin: time that passes')
  }
})

t.test('keys are made of chance', async (t) => {
  const keys = Array.from({ length: 50 }, () => mintSealingKey(NOW, NOW))
  t.equal(new Set(keys.map(({ kid }) => kid)).size, 50)
  t.equal(new Set(keys.map(({ secret }) => secret.reveal())).size, 50)
  for (const { kid, secret } of keys) t.match(`${kid} ${secret.reveal()}`, /^[A-Za-z0-9]{6} [\w-]{43}$/)
  t.equal(JSON.stringify(keys[0]).includes(keys[0]?.secret.reveal() ?? ''), false)
})
