import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { ServingStore } from '../../../src/serving/store.ts'
import { folder, NOW, open } from '../stores/store-scene.ts'

const FAILED_READS = 3

function scene(t: Test) {
  const at = folder(t)
  const file = join(at, 'keys.db')
  const said: string[] = []
  let elapsed = 0
  const reports = { info: (message: string) => said.push(message), error: (message: string) => said.push(message) }
  const store = new ServingStore(
    () => NOW,
    () => elapsed,
    reports,
  )
  const upstreams = [{ isolation: 'workspace' }] as unknown as Parameters<ServingStore['open']>[0]['upstreams']
  const start = () => store.open({ apiKeys: { enabled: false } as never, upstreams, store: { file } } as never)
  t.teardown(() => store.close())
  const pass = (ms: number) => {
    elapsed += ms
  }
  return { at, file, store, start, said, pass }
}

const causes: readonly (readonly [string, (file: string, at: string) => void, RegExp])[] = [
  ['a file that is gone', (file, at) => renameSync(file, join(at, 'other.db')), /the store `.*keys\.db` is gone/],
  ['a damaged key', (file) => change(file, "UPDATE sealing_keys SET secret = 'c2VjcmV0'"), /one of them is damaged/],
  ['no key', (file) => change(file, 'DELETE FROM sealing_keys'), /the store has none: restore it/],
]

function change(file: string, sql: string): void {
  const database = new Database(file)
  database.exec(sql)
  database.close()
}

t.test('an outage is told once, with its cause and without the keys', async (t) => {
  for (const [name, harm, cause] of causes) {
    const { at, file, store, start, said } = scene(t)
    t.equal(start(), null)
    const secrets = open(t, file)
      .sealing.usable()
      .map(({ secret }) => secret.reveal())
    harm(file, at)
    for (let read = 0; read < FAILED_READS + 2; read++) store.readKeys()
    t.equal(said.length, 1, name)
    t.match(said[0], /^the keys that seal ids cannot be read: /, name)
    t.match(said[0], cause, name)
    for (const secret of [...secrets, 'c2VjcmV0']) t.notOk(said[0]?.includes(secret), 'nothing of a key')
  }
})

t.test('and its end is told, too', async (t) => {
  const { at, file, store, start, said } = scene(t)
  start()
  renameSync(file, join(at, 'other.db'))
  for (let read = 0; read < FAILED_READS; read++) store.readKeys()
  renameSync(join(at, 'other.db'), file)
  store.readKeys()
  t.equal(said[1], 'the keys that seal ids can be read again')
})

t.test('damaged keys keep it from starting, and it says why', async (t) => {
  const { file, start } = scene(t)
  const other = open(t, file)
  other.close()
  change(file, "INSERT INTO sealing_keys (kid, secret, created_at, seals_from) VALUES ('aaaaaa', 'c2VjcmV0', 1, 1)")
  t.equal(start(), 'the keys that seal ids cannot be read: one of them is damaged: restore the store from a backup')
})

t.test('how the keys stand can be asked', async (t) => {
  const { store, start, pass } = scene(t)
  t.equal(store.sealingKeys(), null, 'nothing is sealed')
  start()
  t.same(store.sealingKeys(), { usable: true, ageSeconds: 0 })
  pass(60_000)
  t.same(store.sealingKeys(), { usable: true, ageSeconds: 60 })
  pass(500)
  t.same(store.sealingKeys(), { usable: false, ageSeconds: 60.5 })
  store.readKeys()
  t.same(store.sealingKeys(), { usable: true, ageSeconds: 0 }, 'read again')
})

t.test('the keys are there where there is a store for them', async (t) => {
  const rows = [
    ['callers are kept apart', 'workspace', false, true],
    ['API keys are kept', 'off', true, true],
    ['users are kept', 'off', false, true, { enabled: true }],
    ['neither', 'off', false, false, { enabled: false }],
  ] as const
  for (const [name, isolation, enabled, isThere, local] of rows) {
    const { file, store } = scene(t)
    const settings = { apiKeys: { enabled }, local, upstreams: [{ isolation }], store: { file } }
    t.equal(store.open(settings as never), null, name)
    t.equal(store.keyRing() !== null, isThere, name)
    t.equal(existsSync(file), isThere, `${name}: nothing is made in vain`)
  }
})
