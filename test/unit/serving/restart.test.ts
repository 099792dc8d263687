import t from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import type { Settings, StoreSettings } from '../../../src/model/settings.ts'
import { needingRestart } from '../../../src/serving/restart.ts'

const settings = (store: StoreSettings) =>
  ({ store, listen: { timeouts: {} }, audit: {}, telemetry: {} }) as unknown as Settings

const on = (password: string | null, host = 'db'): StoreSettings => ({
  kind: 'postgres',
  server: {
    host,
    port: 5432,
    user: 'u',
    database: 'd',
    password: password === null ? null : new Secret(password),
    tls: null,
  },
})

const rows: readonly (readonly [name: string, before: StoreSettings, after: StoreSettings, needed: string[]])[] = [
  ['the same store', on('a'), on('a'), []],
  ['another password', on('a'), on('b'), ['store']],
  ['no password any more', on('a'), on(null), ['store']],
  ['another host', on('a'), on('a', 'other'), ['store']],
  ['a file in its place', on('a'), { kind: 'sqlite', file: '/x' }, ['store']],
  ['the same file', { kind: 'sqlite', file: '/x' }, { kind: 'sqlite', file: '/x' }, []],
]
for (const [name, before, after, needed] of rows) {
  t.test(`a restart is needed for what is read once: ${name}`, async (t) => {
    t.same(needingRestart(settings(before), settings(after)), needed)
  })
}
