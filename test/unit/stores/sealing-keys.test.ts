import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openKeyRing } from '../../../src/shape/seal.ts'
import { storedKey } from '../../support/sealing.ts'
import { folder, NOW, open } from './store-scene.ts'

t.test('the first key is made once, whoever asks first', async (t) => {
  const file = join(folder(t), 'keys.db')
  const [one, other] = [open(t, file), open(t, file)]
  t.same(one.sealing.usable(), [], 'a new store has none')
  t.throws(() => openKeyRing(one.sealing.usable(), NOW), 'and nothing is sealed without one')
  t.same(
    one.sealing.ensure(storedKey('aaaaaa')).map(({ kid }) => kid),
    ['aaaaaa'],
  )
  t.same(
    other.sealing.ensure(storedKey('bbbbbb')).map(({ kid }) => kid),
    ['aaaaaa'],
  )
  t.same(
    other.sealing.ensure(storedKey('aaaaaa')).map(({ kid }) => kid),
    ['aaaaaa'],
  )
})

t.test('a key comes back whole', async (t) => {
  const store = open(t, join(folder(t), 'keys.db'))
  const key = storedKey('aaaaaa', { createdAt: NOW, sealsFrom: NOW + 60 })
  const [found] = store.sealing.ensure(key)
  t.match(found, { kid: 'aaaaaa', createdAt: NOW, sealsFrom: NOW + 60 })
  t.equal(found?.secret.reveal(), key.secret.reveal())
  t.doesNotThrow(() => openKeyRing(store.sealing.usable(), NOW))
})

t.test('a new key is seen by another process, oldest first', async (t) => {
  const file = join(folder(t), 'keys.db')
  const [proxy, terminal] = [open(t, file), open(t, file)]
  proxy.sealing.ensure(storedKey('bbbbbb'))
  terminal.sealing.add(storedKey('aaaaaa', { createdAt: NOW + 1 }))
  t.same(
    proxy.sealing.usable().map(({ kid }) => kid),
    ['bbbbbb', 'aaaaaa'],
  )
  t.throws(() => terminal.sealing.add(storedKey('aaaaaa')), 'a name stands once')
})

t.test('a retired key is gone, and the last one stays', async (t) => {
  const at = folder(t)
  const file = join(at, 'keys.db')
  const store = open(t, file)
  const old = storedKey('aaaaaa')
  store.sealing.ensure(old)
  t.equal(store.sealing.retire('aaaaaa', NOW + 1), 'last')
  store.sealing.add(storedKey('bbbbbb', { createdAt: NOW + 1 }))
  t.equal(store.sealing.retire('cccccc', NOW + 2), 'unknown')
  t.equal(store.sealing.retire('aaaaaa', NOW + 2), 'retired')
  t.equal(store.sealing.retire('aaaaaa', NOW + 9), 'already')
  t.equal(store.sealing.retire('bbbbbb', NOW + 9), 'last')
  t.same(
    store.sealing.usable().map(({ kid }) => kid),
    ['bbbbbb'],
  )
  t.same(store.sealing.records(), [
    { kid: 'aaaaaa', createdAt: NOW, sealsFrom: NOW, retiredAt: NOW + 2 },
    { kid: 'bbbbbb', createdAt: NOW + 1, sealsFrom: NOW, retiredAt: null },
  ])
  store.close()
  t.notOk(readFileSync(file).includes(old.secret.reveal()), 'its bytes are not in the file')
  t.ok(readFileSync(file).includes(storedKey('bbbbbb').secret.reveal()), 'the twin')
})

const waiting: readonly (readonly [string, readonly number[], number, string])[] = [
  // When each key seals from, beside NOW, the oldest key first; which of them is to be retired.
  ['the one that seals, while the next one waits', [0, 60], 0, 'sealing'],
  ['the one that seals, while two wait', [0, 60, 90], 0, 'sealing'],
  ['the one that seals, where an older one can', [0, 0, 60], 1, 'retired'],
  ['one that waits', [0, 60], 1, 'retired'],
  ['the one that sealed, once the next one does', [0, 0], 0, 'retired'],
  ['the first of those that all wait, which seals then', [60, 90], 0, 'sealing'],
  ['the second of those that all wait', [60, 90], 1, 'retired'],
]
t.test('the key that seals stays until another one does', async (t) => {
  for (const [name, from, index, outcome] of waiting) {
    const store = open(t, join(folder(t), 'keys.db'))
    const keys = from.map((ms, at) => storedKey(`aaaaa${at}`, { createdAt: NOW + at, sealsFrom: NOW + ms }))
    for (const key of keys) store.sealing.add(key)
    t.equal(store.sealing.retire(keys[index]?.kid ?? '', NOW), outcome, name)
    t.equal(store.sealing.usable().length, from.length - (outcome === 'retired' ? 1 : 0), name)
    if (outcome === 'sealing') t.equal(store.sealing.retire(keys[index]?.kid ?? '', NOW + 90), 'retired', 'the twin')
  }
})

t.test('keys of a store that is not the one that was opened are not read', async (t) => {
  const at = folder(t)
  const file = join(at, 'keys.db')
  const store = open(t, file)
  store.sealing.ensure(storedKey('aaaaaa'))
  renameSync(file, join(at, 'elsewhere.db'))
  t.throws(() => store.sealing.usable())
  t.throws(() => store.sealing.ensure(storedKey('bbbbbb')))
  renameSync(join(at, 'elsewhere.db'), file)
  t.equal(store.sealing.usable().length, 1, 'the twin')
})
