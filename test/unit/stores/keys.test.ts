import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import type { StoredKey } from '../../../src/model/ports.ts'
import { openKeyStore } from '../../../src/stores/keys.ts'
import { folder, key, NOW, open } from './store-scene.ts'

t.test('what is created is found and listed, whole', async (t) => {
  const store = open(t, join(folder(t), 'a', 'b', 'keys.db'))
  const keys = [key('k1'), key('k2', { createdAt: NOW - 1, groups: ['g'], workspace: 'w', expiresAt: NOW + 1 })]
  for (const one of keys) await store.create(one)
  t.same(store.find('k1'), keys[0])
  t.same(await store.list(), [keys[1], keys[0]], 'oldest first')
  t.equal(store.find('k3'), undefined)
  await t.rejects(store.create(key('k1', { owner: 'eve' })), 'an id stands once')
  t.equal(store.find('k1')?.owner, 'bob')
})

t.test('file and folder are for their owner alone', async (t) => {
  const at = folder(t)
  const file = join(at, 'made', 'keys.db')
  await open(t, file).create(key('k1'))
  t.equal(statSync(join(at, 'made')).mode & 0o777, 0o700)
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) t.equal(statSync(file + suffix).mode & 0o777, 0o600, `keys.db${suffix}`)
  }
  const loose = join(at, 'loose.db')
  writeFileSync(loose, '')
  chmodSync(loose, 0o644)
  open(t, loose)
  t.equal(statSync(loose).mode & 0o777, 0o600, 'a file that was open to others is closed to them')
})

t.test('a revocation is seen by another connection at once', async (t) => {
  const file = join(folder(t), 'keys.db')
  const proxy = open(t, file)
  const terminal = open(t, file)
  await terminal.create(key('k1'))
  t.equal(proxy.find('k1')?.revokedAt, null)
  t.equal(await terminal.revoke('k1', NOW + 5), 'revoked')
  t.equal(proxy.find('k1')?.revokedAt, NOW + 5)
  t.equal(await terminal.revoke('k1', NOW + 9), 'already')
  t.equal(proxy.find('k1')?.revokedAt, NOW + 5, 'the first time stands')
  t.equal(await terminal.revoke('k2', NOW), 'unknown')
})

const replacements: readonly (readonly [string, Partial<StoredKey>, number, boolean, Partial<StoredKey>])[] = [
  ['at once', {}, NOW, true, { revokedAt: NOW, expiresAt: null }],
  ['after an overlap', {}, NOW + 10, true, { revokedAt: null, expiresAt: NOW + 10 }],
  ['but never later than it would have', { expiresAt: NOW + 5 }, NOW + 10, true, { expiresAt: NOW + 5 }],
  ['earlier than it would have', { expiresAt: NOW + 50 }, NOW + 10, true, { expiresAt: NOW + 10 }],
  ['unless it is revoked', { revokedAt: NOW - 5 }, NOW + 10, false, { revokedAt: NOW - 5, expiresAt: null }],
  ['unless it is over', { expiresAt: NOW }, NOW + 10, false, { revokedAt: null, expiresAt: NOW }],
]
for (const [name, before, endsAt, expected, after] of replacements) {
  t.test(`a replaced key ends ${name}`, async (t) => {
    const store = open(t, join(folder(t), 'keys.db'))
    await store.create(key('old', before))
    t.equal(await store.replace('old', key('new', { rotatedFrom: 'old' }), endsAt, NOW), expected)
    t.match(store.find('old'), after)
    t.equal(store.find('new') !== undefined, expected)
    t.equal(await store.replace('old', key('newer', { rotatedFrom: 'old' }), endsAt, NOW), false, 'only once')
  })
}

t.test('replacing is both or neither', async (t) => {
  const store = open(t, join(folder(t), 'keys.db'))
  await store.create(key('old'))
  await store.create(key('taken'))
  await t.rejects(store.replace('old', key('taken'), NOW, NOW))
  t.equal(store.find('old')?.revokedAt, null)
  t.equal(await store.replace('nobody', key('new'), NOW, NOW), false)
})

t.test('names are never SQL', async (t) => {
  const store = open(t, join(folder(t), 'keys.db'))
  await store.create(key('k1'))
  const evil = ["' OR '1'='1", "k1'; DROP TABLE api_keys; --", 'k%', 'k_', 'K1', 'k1\0', '"k1"', 'rowid']
  for (const text of evil) {
    t.equal(store.find(text), undefined, JSON.stringify(text))
    t.equal(await store.revoke(text, NOW), 'unknown')
    store.touch(text, NOW)
    store.writeUses()
  }
  await store.create(key('k2', { owner: evil[1] ?? '', groups: evil }))
  t.same(store.find('k2')?.groups, evil)
  t.equal((await store.list()).length, 2)
})

t.test('a record that cannot be understood is no key', async (t) => {
  const file = join(folder(t), 'keys.db')
  const store = open(t, file)
  await store.create(key('k1'))
  const raw = new Database(file)
  raw.prepare('UPDATE api_keys SET roles = ?').run('"admin"')
  raw.close()
  t.throws(() => store.find('k1'))
})

const FIELDS = /^the store `[^`]+` /
t.test('a file of a newer version is not touched', async (t) => {
  const file = join(folder(t), 'keys.db')
  open(t, file).close()
  const raw = new Database(file)
  raw.prepare('INSERT INTO schema_versions VALUES (99, 0)').run()
  raw.close()
  const before = readFileSync(file)
  t.match(openKeyStore(file), { ok: false, fault: /has version 99 and this Sallyport knows \d+ at most: use/ })
  t.same(readFileSync(file), before)
})

const unusable: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  ['is something else', (file) => writeFileSync(file, 'x'.repeat(8192)), /is damaged or is no SQLite file/],
  ['is a folder', (file) => mkdirSync(file), /must name a file/],
  ['is in a file', (file) => writeFileSync(join(file, '..', 'f'), ''), /must name a file/],
]
for (const [name, prepare, expected] of unusable) {
  t.test(`a store that ${name} is refused with what to do`, async (t) => {
    const file = join(folder(t), 'keys.db')
    prepare(file)
    const opened = openKeyStore(name === 'is in a file' ? join(file, '..', 'f', 'keys.db') : file)
    if (opened.ok) return t.fail('a fault')
    t.match(opened.fault, FIELDS)
    t.match(opened.fault, expected)
  })
}

t.test('a damaged file is refused, and stays as it is', async (t) => {
  const file = join(folder(t), 'keys.db')
  const store = openKeyStore(file)
  if (!store.ok) return t.fail(store.fault)
  for (let index = 0; index < 200; index++) await store.value.create(key(`k${index}`, { owner: 'x'.repeat(200) }))
  store.value.close()
  const bytes = readFileSync(file)
  bytes.fill(0xff, 100, 4096)
  writeFileSync(file, bytes)
  t.match(openKeyStore(file), { ok: false, fault: /is damaged/ })
  t.same(readFileSync(file), bytes)
})

t.test('many that open a new file at once all get it', async (t) => {
  const file = join(folder(t), 'keys.db')
  const stores = Array.from({ length: 5 }, () => open(t, file))
  await stores[0]?.create(key('k1'))
  for (const store of stores) t.equal(store.find('k1')?.id, 'k1')
})

t.test('a file that lacks a table is no store', (t) => {
  const file = join(folder(t), 'keys.db')
  open(t, file).close()
  const raw = new Database(file)
  raw.exec('DROP TABLE key_events')
  raw.close()
  t.match(openKeyStore(file), { ok: false, fault: /lacks a table: restore it/ })
  t.end()
})
