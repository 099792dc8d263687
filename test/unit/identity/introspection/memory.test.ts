import type { ServerResponse } from 'node:http'
import t from 'tap'
import { jwt } from '../../../../src/identity/methods/jwt.ts'
import { Log } from '../../../support/within.ts'
import { issuerSettings, NOW, NOW_S, quietPorts } from '../forge.ts'
import { identityMethodContract } from '../method-contract.ts'
import { ACTIVE, introspection, openScene, startLyingServer } from './scene.ts'

const GOOD = 'verified alice'

t.test('the contract of a method', async (t) => {
  const server = await startLyingServer(t)
  const clock = { now: NOW }
  const settings = issuerSettings('', {
    issuer: server.origin,
    introspection: introspection(`${server.origin}/introspect`),
  })
  const plan = jwt.plans({ issuers: [settings], apiKeys: { enabled: false } })[1]
  if (plan === undefined) throw new Error('no plan')
  server.says
    .set('opaque', ACTIVE)
    .set('late', { ...ACTIVE, exp: NOW_S - 100 })
    .set('other', { ...ACTIVE, aud: 'x' })
  await identityMethodContract(t, {
    method: plan.open(quietPorts(clock)),
    good: 'opaque',
    wrong: [
      ['late', 'expired'],
      ['other', 'wrong_aud'],
      ['unknown', 'inactive'],
    ],
    foreign: ['sp_key', 'ek_secret', 'a.b.c', 'with space', ''],
    sever: () => {
      void server.stop()
      clock.now += 60_000
    },
  })
})

t.test('how long an answer is believed', async (t) => {
  const server = await startLyingServer(t)
  const { said, clock } = openScene(t, [
    { issuer: server.origin, introspection: introspection(`${server.origin}/introspect`) },
  ])
  const asked = () => server.asked.entries.length
  server.says.set('token-of-alice', ACTIVE)
  t.equal(await said('token-of-alice'), GOOD)
  clock.now += 19_999
  t.equal(await said('token-of-alice'), GOOD)
  t.equal(asked(), 1, 'asked once')
  server.says.delete('token-of-alice')
  clock.now += 1
  t.equal(await said('token-of-alice'), 'inactive', 'a revoked one stops within the stated time')
  server.says.set('token-of-alice', ACTIVE)
  t.equal(await said('token-of-alice'), 'inactive')
  t.equal(asked(), 2, 'a refusal is remembered, too')
  clock.now += 5000
  t.equal(await said('token-of-alice'), GOOD, 'and briefly')
  clock.now -= 60_000
  server.says.delete('token-of-alice')
  t.equal(await said('token-of-alice'), 'inactive', 'nothing is believed from the future')
})

t.test('never past the expiry', async (t) => {
  const server = await startLyingServer(t)
  const { said, clock } = openScene(t, [
    { issuer: server.origin, introspection: introspection(`${server.origin}/introspect`) },
  ])
  server.says.set('short', { ...ACTIVE, exp: NOW_S + 5 })
  t.equal(await said('short'), GOOD)
  clock.now += 4999
  t.equal(await said('short'), GOOD)
  t.equal(server.asked.entries.length, 1)
  clock.now += 1
  server.says.delete('short')
  t.equal(await said('short'), 'inactive')
})

t.test('an answer is of exactly one token', async (t) => {
  const server = await startLyingServer(t)
  const { said } = openScene(t, [
    { issuer: server.origin, introspection: introspection(`${server.origin}/introspect`) },
  ])
  server.says.set('abcdefghijklmnopqrstuvwxyz', ACTIVE)
  t.equal(await said('abcdefghijklmnopqrstuvwxyz'), GOOD)
  for (const near of [
    'abcdefghijklmnopqrstuvwxy',
    'abcdefghijklmnopqrstuvwxyzA',
    'abcdefghijklmnopqrst',
    'Abcdefghijklmnopqrstuvwxyz',
    'abcdefghijklmnopqrstuvwxyz=',
  ]) {
    t.equal(await said(near), 'inactive', near)
  }
  t.equal(server.asked.entries.length, 6, 'each was asked about by itself')
})

