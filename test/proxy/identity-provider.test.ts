import t from 'tap'
import { startIdentityProvider } from '../support/identity-provider.ts'
import { polled } from '../support/proxy.ts'
import { rawRequest } from '../support/raw-client.ts'
import { allows, chatBytes, endInOrder, refuses, startWorld } from '../support/world.ts'

t.test('keys rotate under traffic and no good token is refused', async (t) => {
  const world = await startWorld(t)
  const { proxy, idp } = world
  let going = true
  const statuses = new Map<number, number>()
  const count = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1)
  const traffic = async () => {
    while (going) count((await rawRequest(proxy.port, chatBytes(await idp.token('alice@example.org')))).status)
  }
  const before = await world.token()
  const workers = [traffic(), traffic(), traffic()]
  await proxy.audit.action('completion-finished', 5)
  await idp.rotate({ keep: true })
  const done = proxy.audit.withAction('completion-finished').length
  await proxy.audit.action('completion-finished', done + 20)
  going = false
  await Promise.all(workers)
  t.same([...statuses.keys()], [200], `all of them were served: ${JSON.stringify([...statuses])}`)
  await allows(t, world, 'a token of the key before', chatBytes(before))
  t.ok(idp.keyFetches <= 3, `the key set was fetched ${idp.keyFetches} times`)
  await endInOrder(t, world)
})

t.test('unknown key ids do not flood the provider', async (t) => {
  const world = await startWorld(t)
  const { proxy, idp } = world
  await allows(t, world, 'a good token', chatBytes(await world.token()))
  const fetched = idp.keyFetches
  for (let index = 0; index < 20; index++) {
    const token = await idp.mint({}, { header: { kid: `random-${index}` } })
    t.equal((await rawRequest(proxy.port, chatBytes(token))).status, 401)
  }
  t.ok(idp.keyFetches - fetched <= 1, `it was asked ${idp.keyFetches - fetched} times`)
  await endInOrder(t, world)
})

t.test('a provider that cannot be reached at the start: 503, and it recovers by itself', async (t) => {
  const idp = await startIdentityProvider()
  t.teardown(() => idp.close())
  const token = await idp.token('alice@example.org')
  await idp.stop()
  const world = await startWorld(t, { issuer: idp.issuer })
  world.secrets.add(token)
  const { answer } = await refuses(t, world, 'while it is down', chatBytes(token), {
    status: 503,
    code: 'identity_unavailable',
    action: 'authentication-failed',
  })
  t.ok(answer.header('retry-after'), 'says when to try again')
  await world.proxy.audit.action('jwks-failed')
  t.equal((await world.proxy.admin('/readyz')).status, 200, 'ready: others may be served')
  const created = await world.proxy.command('keys', 'create', '--owner', 'ci', '--group', 'analysts', '--json')
  const { key } = JSON.parse(created.stdout) as { key: string }
  world.secrets.add(key)
  await allows(t, world, 'an API key works meanwhile', chatBytes(key))
  await idp.start()
  const recovered = async () => (await rawRequest(world.proxy.port, chatBytes(token))).status === 200
  await polled(recovered, 'the recovery', 30_000)
  await world.proxy.audit.action('jwks-refreshed')
  await endInOrder(t, world)
})

t.test('a provider that goes down later: known keys go on', async (t) => {
  const world = await startWorld(t)
  const { idp } = world
  const known = await idp.mint()
  const other = await idp.mint({ sub: 'carol@example.org' })
  for (const token of [known, other]) world.secrets.add(token)
  await allows(t, world, 'before', chatBytes(known))
  await idp.stop()
  await allows(t, world, 'a token that was seen', chatBytes(known))
  await allows(t, world, 'a token that was not', chatBytes(other))
  await idp.start()
  await endInOrder(t, world)
})

t.test('two issuers: each token is its own issuer’s, whatever they call their people', async (t) => {
  const second = await startIdentityProvider()
  t.teardown(() => second.close())
  const first = await startIdentityProvider()
  t.teardown(() => first.close())
  const entry = (name: string, issuer: string) => ({ name, issuer, audience: ['sallyport'] })
  const world = await startWorld(t, {
    issuers: [entry('corp', first.issuer), entry('partner', second.issuer)],
    policy: {
      version: 1,
      roles: { own: { members: [{ issuer: 'corp', group: 'analysts' }] } },
      rules: [{ id: 'own-only', effect: 'allow', roles: ['own'], operations: ['chat'], models: ['gpt-*'] }],
    },
  })
  const mine = await first.mint()
  const theirs = await second.mint()
  const mixed = await second.mint({ iss: first.issuer })
  const { decision } = await allows(t, world, 'the same person of ours', chatBytes(mine))
  t.equal(decision.get('sallyport.auth.issuer'), 'corp')
  const refused = await refuses(t, world, 'of theirs', chatBytes(theirs), { status: 403, code: 'policy_denied' })
  t.same(
    [refused.decision.get('user.id'), refused.decision.get('sallyport.auth.issuer')],
    [decision.get('user.id'), 'partner'],
  )
  await refuses(t, world, 'signed by theirs in our name', chatBytes(mixed), {
    status: 401,
    code: 'invalid_api_key',
    action: 'authentication-failed',
  })
  await endInOrder(t, world)
})
