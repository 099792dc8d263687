import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { route } from '../../../src/endpoints/route.ts'

const MODULES = join(import.meta.dirname, '../../../node_modules')
const RESOURCES = join(MODULES, 'openai/resources')
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
    ({ operation, api, awaits, dialect }) =>
      api !== 'anthropic' && awaits !== 'websocket' && dialect === null && !asked.has(operation),
  )
  t.same(
    others.map(({ operation }) => operation),
    ['embeddings'],
    'the one that the SDK asks for elsewhere',
  )
})

/** What Anthropic's SDK asks for messages, whether it is a beta there or not. */
const MESSAGES = globSync('{messages,beta/messages}/*.mjs', { cwd: join(MODULES, '@anthropic-ai/sdk/resources') })
const MESSAGE_CALL = /this\._client\.(get|post|delete|getAPIList)\(\s*(?:path\s*)?['`]\/([^'`?]*)/g

t.test('and each that Anthropic’s SDK can ask for messages, and no other one of that API', async (t) => {
  const asked = MESSAGES.flatMap((file) =>
    [...readFileSync(join(MODULES, '@anthropic-ai/sdk/resources', file), 'utf8').matchAll(MESSAGE_CALL)].map(
      ([, verb = '', path = '']) => {
        const target = `/${path.replace(/\$\{\w+\}/g, 'id_1')}`
        const found = route(verb === 'getAPIList' ? 'GET' : verb.toUpperCase(), target)
        t.ok(found.ok, `${verb} ${target} (${file})`)
        return found.ok ? found.value.endpoint.operation : ''
      },
    ),
  )
  const own = ENDPOINTS.filter(({ api }) => api === 'anthropic').map(({ operation }) => operation)
  // The SDK asks for results at an address that an answer names.
  t.same([...new Set([...asked, 'messages.batches.results'])].sort(), [...own].sort())
})
