import t, { type Test } from 'tap'
import { postgresServer } from '../../../../src/config/store.ts'
import { openPostgresStore, type PostgresStore } from '../../../../src/stores/postgres-store.ts'
import { POSTGRES_LEFT_OUT, startPostgres } from '../../../support/postgres.ts'
import { OWN_TABLE } from './own-table.ts'
import { PROVIDER_TABLE } from './provider-table.ts'
import { REFRESH_TABLE } from './refresh-table.ts'
import { scene } from './scene.ts'

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
  for (const [name, test] of [...OWN_TABLE, ...PROVIDER_TABLE, ...REFRESH_TABLE]) {
    await t.test(`PostgreSQL: ${name}`, async (t) => {
      const url = await cluster.database()
      const pair = [open(t, url), open(t, url)] as const
      t.same(await Promise.all(pair.map((store) => store.begin())), [null, null])
      await test(t, scene(...pair))
    })
  }
}
