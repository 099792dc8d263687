import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { openKeyStore } from '../../../src/stores/keys.ts'
import { folder, key, NOW, open } from './store-scene.ts'

/** A store in use, with a write that only its log holds, and a whole backup beside it. */
async function scene(t: Test) {
  const at = folder(t)
  const [file, backup] = [join(at, 'keys.db'), join(at, 'backup.db')]
  const store = open(t, file)
  await store.create(key('old'))
  const other = open(t, backup)
  await other.create(key('new'))
  other.close()
  return { at, file, backup, store }
}

const ids = (file: string) => {
  const raw = new Database(file, { fileMustExist: true })
  const found = raw.prepare('SELECT id FROM api_keys ORDER BY id').pluck().all()
  const sound = raw.pragma('integrity_check', { simple: true })
  raw.close()
  return [sound, ...found]
}

t.test('a replaced file is the store from then on, and the old one is left whole', async (t) => {
  const { at, file, backup, store } = await scene(t)
  t.same(store.followFile(), { ok: true, value: 'same' })
  renameSync(file, join(at, 'kept.db'))
  renameSync(backup, file)
  t.equal(store.find('old')?.id, 'old', 'not before it is looked for')
  t.same(store.followFile(), { ok: true, value: 'replaced' })
  t.same(store.followFile(), { ok: true, value: 'same' })
  t.equal(store.find('old'), undefined)
  t.equal(store.find('new')?.id, 'new')
  await open(t, file).create(key('newer'))
  t.equal(store.find('newer')?.id, 'newer', 'what others write is seen')
  store.touch('new', NOW)
  t.equal(open(t, file).find('new')?.lastUsedAt, NOW, 'and they see what it writes')
  t.same(ids(file), ['ok', 'new', 'newer'])
  t.same(ids(join(at, 'kept.db')), ['ok', 'old'], 'with all that its log held')
})

t.test('each of several goes over, and none takes the log from another', async (t) => {
  const { file, backup, store } = await scene(t)
  const second = open(t, file)
  renameSync(backup, file)
  t.same(store.followFile(), { ok: true, value: 'replaced' })
  await store.create(key('newer'))
  t.same(second.followFile(), { ok: true, value: 'replaced' })
  t.equal(second.find('newer')?.id, 'newer')
  t.same(ids(file), ['ok', 'new', 'newer'])
})

t.test('a store whose log was moved with it keeps what the log holds', async (t) => {
  const { at, file, store } = await scene(t)
  const moving = open(t, join(at, 'moving.db'))
  await moving.create(key('new'))
  for (const suffix of ['-wal', '-shm', '']) renameSync(join(at, `moving.db${suffix}`), file + suffix)
  t.same(store.followFile(), { ok: true, value: 'replaced' })
  t.equal(store.find('new')?.id, 'new')
})

const meanwhile: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  ['nothing', () => undefined, /is gone: put it back/],
  ['an empty file', (file) => writeFileSync(file, ''), /is an empty file now/],
]
for (const [name, replace, fault] of meanwhile) {
  t.test(`while ${name} stands there the old store goes on`, async (t) => {
    const { file, backup, store } = await scene(t)
    rmSync(file)
    replace(file)
    for (const _ of [1, 2]) t.match(store.followFile(), { ok: false, fault })
    t.equal(store.find('old')?.id, 'old')
    renameSync(backup, file)
    t.same(store.followFile(), { ok: true, value: 'replaced' })
    t.equal(store.find('old'), undefined)
    t.equal(store.find('new')?.id, 'new')
  })
}

t.test('nothing is made where the store is gone', async (t) => {
  const { file, store } = await scene(t)
  rmSync(file)
  store.followFile()
  t.notOk(existsSync(file))
})

const unusable: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  ['is no store', (file) => writeFileSync(file, 'x'.repeat(8192)), /is damaged or is no SQLite file/],
  ['is of a newer version', (file) => change(file, 'INSERT INTO schema_versions VALUES (99, 0)'), /has version 99/],
  ['lacks a table', (file) => change(file, 'DROP TABLE key_events'), /lacks a table/],
]
function change(file: string, statement: string): void {
  const raw = new Database(file)
  raw.exec(statement)
  raw.close()
}
for (const [name, spoil, fault] of unusable) {
  t.test(`a replacement that ${name} gives nobody anything until it is mended`, async (t) => {
    const { at, file, backup, store } = await scene(t)
    const bad = join(at, 'bad.db')
    const made = openKeyStore(bad)
    if (made.ok) made.value.close()
    spoil(bad)
    renameSync(bad, file)
    for (const _ of [1, 2]) t.match(store.followFile(), { ok: false, fault })
    t.throws(() => store.find('old'))
    t.throws(() => store.outbox.claim(NOW))
    renameSync(backup, file)
    t.same(store.followFile(), { ok: true, value: 'replaced' })
    t.equal(store.find('new')?.id, 'new')
  })
}