t.test('an answer is of exactly one issuer', async (t) => {
  const one = await startLyingServer(t)
  const two = await startLyingServer(t)
  one.says.set('token', ACTIVE)
  const url = (server: typeof one) => introspection(`${server.origin}/introspect`)
  const first = openScene(t, [{ issuer: one.origin, introspection: url(one) }])
  t.equal(await first.said('token'), GOOD)
  const second = openScene(t, [{ issuer: two.origin, introspection: url(two) }])
  t.equal(await second.said('token'), 'inactive')
})

t.test('many who ask about one token at once ask once, and each has the answer to its own', async (t) => {
  const server = await startLyingServer(t)
  const { said } = openScene(t, [
    { issuer: server.origin, introspection: introspection(`${server.origin}/introspect`) },
  ])
  const held = new Log<ServerResponse>()
  const answer = (sub: string) => (response: ServerResponse) => {
    held.push(Object.assign(response, { sub }))
  }
  server.says.set('of-alice', answer('alice')).set('of-bob', answer('bob'))
  const waiting = ['of-alice', 'of-bob', 'of-alice', 'of-bob', 'of-alice'].map((token) => said(token))
  await held.until((all) => (all.length === 2 ? true : undefined), 'both to be asked about')
  for (const response of held.entries as (ServerResponse & { sub: string })[]) {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ ...ACTIVE, sub: response.sub }))
  }
  t.same(await Promise.all(waiting), [GOOD, 'verified bob', GOOD, 'verified bob', GOOD])
  t.equal(server.asked.entries.length, 2)
})

t.test('one client cannot take every place', async (t) => {
  const server = await startLyingServer(t)
  const { said } = openScene(
    t,
    [{ issuer: server.origin, introspection: introspection(`${server.origin}/introspect`) }],
    { fetchLimitMs: 1000 },
  )
  server.says.set('good', ACTIVE)
  const flood = Array.from({ length: 70 }, (_, index) => said(`wrong-${index}`, '192.0.2.1'))
  const others = said('good', '192.0.2.2')
  const outcomes = await Promise.all(flood)
  t.equal(outcomes.filter((outcome) => outcome === 'busy').length, 6, 'what is more than its share')
  t.equal(outcomes.filter((outcome) => outcome === 'inactive').length, 64)
  t.equal(await others, GOOD)
  const network = Array.from({ length: 70 }, (_, index) => said(`wrong-too-${index}`, `2001:db8::${index + 1}`))
  const busy = (await Promise.all(network)).filter((outcome) => outcome === 'busy')
  t.equal(busy.length, 6, 'nor one who has a whole network')
  t.equal(await said('good', '192.0.2.1'), GOOD, 'and it has its share again afterwards')
})

t.test('an issuer that goes and comes back', async (t) => {
  const server = await startLyingServer(t)
  const { said, clock, reports } = openScene(t, [{ issuer: server.origin, introspection: introspection(null) }])
  const gone = 'introspection_unavailable'
  server.says.set('good', ACTIVE)
  t.equal(await said('good'), GOOD)
  await server.stop()
  t.equal(await said('good'), GOOD, 'what is believed still is')
  for (const text of ['a', 'b', 'c', 'd']) t.equal(await said(text), gone)
  t.same(reports, [{ kind: 'introspection-failed', issuer: 'corp', reason: 'unreachable' }], 'told once')
  await server.start()
  const before = server.asked.entries.length
  t.equal(await said('e'), gone, 'nobody waits for it for a moment')
  t.equal(server.asked.entries.length, before)
  clock.now += 5000
  t.equal(await said('e'), 'inactive', 'and then it is asked again')
  t.same(reports.at(-1), { kind: 'introspection-recovered', issuer: 'corp' })
})

t.test('metadata that lies', async (t) => {
  const table = [
    ['of another issuer', { issuer: 'https://other.example' }, 'issuer_mismatch'],
    ['without an endpoint', { introspection_endpoint: undefined }, 'malformed'],
    ['an endpoint without TLS', { introspection_endpoint: 'http://idp.example/i' }, 'insecure_url'],
    ['an endpoint with a user', { introspection_endpoint: 'https://a:b@idp.example/i' }, 'insecure_url'],
  ] as const
  for (const [name, metadata, reason] of table) {
    const server = await startLyingServer(t)
    server.metadata = metadata
    const { said, reports } = openScene(t, [{ issuer: server.origin, introspection: introspection(null) }])
    t.equal(await said('token'), 'introspection_unavailable', name)
    t.match(reports, [{ kind: 'introspection-failed', reason }], name)
  }
})
