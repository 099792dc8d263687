import t, { type Test } from 'tap'
import { postgresServer } from '../../../src/config/store.ts'
import { openPostgresStore, type PostgresStore } from '../../../src/stores/postgres-store.ts'
import { POSTGRES_LEFT_OUT, startPostgres } from '../../support/postgres.ts'
import { ACCOUNT_TABLE } from './account-table.ts'
import { DEVICE_TABLE } from './device-table.ts'
import { SCIM_TABLE } from './scim-table.ts'
import { STORE_TABLE } from './store-table.ts'
import { USED_ONCE_TABLE } from './used-once-table.ts'

if (POSTGRES_LEFT_OUT !== null) t.plan(0, POSTGRES_LEFT_OUT)
else await main()

function open(t: Test, url: string): PostgresStore {
  const server = postgresServer(url, '/')
  if (!server.ok) throw new Error(server.fault.message)
  const store = openPostgresStore(server.value)
  if (!store.ok) throw new Error(store.fault)
  t.teardown(() => store.value.close())
  return store.value
}

async function main() {
  const cluster = await startPostgres(t)
  for (const [name, test] of [...STORE_TABLE, ...ACCOUNT_TABLE, ...SCIM_TABLE, ...DEVICE_TABLE, ...USED_ONCE_TABLE]) {
    await t.test(`PostgreSQL: ${name}`, async (t) => {
      const url = await cluster.database()
      const pair = [open(t, url), open(t, url)] as const
      // Both at once: one of them makes the tables.
      t.same(await Promise.all(pair.map((store) => store.begin())), [null, null])
      await test(t, ...pair)
    })
  }
}
