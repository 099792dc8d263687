import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { LastUses } from '../../../src/stores/last-uses.ts'
import { folder, key, open } from './store-scene.ts'

t.test('a use is written later, and only moves forward', async (t) => {
  const store = open(t, join(folder(t), 'keys.db'))
  for (const id of ['k1', 'k2']) await store.create(key(id))
  store.touch('k1', 100)
  store.touch('nobody', 50)
  t.equal(store.find('k1')?.lastUsedAt, null, 'nothing is written at once')
  store.writeUses()
  t.equal(store.find('k1')?.lastUsedAt, 100)
  store.touch('k1', 50)
  store.touch('k2', 60)
  store.writeUses()
  t.same([store.find('k1')?.lastUsedAt, store.find('k2')?.lastUsedAt], [100, 60])
})

t.test('a store that another process holds: nothing waits, and nothing is lost', async (t) => {
  const file = join(folder(t), 'keys.db')
  const store = open(t, file)
  await store.create(key('k1'))
  const other = new Database(file)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  const began = performance.now()
  for (let count = 0; count < 5; count++) {
    store.touch('k1', 100 + count)
    t.throws(() => store.writeUses(), { code: 'SQLITE_BUSY' })
  }
  t.ok(performance.now() - began < 1000, 'five waits of a quarter of a second would be more')
  t.equal(store.find('k1')?.lastUsedAt, null, 'it is read all the same')
  other.exec('ROLLBACK')
  store.writeUses()
  t.equal(store.find('k1')?.lastUsedAt, 104)
})

t.test('what is noted is bounded, and so is what is written in one go', (t) => {
  const uses = new LastUses()
  for (let index = 0; index < 12_000; index++) uses.note(`k${index}`, index)
  uses.note('k0', 7)
  const sizes: number[] = []
  const written = new Map<string, number>()
  for (let count = 0; count < 12; count++) {
    uses.write((batch) => {
      sizes.push(batch.length)
      for (const [id, at] of batch) written.set(id, at)
    })
  }
  t.same(
    sizes,
    Array.from({ length: 10 }, () => 1000),
  )
  t.equal(written.size, 10_000)
  t.equal(written.get('k0'), 7)
  t.end()
})
