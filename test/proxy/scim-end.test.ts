import t, { type Test } from 'tap'
import { POSTGRES_LEFT_OUT, startPostgres } from '../support/postgres.ts'
import type { ProxyOptions } from '../support/proxy-folder.ts'
import { SCIM, SCIM_ENV, SCIM_TOKEN, ScimClient } from '../support/scim.ts'
import { ALICE, allows, CAROL, chatBytes, endInOrder, startWorld, type World } from '../support/world.ts'

/** Nobody asks it anything. */
const OTHER = { name: 'other', url: 'ldap://127.0.0.1:9', base: 'dc=example', user_filter: '(uid={username})' }

/** Within this, all of it. Milliseconds. */
const STATED_MS = 30_000

async function scene(t: Test, options: ProxyOptions = {}) {
  const world = await startWorld(t, {
    identity: { api_keys: { enabled: true }, scim: SCIM },
    ...options,
    env: { ...SCIM_ENV, ...options.env },
  })
  world.secrets.add(SCIM_TOKEN)
  return { world, scim: new ScimClient(world.proxy) }
}

async function keyOf(world: World, owner: string): Promise<string> {
  const made = await world.proxy.command('keys', 'create', '--owner', owner, '--group', 'analysts', '--json')
  if (made.code !== 0) throw new Error(made.stderr)
  const { key } = JSON.parse(made.stdout)
  world.secrets.add(key)
  return key
}

/** The status of a chat, with the reason of its event where it was refused. */
async function chat(world: World, credential: string): Promise<string> {
  const answer = await fetch(`${world.proxy.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }),
  })
  await answer.text()
  if (answer.status === 200) return '200'
  const decision = await world.proxy.audit.decision(answer.headers.get('x-request-id') ?? '')
  return `${answer.status} ${decision.get('event.reason')}`
}

/** Asks until the answer is the expected one, or the time that is promised is over. */
async function until(expected: string, ask: () => Promise<string>): Promise<string> {
  const from = performance.now()
  let answer = await ask()
  while (answer !== expected && performance.now() - from < STATED_MS) {
    await new Promise((resolve) => setTimeout(resolve, 250))
    answer = await ask()
  }
  return answer
}

async function ends(t: Test, options: ProxyOptions = {}) {
  const { world, scim } = await scene(t, options)
  const [alice, carol] = [await world.token(ALICE), await world.token(CAROL)]
  const [ofAlice, ofCarol] = [await keyOf(world, ALICE), await keyOf(world, CAROL)]
  const all = [alice, carol, ofAlice, ofCarol]
  const id = await scim.user(ALICE, { externalId: 'a-1' })
  const other = await scim.user(CAROL)
  for (const credential of all) t.equal(await chat(world, credential), '200', 'before')
  const disabled = await scim.patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' })
  t.equal(disabled.body.active, false)
  for (const [name, gone, stays] of [
    ['token', alice, carol],
    ['key', ofAlice, ofCarol],
  ] as const) {
    t.equal(await until('401 account_disabled', () => chat(world, gone)), '401 account_disabled', `her ${name} stops`)
    t.equal(await chat(world, stays), '200', `that of somebody else goes on: ${name}`)
  }
  const refused = world.proxy.audit.withAction('authentication-failed')
  t.ok(
    refused.some((line) => String(line.get('sallyport.auth.key_id')).startsWith('key_')),
    'events name her key',
  )
  await scim.patch(`/Users/${id}`, { op: 'replace', value: { active: true } })
  t.equal(await until('200', () => chat(world, ofAlice)), '200', 'her key works again when she is enabled')
  t.equal((await scim.delete(`/Users/${id}`)).status, 204)
  t.equal(
    await until('401 revoked', () => chat(world, ofAlice)),
    '401 revoked',
    'a key of who is removed ends for good',
  )
  t.equal(await chat(world, ofCarol), '200')
  t.equal((await scim.get(`/Users/${other}`)).status, 200)
  await scim.user(ALICE)
  t.equal(await chat(world, ofAlice), '401 revoked', 'for good')
  await endInOrder(t, world)
}

t.test('who is disabled or removed stops within the time that is stated', (t) => ends(t))

t.test('a token stops, however its name is written', async (t) => {
  const { world, scim } = await scene(t)
  const [alice, carol] = [await world.token(ALICE), await world.token(CAROL)]
  const id = await scim.user(ALICE.toUpperCase())
  const other = await scim.user(CAROL.toUpperCase())
  for (const token of [alice, carol]) t.equal(await chat(world, token), '200', 'before')
  await scim.delete(`/Users/${id}`)
  await scim.patch(`/Users/${other}`, { op: 'replace', path: 'active', value: false })
  await scim.patch(`/Users/${other}`, { op: 'replace', path: 'active', value: true })
  for (const token of [alice, carol]) t.equal(await until('401 revoked', () => chat(world, token)), '401 revoked')
  await endInOrder(t, world)
})

t.test('the same with PostgreSQL', { skip: POSTGRES_LEFT_OUT ?? false }, async (t) => {
  const cluster = await startPostgres(t)
  await ends(t, { config: { store: { env: 'STORE_URL' } }, env: { STORE_URL: await cluster.database() } })
})

t.test('people of another source are no matter of it', async (t) => {
  const { world, scim } = await scene(t, { identity: { ldap: [OTHER], scim: { ...SCIM, source: 'other' } } })
  const id = await scim.user(ALICE)
  await scim.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false })
  await allows(t, world, 'she signs in elsewhere', chatBytes(await world.token(ALICE)))
  await endInOrder(t, world)
})
