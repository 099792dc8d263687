import t, { type Test } from 'tap'
import { addUser, basicOf } from '../support/local-users.ts'
import { startModelServer } from '../support/model-server.ts'
import { POSTGRES_LEFT_OUT, type PostgresCluster, startPostgres } from '../support/postgres.ts'
import { polled, type RunningProxy, startProxy } from '../support/proxy.ts'

if (POSTGRES_LEFT_OUT !== null) t.plan(0, POSTGRES_LEFT_OUT)
else await main(await startPostgres(t))

async function main(cluster: PostgresCluster) {
  await t.test('users of one store sign in at every proxy of a fleet, and are locked at all of them', (t) =>
    fleet(t, cluster),
  )
  await t.test('a store that hangs is `unavailable`, and recovers by itself', (t) => outage(t, cluster))
}

async function started(t: Test, url: string): Promise<RunningProxy> {
  const model = await startModelServer()
  t.teardown(() => model.close())
  const proxy = await startProxy({
    upstream: model.url,
    identity: { local: { enabled: true } },
    config: { store: { env: 'STORE_URL' } },
    env: { STORE_URL: url },
  })
  t.teardown(() => proxy.close())
  return proxy
}

/** The status of a chat, and why it was refused. */
async function chat({ baseUrl, audit }: RunningProxy, authorization: string): Promise<string> {
  const answer = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }),
  })
  await answer.arrayBuffer()
  const decision = await audit.decision(answer.headers.get('x-request-id') ?? '')
  return answer.ok ? '200' : `${answer.status} ${decision.get('event.reason')}`
}

async function fleet(t: Test, cluster: PostgresCluster) {
  const url = await cluster.database()
  const [one, other] = await Promise.all([started(t, url), started(t, url)])
  const alice = await addUser(one, 'Zoë', '--group', 'analysts')
  t.same([await chat(one, alice.authorization), await chat(other, alice.authorization)], ['200', '200'])
  const bob = await addUser(other, 'bob', '--group', 'analysts')
  // As others have counted them.
  const now = Date.now()
  await cluster.sql(url, `INSERT INTO account_failures VALUES ('local', 'bob', 18, ${now}, NULL)`)
  t.equal(await chat(one, basicOf('bob', 'guess 19')), '401 wrong_password')
  t.equal(await chat(other, basicOf('bob', 'guess 20')), '401 account_locked')
  for (const proxy of [one, other]) t.equal(await chat(proxy, bob.authorization), '401 account_locked')
  t.equal(await chat(one, alice.authorization), '200', 'nobody else is')
  t.equal((await other.command('users', 'unlock', 'bob')).code, 0)
  // A refusal is given again for a second.
  for (const proxy of [one, other])
    await polled(async () => (await chat(proxy, bob.authorization)) === '200', 'what was unlocked')
  t.equal((await one.command('users', 'remove', 'bob')).code, 0)
  for (const proxy of [one, other])
    await polled(async () => (await chat(proxy, bob.authorization)) === '401 unknown_user', 'the end of bob')
  for (const proxy of [one, other]) {
    t.equal(await proxy.stop(), 0)
    t.notOk((proxy.stderr + proxy.audit.text).includes(bob.password), 'no password is told')
  }
}

async function outage(t: Test, cluster: PostgresCluster) {
  const proxy = await started(t, await cluster.database())
  const { authorization } = await addUser(proxy, 'alice', '--group', 'analysts')
  cluster.hang()
  t.equal(await chat(proxy, authorization), '503 store_unavailable')
  cluster.resume()
  await polled(async () => (await chat(proxy, authorization)) === '200', 'the recovery')
  t.equal(await proxy.stop(), 0)
}
