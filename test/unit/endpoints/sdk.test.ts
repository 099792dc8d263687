import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { route } from '../../../src/endpoints/route.ts'

const RESOURCES = join(import.meta.dirname, '../../../node_modules/openai/resources')
const CALL =
  /this\._client\s*\.(get|post|put|patch|delete|getAPIList)\(\s*(?:path\s*)?['`]\/([^'`?]*)[^'`]*['`](?=([\s\S]{0,300}))/g

/** Each request that the official SDK can make, its administration excepted: file, method and path. */
const calls = globSync('**/*.mjs', { cwd: RESOURCES })
  .filter((file) => !file.startsWith('admin'))
  .flatMap((file) =>
    [...readFileSync(join(RESOURCES, file), 'utf8').matchAll(CALL)].map(([, verb = '', path = '', rest = '']) => {
      const listing = /method: 'post'/.test(rest.split('this._client')[0] ?? '') ? 'POST' : 'GET'
      const method = verb === 'getAPIList' ? listing : verb.toUpperCase()
      return { file, method, target: `/v1/${path.replace(/\$\{\w+\}/g, 'id_1')}` }
    }),
  )

t.test('the table has each operation that the official SDK can ask for', async (t) => {
  t.ok(calls.length > 200, `${calls.length} calls`)
  for (const { file, method, target } of calls) {
    const found = route(method, target)
    t.ok(found.ok, `${method} ${target} (${file})`)
  }
})

t.test('and no other one, but for WebSockets', async (t) => {
  const asked = new Set(
    calls.flatMap(({ method, target }) => {
      const found = route(method, target)
      return found.ok ? [found.value.endpoint.operation] : []
    }),
  )
  const others = ENDPOINTS.filter(
    ({ operation, awaits, dialect }) => awaits !== 'websocket' && dialect === null && !asked.has(operation),
  )
  t.same(
    others.map(({ operation }) => operation),
    ['embeddings'],
    'the one that the SDK asks for elsewhere',
  )
})
