import { join } from 'node:path'
import t from 'tap'
import { folder, open } from '../../stores/store-scene.ts'
import { OWN_TABLE } from './own-table.ts'
import { PROVIDER_TABLE } from './provider-table.ts'
import { REFRESH_TABLE } from './refresh-table.ts'
import { scene } from './scene.ts'

for (const [name, test] of [...OWN_TABLE, ...PROVIDER_TABLE, ...REFRESH_TABLE]) {
  t.test(`SQLite: ${name}`, async (t) => {
    const file = join(folder(t), 'store.db')
    await test(t, scene(open(t, file), open(t, file)))
  })
}
