import t from 'tap'
import { startModelServer } from '../../../src/demo/model-server.ts'
import { realUpstream } from '../../../src/demo/upstream.ts'

const server = await startModelServer(0)
t.teardown(() => server.close())

t.test('a real endpoint is asked for its models', async (t) => {
  const known = await realUpstream(`${server.url}/`, server.key)
  t.match(known, { url: server.url, small: 'gpt-4o-mini', large: 'gpt-4o' })
})

t.test('one that does not tell is taken to serve the usual names', async (t) => {
  const unknown = await realUpstream(server.url, null)
  t.match(unknown, { url: server.url, small: 'gpt-4o-mini', large: 'gpt-4o-mini-large', key: null })
})

const addresses = [
  ['ftp://127.0.0.1/v1', 'another protocol'],
  ['127.0.0.1:1/v1', 'no protocol'],
  ['http://user@127.0.0.1:1/v1', 'a user'],
  ['http://127.0.0.1:1/v1?x=y', 'a query'],
] as const

t.test('what is no base URL is unusable', async (t) => {
  for (const [address, name] of addresses) await t.rejects(realUpstream(address, null), { code: 2 }, name)
})
