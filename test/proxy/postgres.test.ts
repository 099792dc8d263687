import t, { type Test } from 'tap'
import { startModelServer } from '../support/model-server.ts'
import { POSTGRES_LEFT_OUT, type PostgresCluster, startPostgres } from '../support/postgres.ts'
import { type RunningProxy, startProxy } from '../support/proxy.ts'

/** Keys are believed for 10 s, and a store that hangs is found out within a few more. */
const TRIES = 300

if (POSTGRES_LEFT_OUT !== null) t.plan(0, POSTGRES_LEFT_OUT)
else await main(await startPostgres(t))

async function main(cluster: PostgresCluster) {
  await t.test('two proxies on one store', (t) => fleet(t, cluster))
  await t.test('a store that hangs or stops is `unavailable`, and recovers by itself', (t) => outages(t, cluster))
  await t.test('a proxy starts without its store, and not with one that it must not use', (t) => starts(t, cluster))
}

async function started(t: Test, model: string, url: string): Promise<RunningProxy> {
  const proxy = await startProxy({
    upstream: model,
    identity: { api_keys: { enabled: true } },
    config: { store: { env: 'STORE_URL' } },
    env: { STORE_URL: url },
  })
  t.teardown(() => proxy.close())
  return proxy
}

async function modelUrl(t: Test): Promise<string> {
  const model = await startModelServer()
  t.teardown(() => model.close())
  return model.url
}

async function created(proxy: RunningProxy): Promise<{ readonly id: string; readonly key: string }> {
  const made = await proxy.command('keys', 'create', '--owner', 'ci', '--group', 'analysts', '--json')
  if (made.code !== 0) throw new Error(made.stderr)
  return JSON.parse(made.stdout)
}

/** The status of a chat, and the code of its error. */
async function chat({ baseUrl }: RunningProxy, key: string): Promise<string> {
  const answer = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }),
  })
  const body = (await answer.json()) as { readonly error?: { readonly code: string } }
  return body.error === undefined ? String(answer.status) : `${answer.status} ${body.error.code}`
}

async function until(expected: string, ask: () => Promise<string>): Promise<string> {
  let answer = await ask()
  for (let tries = 0; tries < TRIES && answer !== expected; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    answer = await ask()
  }
  return answer
}

async function fleet(t: Test, cluster: PostgresCluster) {
  const [model, url] = [await modelUrl(t), await cluster.database()]
  // Both at once: one of them makes the tables.
  const [one, other] = await Promise.all([started(t, model, url), started(t, model, url)])
  const { id, key } = await created(one)
  t.same([await chat(one, key), await chat(other, key)], ['200', '200'])
  const listed = await other.command('keys', 'list', '--json')
  t.match(JSON.parse(listed.stdout), [{ id, owner: 'ci' }])
  t.equal((await other.command('keys', 'revoke', id)).code, 0)
  for (const proxy of [one, other])
    t.equal(await until('401 invalid_api_key', () => chat(proxy, key)), '401 invalid_api_key')
  const told = () => [one, other].flatMap(({ audit }) => audit.all().map(({ action }) => action))
  await until('both', async () => (told().includes('key-revoked') ? 'both' : 'not yet'))
  for (const action of ['key-created', 'key-revoked']) {
    t.equal(told().filter((one) => one === action).length, 1, `one \`${action}\` in the fleet`)
  }
  for (const proxy of [one, other]) {
    t.equal(await proxy.stop(), 0)
    t.notMatch(proxy.stderr, /owner|p@ss/, 'nothing of the URL')
  }
}

async function outages(t: Test, cluster: PostgresCluster) {
  const [model, url] = [await modelUrl(t), await cluster.database()]
  const proxy = await started(t, model, url)
  // Each is asked for the first time while something is wrong: nothing is remembered of it.
  const keys = []
  for (let count = 0; count < 2; count++) keys.push((await created(proxy)).key)
  const [first = '', second = ''] = keys
  cluster.hang()
  t.equal(await chat(proxy, first), '503 identity_unavailable')
  t.equal((await proxy.admin('/healthz')).status, 200)
  cluster.resume()
  t.equal(await until('200', () => chat(proxy, first)), '200')
  await cluster.stop()
  t.equal(await until('503 identity_unavailable', () => chat(proxy, second)), '503 identity_unavailable')
  await cluster.start()
  t.equal(await until('200', () => chat(proxy, second)), '200')
  cluster.hang()
  t.equal(await chat(proxy, `${second.slice(0, -1)}x`), '401 invalid_api_key', 'one that is no key asks nobody')
  const ended = await proxy.stop()
  cluster.resume()
  t.equal(ended, 0, 'a store that hangs does not keep it from ending')
}

async function starts(t: Test, cluster: PostgresCluster) {
  const [model, url] = [await modelUrl(t), await cluster.database()]
  await cluster.stop()
  const proxy = await started(t, model, url)
  t.match(proxy.stderr, /cannot be reached \(ECONNREFUSED\): what needs it is refused until it can be used/)
  t.equal((await proxy.command('keys', 'list')).code, 2)
  await cluster.start()
  const { key } = await created(proxy)
  t.equal(await until('200', () => chat(proxy, key)), '200')
  const wrong = cluster.as(url, 'owner', 'hunter2')
  await t.rejects(started(t, model, wrong), /refuses the user or its password/)
}
