import t, { type Test } from 'tap'
import { openCatalogue } from '../../../src/upstream/catalogue.ts'
import { openUpstream } from '../../../src/upstream/pools.ts'
import { FORWARD_KEY, upstreamSettings } from '../../support/forwarder.ts'
import { CREATED, sendJson } from '../../support/model-answers.ts'
import { type Behaviour, startModelServer } from '../../support/model-server.ts'

async function started(t: Test, models: readonly string[], behaviour?: Behaviour) {
  const server = await startModelServer({ models: ['gpt-4o', 'gpt-4o-mini', 'o3', 'whisper-1'] })
  if (behaviour) server.scriptPath('/v1/models', behaviour)
  const upstream = openUpstream(upstreamSettings(server.url, { models }))
  t.teardown(async () => {
    await upstream.pool.destroy()
    await server.close()
  })
  let now = 0
  const list = openCatalogue(upstream, () => now)
  return {
    server,
    ids: async () => (await list()).map(({ id }) => id),
    list,
    later: (ms: number) => {
      now += ms
    },
  }
}

t.test('lists what the upstream lists and the config admits, and what the config names', async (t) => {
  const { server, list } = await started(t, ['gpt-*', 'o3', 'my-model'])
  t.same(await list(), [
    { id: 'gpt-4o', created: CREATED, ownedBy: 'mock' },
    { id: 'gpt-4o-mini', created: CREATED, ownedBy: 'mock' },
    { id: 'o3', created: CREATED, ownedBy: 'mock' },
    { id: 'my-model', created: 0, ownedBy: 'mock' },
  ])
  t.equal((await server.arrival(1)).header('authorization'), `Bearer ${FORWARD_KEY}`)
})

t.test('asks at most once a minute, and once for many callers', async (t) => {
  const { server, ids, later } = await started(t, ['*'])
  await Promise.all([ids(), ids(), ids()])
  later(59_999)
  await ids()
  t.equal(server.requests.length, 1)
  later(1)
  await ids()
  t.equal(server.requests.length, 2)
})

const broken: readonly (readonly [name: string, behaviour: Behaviour])[] = [
  ['an error', (call) => sendJson(call.response, 500, {})],
  ['a redirect', (call) => sendJson(call.response, 302, {}, { location: '/v1/other' })],
  ['no JSON', (call) => void call.response.writeHead(200).end('<html>')],
  ['another document', (call) => sendJson(call.response, 200, { data: 'gpt-4o' })],
  ['a list', (call) => sendJson(call.response, 200, [{ id: 'gpt-4o' }])],
  [
    'entries that are no models',
    (call) => sendJson(call.response, 200, { data: [null, 1, {}, { id: '' }, { id: 7 }] }),
  ],
  ['a name without end', (call) => sendJson(call.response, 200, { data: [{ id: 'g'.repeat(257) }] })],
  ['more than a mebibyte', (call) => sendJson(call.response, 200, { data: [], pad: 'x'.repeat(1024 * 1024) })],
  ['a reset', (call) => void call.socket.resetAndDestroy()],
]
for (const [name, behaviour] of broken) {
  t.test(`while the upstream cannot tell, the configured names stand: ${name}`, async (t) => {
    const { ids } = await started(t, ['gpt-*', 'named'], behaviour)
    t.same(await ids(), ['named'])
  })
}

t.test('an upstream that was down is asked again', async (t) => {
  let down = true
  const { ids, later } = await started(t, ['gpt-*', 'named'], (call) =>
    down ? sendJson(call.response, 500, {}) : sendJson(call.response, 200, { data: [{ id: 'gpt-5' }] }),
  )
  t.same(await ids(), ['named'])
  down = false
  later(60_000)
  t.same(await ids(), ['gpt-5', 'named'])
})
