import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
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

const replacements: readonly (readonly [string, (file: string, backup: string) => void])[] = [
  ['another store', (file, backup) => renameSync(backup, file)],
  ['an empty file', (file) => renameTo(file, '')],
  ['something else', (file) => renameTo(file, 'x'.repeat(8192))],
]
function renameTo(file: string, text: string): void {
  writeFileSync(`${file}.next`, text)
  renameSync(`${file}.next`, file)
}
for (const [name, replace] of replacements) {
  t.test(`once ${name} stands under its name, no key is found until a restart`, async (t) => {
    const { at, file, backup, store } = await scene(t)
    t.equal(store.fault(), null)
    t.equal(store.find('old')?.id, 'old')
    renameSync(file, join(at, 'kept.db'))
    replace(file, backup)
    t.throws(() => store.find('old'), 'at once')
    t.match(store.fault(), /^the store `.+` has been replaced: restart/)
    renameSync(join(at, 'kept.db'), file)
    t.match(store.fault(), /has been replaced: restart/, 'also when the first one is put back')
    t.throws(() => store.find('old'))
  })
}

t.test('the old file is left whole, and the new one as it is', async (t) => {
  const { at, file, backup, store } = await scene(t)
  renameSync(file, join(at, 'kept.db'))
  renameSync(backup, file)
  t.throws(() => store.find('new'))
  store.close()
  t.same(ids(join(at, 'kept.db')), ['ok', 'old'], 'with all that its log held')
  t.same(ids(file), ['ok', 'new'])
  t.equal(open(t, file).find('new')?.id, 'new', 'a restart uses it')
})

t.test('a store that is gone is used again when it is put back', async (t) => {
  const { at, file, store } = await scene(t)
  renameSync(file, join(at, 'away.db'))
  t.throws(() => store.find('old'))
  t.match(store.fault(), /^the store `.+` is gone: put it back, or restart/)
  renameSync(join(at, 'away.db'), file)
  t.equal(store.fault(), null)
  t.equal(store.find('old')?.id, 'old')
})

t.test('nothing is made where the store is gone', async (t) => {
  const { file, store } = await scene(t)
  rmSync(file)
  store.touch('old', NOW)
  t.throws(() => store.find('old'))
  t.notOk(existsSync(file))
})
