import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { newTokenKey } from '../../src/serving/token-ring.ts'
import { openKeyStore } from '../../src/stores/keys.ts'
import { TEXT } from '../support/model-answers.ts'
import { analyst, issuedBy, keyFolder, OWN_URL, ringOfFiles, ringOfStore } from '../support/own-tokens.ts'
import { polled, type RunningProxy, startProxy } from '../support/proxy.ts'
import { ALICE, allows, BOB, chatBytes, endInOrder, refuses, startWorld, type World } from '../support/world.ts'

const REJECTED = { status: 401, code: 'invalid_api_key', action: 'authentication-failed' }
const messages = [{ role: 'user' as const, content: 'hello' }]
/** What is stated: 10 s; and the time of a slow machine. */
const STATED_MS = 20_000

/** Who vouched for the people of these tests; nobody asks it anything. */
const ADFS = { name: 'adfs', url: 'ldap://127.0.0.1:9', base: 'dc=example', user_filter: '(uid={username})' }
const identity = (tokens: object) =>
  ({ api_keys: { enabled: true }, ldap: [ADFS], tokens: { issuer: OWN_URL, ...tokens } }) as never

async function status(proxy: RunningProxy, token: string, model = 'gpt-4o-mini'): Promise<number> {
  const client = new OpenAI({ baseURL: proxy.baseUrl, apiKey: token, maxRetries: 0 })
  try {
    await client.chat.completions.create({ model, messages })
    return 200
  } catch (error) {
    if (error instanceof OpenAI.APIError && typeof error.status === 'number') return error.status
    throw error
  }
}

t.test('the official SDK runs with a token of the proxy', async (t) => {
  const key = keyFolder(t).newKey('token-key.pem')
  const world = await startWorld(t, { identity: identity({ key: { file: key } }) })
  const { text, tokenId } = await issuedBy(ringOfFiles(key), analyst(ALICE))
  world.secrets.add(text)
  const client = new OpenAI({ baseURL: world.proxy.baseUrl, apiKey: text, maxRetries: 0 })
  const chat = client.chat.completions.create({ model: 'gpt-4o-mini', messages })
  const { data, request_id: id } = await chat.withResponse()
  t.equal(data.choices[0]?.message.content, TEXT)
  const decision = await world.proxy.audit.decision(id ?? '')
  t.match(decision.get('sallyport.auth'), { method: 'saml', issuer: 'adfs', token_id: tokenId, cache: 'miss' })
  t.equal(decision.get('user.id'), ALICE)
  await world.proxy.audit.complete(id ?? '')
  t.equal(await status(world.proxy, text, 'gpt-4o'), 403, 'what the policy does not allow is denied')
  const reused = await allows(t, world, 'again', chatBytes(text))
  t.equal(reused.decision.get('sallyport.auth.cache'), 'hit')
  const [head = '', payload = '', signature = ''] = text.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const edited = Buffer.from(JSON.stringify({ ...claims, groups: ['admins'] })).toString('base64url')
  const forged = await refuses(t, world, 'an edited one', chatBytes(`${head}.${edited}.${signature}`), {
    ...REJECTED,
    reason: 'bad_signature',
  })
  t.equal(forged.decision.get('sallyport.auth.issuer'), 'tokens', 'an event names no sign-in that nobody has proved')
  const other = await issuedBy(ringOfFiles(keyFolder(t).newKey('other.pem')), analyst(ALICE))
  world.secrets.add(other.text)
  await refuses(t, world, 'of another key', chatBytes(other.text), { ...REJECTED, reason: 'unknown_kid' })
  await endInOrder(t, world)
})

/** Changes the config, and waits until that is in force. */
async function reconfigured(world: World, change: (config: string) => string): Promise<void> {
  const { proxy } = world
  const before = proxy.audit.withAction('config-reloaded').length
  writeFileSync(proxy.configFile, change(readFileSync(proxy.configFile, 'utf8')))
  proxy.signal('SIGHUP')
  await proxy.audit.action('config-reloaded', before + 1)
}

t.test('keys in files are replaced without a restart', async (t) => {
  const keys = keyFolder(t)
  const [old, next] = [keys.newKey('old.pem'), keys.newKey('next.pem')]
  const world = await startWorld(t, { identity: identity({ key: { file: old } }) })
  const before = await issuedBy(ringOfFiles(old), analyst(ALICE))
  const after = await issuedBy(ringOfFiles(next), analyst(BOB))
  for (const { text } of [before, after]) world.secrets.add(text)
  await allows(t, world, 'of the key in force', chatBytes(before.text))
  await refuses(t, world, 'of a key to come', chatBytes(after.text), { ...REJECTED, reason: 'unknown_kid' })
  const withTokens = (tokens: object) => (config: string) => {
    const document = JSON.parse(config)
    return JSON.stringify({ ...document, identity: { ...document.identity, ...(identity(tokens) as object) } })
  }
  await reconfigured(world, withTokens({ key: { file: next }, previous: [{ file: old }] }))
  const kept = await allows(t, world, 'of the key before', chatBytes(before.text))
  t.equal(kept.decision.get('sallyport.auth.cache'), 'hit', 'a reload keeps what is remembered')
  await allows(t, world, 'of the new key', chatBytes(after.text))
  await reconfigured(world, withTokens({ key: { file: next } }))
  await refuses(t, world, 'of a key that is gone', chatBytes(before.text), { ...REJECTED, reason: 'unknown_kid' })
  await allows(t, world, 'and of the one that stays', chatBytes(after.text))
  await endInOrder(t, world)
})

