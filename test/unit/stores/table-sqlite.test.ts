import { join } from 'node:path'
import t from 'tap'
import { ACCOUNT_TABLE } from './account-table.ts'
import { DEVICE_TABLE } from './device-table.ts'
import { SCIM_TABLE } from './scim-table.ts'
import { folder, open } from './store-scene.ts'
import { STORE_TABLE } from './store-table.ts'
import { USED_ONCE_TABLE } from './used-once-table.ts'

for (const [name, test] of [...STORE_TABLE, ...ACCOUNT_TABLE, ...SCIM_TABLE, ...DEVICE_TABLE, ...USED_ONCE_TABLE]) {
  t.test(`SQLite: ${name}`, async (t) => {
    const file = join(folder(t), 'store.db')
    await test(t, open(t, file), open(t, file))
  })
}
