import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { isOperationName } from '../../../src/model/operations.ts'

const folder = new URL('../../../src/endpoints/', import.meta.url)

t.test('every file that makes an endpoint is in the list', async (t) => {
  const index = readFileSync(new URL('index.ts', folder), 'utf8')
  const making = readdirSync(folder).filter((file) =>
    /^export const \w+: Endpoint = /m.test(readFileSync(new URL(file, folder), 'utf8')),
  )
  t.equal(making.length, ENDPOINTS.length)
  for (const file of making) t.ok(index.includes(`from './${file}'`), file)
})

t.test('no two endpoints share a name, or a method and path', async (t) => {
  t.equal(new Set(ENDPOINTS.map(({ operation }) => operation)).size, ENDPOINTS.length)
  t.equal(new Set(ENDPOINTS.map(({ method, path }) => `${method} ${path}`)).size, ENDPOINTS.length)
  for (const { operation, path } of ENDPOINTS) {
    t.ok(isOperationName(operation), operation)
    t.match(path, /^\/v1(?:\/[a-z_]+)+(?:\/\{model\})?$/, path)
  }
})

t.test('what an endpoint without a body describes', async (t) => {
  const none = { nestedModels: [], stream: false, maxOutputTokens: undefined, urls: [], objects: [] }
  const rows = [
    ['models.list', null],
    ['models.get', 'gpt-4o'],
  ] as const
  for (const [operation, model] of rows) {
    const facts = ENDPOINTS.find((endpoint) => endpoint.operation === operation)?.describe(null, { model: 'gpt-4o' })
    t.same(
      facts,
      {
        ok: true,
        value: {
          ...none,
          operation,
          model,
          tools: { functions: [], hosted: [] },
          input: { bytes: 0, images: false, files: false, audio: false },
        },
      },
      operation,
    )
  }
})
