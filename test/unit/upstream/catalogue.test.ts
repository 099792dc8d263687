import t, { type Test } from 'tap'
import type { UpstreamKind } from '../../../src/model/settings.ts'
import { openCatalogue } from '../../../src/upstream/catalogue.ts'
import { openUpstream } from '../../../src/upstream/pools.ts'
import { FORWARD_KEY, upstreamSettings } from '../../support/forwarder.ts'
import { CREATED, sendJson } from '../../support/model-answers.ts'
import { type Behaviour, startModelServer } from '../../support/model-server.ts'

async function started(t: Test, models: readonly string[], behaviour?: Behaviour, kind: UpstreamKind = 'openai') {
  const server = await startModelServer({ models: ['gpt-4o', 'gpt-4o-mini', 'o3', 'whisper-1'] })
  if (behaviour) server.scriptPath('/v1/models', behaviour)
  const upstream = openUpstream(upstreamSettings(server.url, { models, kind }))
  t.teardown(async () => {
    await upstream.pool.destroy()
    await server.close()
  })
  let now = 0
  const reports: string[] = []
  const list = openCatalogue(
    upstream,
    () => now,
    (failure) => reports.push(failure),
  )
  return {
    server,
    ids: async () => (await list()).map(({ id }) => id),
    list,
    reports,
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

t.test('lists the models of Anthropic’s API, page by page', async (t) => {
  const page = (id: string, created: unknown, more: boolean): Behaviour => {
    const model = { type: 'model', id, display_name: id, created_at: created as string }
    return (call) => sendJson(call.response, 200, { data: [model], has_more: more, first_id: id, last_id: id })
  }
  const pages: readonly Behaviour[] = [
    page('claude-a', '2023-11-14T22:13:20Z', true),
    page('gpt-4o', '2023-11-14T22:13:20Z', true),
    page('claude-b', 'yesterday', false),
  ]
  const { server, list } = await started(t, ['claude-*'], (call) => pages[call.number - 1]?.(call), 'anthropic')
  t.same(await list(), [
    { id: 'claude-a', created: CREATED, ownedBy: '' },
    { id: 'claude-b', created: 0, ownedBy: '' },
  ])
  t.same(
    server.requests.map(({ target }) => target),
    ['/v1/models?limit=1000', '/v1/models?limit=1000&after_id=claude-a', '/v1/models?limit=1000&after_id=gpt-4o'],
  )
  const { header } = await server.arrival(1)
  t.same(
    [header('x-api-key'), header('anthropic-version'), header('authorization')],
    [FORWARD_KEY, '2023-06-01', undefined],
  )
})

t.test('ends a list that has no end', async (t) => {
  const { server, ids } = await started(
    t,
    ['claude-*'],
    (call) => sendJson(call.response, 200, { data: [{ id: `claude-${call.number}` }], has_more: true, last_id: 'x' }),
    'anthropic',
  )
  t.equal((await ids()).length, 5)
  t.equal(server.requests.length, 5)
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

const broken: readonly (readonly [name: string, report: RegExp | null, behaviour: Behaviour])[] = [
  ['an error', /it answers 500/, (call) => sendJson(call.response, 500, {})],
  ['a redirect', /it answers 302/, (call) => sendJson(call.response, 302, {}, { location: '/v1/other' })],
  ['no JSON', /no JSON/, (call) => void call.response.writeHead(200).end('<html>')],
  ['another document', /something else/, (call) => sendJson(call.response, 200, { data: 'gpt-4o' })],
  ['a list', /something else/, (call) => sendJson(call.response, 200, [{ id: 'gpt-4o' }])],
  [
    'entries that are no models',
    null,
    (call) => sendJson(call.response, 200, { data: [null, 1, {}, { id: '' }, { id: 7 }] }),
  ],
  ['a name without end', null, (call) => sendJson(call.response, 200, { data: [{ id: 'g'.repeat(257) }] })],
  [
    'more than a mebibyte',
    /larger/,
    (call) => sendJson(call.response, 200, { data: [], pad: 'x'.repeat(1024 * 1024) }),
  ],
  ['a reset', /(?:UND_ERR_SOCKET|ECONNRESET)$/, (call) => void call.socket.resetAndDestroy()],
]
for (const [name, report, behaviour] of broken) {
  t.test(`while the upstream cannot tell, the configured names stand: ${name}`, async (t) => {
    const { ids, reports } = await started(t, ['gpt-*', 'named'], behaviour)
    t.same(await ids(), ['named'])
    t.equal(reports.length, report === null ? 0 : 1)
    if (report !== null) t.match(reports[0], report)
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

t.test('the last list stands for ten minutes while the upstream cannot tell, which is said once', async (t) => {
  let down = false
  const { ids, later, reports } = await started(t, ['gpt-*', 'named'], (call) =>
    down ? sendJson(call.response, 500, {}) : sendJson(call.response, 200, { data: [{ id: 'gpt-5' }] }),
  )
  await ids()
  down = true
  for (let minute = 1; minute < 10; minute++) {
    later(60_000)
    t.same(await ids(), ['gpt-5', 'named'], `after ${minute} minutes`)
  }
  later(60_000)
  t.same(await ids(), ['named'], 'after ten')
  t.same(reports, ['the upstream `mock` does not list its models: it answers 500'])
  down = false
  later(60_000)
  t.same(await ids(), ['gpt-5', 'named'])
  down = true
  later(60_000)
  await ids()
  t.equal(reports.length, 2, 'another outage is said again')
})