/** Two proxies on one store, which has the keys. */
async function fleet(t: Test): Promise<{ world: World; second: RunningProxy; file: string }> {
  const world = await startWorld(t, { identity: identity({}) })
  const file = join(world.proxy.folder, 'data/sallyport.db')
  const second = await startProxy({
    upstream: world.model.url,
    issuer: world.idp.issuer,
    identity: identity({}),
    config: { store: `sqlite:${file}` },
  })
  t.teardown(() => second.close())
  return { world, second, file }
}

t.test('of two proxies on one store, both obey a revocation and a change of keys', async (t) => {
  const { world, second, file } = await fleet(t)
  const both = [world.proxy, second]
  const isEverywhere = (token: string, want: number) => async () => {
    const got = await Promise.all(both.map((proxy) => status(proxy, token)))
    return got.every((one) => one === want)
  }
  const tokens = async (...argv: string[]) => {
    const { code, stderr } = await world.proxy.command('tokens', ...argv)
    t.equal(code, 0, `tokens ${argv[0]} ${stderr}`)
  }
  const ring = ringOfStore(file)
  const ours = await issuedBy(ring, analyst(ALICE))
  const [one, others] = [await issuedBy(ring, analyst(BOB)), await issuedBy(ring, analyst(BOB))]
  const session = await issuedBy(ring, analyst('dora@example.org', { session: 'session-1' }))
  const [theirs, stranger] = [await world.token(ALICE), await world.token(BOB)]
  const valid = [ours.text, one.text, session.text, theirs]
  for (const token of [...valid, others.text]) t.ok(await isEverywhere(token, 200)(), 'valid everywhere')
  t.ok(await isEverywhere(stranger, 403)(), 'and somebody who may do nothing')
  await tokens('revoke', '--issuer', 'adfs', '--user', ALICE)
  await tokens('revoke', '--issuer', 'adfs', '--session', 'session-1')
  await tokens('revoke', '--issuer', 'corp', '--user', ALICE)
  await tokens('revoke', '--token-id', one.tokenId)
  const store = openKeyStore(file, { busyMs: 5000 })
  if (!store.ok) return t.fail(store.fault)
  // As if it had been made a minute ago.
  store.value.tokenKeys.add(newTokenKey(Date.now(), Date.now()))
  store.value.close()
  const after = await issuedBy(ringOfStore(file), analyst(BOB))
  for (const token of valid) await polled(isEverywhere(token, 401), 'each revocation everywhere', STATED_MS)
  t.ok(await isEverywhere(others.text, 200)(), 'somebody else goes on')
  t.ok(await isEverywhere(stranger, 403)(), 'and another person of the issuer is still known')
  const told = () => both.flatMap(({ audit }) => audit.withAction('token-revoked'))
  await polled(async () => told().length === 4, 'the events of all of them, by whichever proxy')
  const ofAlice = told().find((line) => line.get('sallyport.revocation.value') === ALICE)
  t.match(ofAlice?.get('sallyport.revocation'), { kind: 'subject', by: { host: /./ } })

  await polled(isEverywhere(after.text, 200), 'the new key everywhere', STATED_MS)
  t.ok(await isEverywhere(others.text, 200)(), 'what the old one has signed is valid still')
  await tokens('retire-key', ring.signing.kid)
  await polled(isEverywhere(others.text, 401), 'the end of the old key everywhere', STATED_MS)
  t.ok(await isEverywhere(after.text, 200)(), 'the new one stays')
  for (const { text } of [ours, one, session, others, after]) world.secrets.add(text)
  t.equal(await second.stop(), 0)
  await endInOrder(t, world)
})

t.test('where the store cannot be read, a token is not believed', async (t) => {
  const key = keyFolder(t).newKey('token-key.pem')
  const world = await startWorld(t, { identity: identity({ key: { file: key } }) })
  const { text } = await issuedBy(ringOfFiles(key), analyst(ALICE))
  world.secrets.add(text)
  await allows(t, world, 'while it can be read', chatBytes(text))
  const fresh = await issuedBy(ringOfFiles(key), analyst(BOB))
  world.secrets.add(fresh.text)
  const raw = new Database(join(world.proxy.folder, 'data/sallyport.db'))
  raw.exec('DROP TABLE revocations')
  raw.close()
  const down = { status: 503, code: 'identity_unavailable', action: 'authentication-failed' }
  await refuses(t, world, 'one that is new', chatBytes(fresh.text), { ...down, reason: 'store_unavailable' })
  await polled(async () => (await status(world.proxy, text)) === 503, 'the end of what was remembered', STATED_MS)
  await endInOrder(t, world)
})
