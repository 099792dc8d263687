import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { openKeyStore } from '../../../src/stores/keys.ts'
import { MIGRATIONS, NEWEST } from '../../../src/stores/migrations.ts'
import { folderOf, runCli } from '../../support/cli.ts'
import { key } from '../stores/store-scene.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:8080 }
identity: { api_keys: { enabled: true } }
upstreams:
  - { name: up, url: https://api.example/v1, models: ["*"], api_key: { env: NOT_SET } }
policies: [../policies]
store: sqlite:../data/store.db
`

type Test = Parameters<typeof folderOf>[0]

function scene(t: Test) {
  const cwd = folderOf(t, { 'config/sallyport.yaml': CONFIG, 'policies/p.yaml': 'version: 1\n' })
  const file = join(cwd, 'data/store.db')
  const run = async (...argv: readonly string[]) => {
    const done = await runCli(['store', ...argv], cwd)
    return { ...done, answer: argv.includes('--json') && done.out !== '' ? JSON.parse(done.out) : null }
  }
  return { cwd, file, run }
}

/** A file as a former version has left it. */
function former(file: string, version: number): void {
  mkdirSync(join(file, '..'), { recursive: true })
  const raw = new Database(file)
  raw.exec('CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER) STRICT')
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index >= version) continue
    raw.exec(step)
    raw.prepare('INSERT INTO schema_versions VALUES (?, 0)').run(index + 1)
  }
  // Those of the first version: later ones have a default.
  const columns = 'id, owner, roles, groups, hash, tag, created_at'
  raw.exec(`INSERT INTO api_keys (${columns}) VALUES ('k1', 'bob', '[]', '[]', 'h', 't', 1)`)
  raw.close()
}

t.test('`migrate` says from which version to which, and keeps what is there', async (t) => {
  for (const version of [1, 4, NEWEST - 1]) {
    const { file, run } = scene(t)
    former(file, version)
    t.match(await run('check'), { code: 1, err: `error: the store has version ${version} and needs ${NEWEST}: ` })
    t.same((await run('migrate', '--json')).answer, { kind: 'sqlite', from: version, to: NEWEST })
    t.same((await run('migrate', '--json')).answer, { kind: 'sqlite', from: NEWEST, to: NEWEST })
    t.match(await run('check'), { code: 0, out: `the store is sound, at version ${NEWEST}\n` })
    const store = openKeyStore(file)
    t.equal(store.ok && store.value.find('k1')?.owner, 'bob')
    if (store.ok) store.value.close()
  }
})

t.test('`migrate` makes a store that is not there, and `check` does not', async (t) => {
  const { file, run } = scene(t)
  t.match(await run('check'), { code: 2, err: / is not there: / })
  t.notOk(existsSync(file))
  t.match(await run('migrate'), { code: 0, out: `the store was at version 0 and is at ${NEWEST} now\n` })
})

t.test('a backup of a store in use is whole, alone and for its owner', async (t) => {
  const { cwd, file, run } = scene(t)
  await run('migrate')
  const store = openKeyStore(file)
  if (!store.ok) throw new Error(store.fault)
  await store.value.create(key('k1'))
  const { answer, code } = await run('backup', 'copy.db', '--json')
  const copy = join(cwd, 'copy.db')
  t.equal(code, 0)
  t.same(answer, { kind: 'sqlite', file: copy, bytes: statSync(copy).size })
  t.equal(statSync(copy).mode & 0o777, 0o600)
  t.notOk(existsSync(`${copy}-wal`))
  const restored = openKeyStore(copy)
  t.equal(restored.ok && restored.value.find('k1')?.id, 'k1')
  if (restored.ok) restored.value.close()
  store.value.close()
})

t.test('a backup never overwrites, and one that fails leaves nothing', async (t) => {
  const { cwd, file, run } = scene(t)
  await run('migrate')
  writeFileSync(join(cwd, 'there.db'), 'precious')
  t.match(await run('backup', 'there.db'), { code: 2, err: / is there already: name another file/ })
  t.equal(statSync(join(cwd, 'there.db')).size, 8)
  t.match(await run('backup', 'nowhere/copy.db'), { code: 2 })
  writeFileSync(file, 'x'.repeat(9000))
  for (const suffix of ['-wal', '-shm']) writeFileSync(file + suffix, '')
  chmodSync(file, 0o600)
  t.match(await run('backup', 'copy.db'), { code: 2, err: /is damaged or is no SQLite file/ })
  t.notOk(existsSync(join(cwd, 'copy.db')))
  t.match(await run('check'), { code: 2, err: /is damaged or is no SQLite file/ })
})

t.test('a table that is missing is told of', async (t) => {
  const { file, run } = scene(t)
  await run('migrate')
  const raw = new Database(file)
  raw.exec('DROP TABLE revocations')
  raw.close()
  t.match(await run('check'), { code: 1, err: 'error: the table `revocations` is not there: restore the store' })
})

t.test('a store of a newer version is left alone', async (t) => {
  const { file, run } = scene(t)
  former(file, NEWEST)
  const raw = new Database(file)
  raw.exec('INSERT INTO schema_versions VALUES (99, 0)')
  raw.close()
  t.match(await run('migrate'), { code: 2, err: /has version 99 and this Sallyport knows/ })
  t.match(await run('check', '--json'), { code: 1, answer: { version: 99, problems: [/has version 99/] } })
})
