import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Secret as OtpSecret, TOTP } from 'otpauth'
import t, { type Test } from 'tap'
import { hashSecret } from '../../src/identity/argon2.ts'
import { Secret } from '../../src/model/secret.ts'
import { type KeyStore, openKeyStore } from '../../src/stores/keys.ts'
import { Agent, type AgentAnswer } from '../support/agent.ts'
import { endInOrder, startWorld, type World } from '../support/world.ts'

/** Somebody who is put out while they are signing in is out: no page, and no terminal, goes on for them. */

const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/
const root = ({ proxy }: World) => `http://127.0.0.1:${proxy.port}`
const startPages = (t: Test) => startWorld(t, { identity: { local: { enabled: true }, tokens: {} } })

async function inStore<T>(world: World, act: (store: KeyStore) => Promise<T>): Promise<T> {
  const store = openKeyStore(join(world.proxy.folder, 'data/sallyport.db'))
  if (!store.ok) throw new Error(store.fault)
  try {
    return await act(store.value)
  } finally {
    await store.value.close()
  }
}

async function user(world: World, name: string): Promise<{ readonly name: string; readonly password: string }> {
  const password = randomBytes(18).toString('base64url')
  world.secrets.add(password)
  const grant = { display: null, email: null, groups: [], roles: [], workspace: null }
  const times = { disabledAt: null, changedAt: Date.now(), createdAt: Date.now() }
  const hash = await hashSecret(password)
  await inStore(world, (store) => store.users.create({ name, ...grant, hash, ...times }))
  return { name, password }
}

type User = Awaited<ReturnType<typeof user>>

async function withPassword(agent: Agent, { name, password }: User): Promise<AgentAnswer> {
  const form = (await agent.get('/auth/')).field('form')
  return agent.post('/auth/password', { form, username: name, password })
}

function tokenIn(world: World, { text }: AgentAnswer): string | null {
  const token = TOKEN.exec(text)?.[0] ?? null
  if (token !== null) world.secrets.add(token)
  return token
}

async function enroll(world: World, account: string): Promise<() => string> {
  const secret = new OtpSecret({ size: 20 })
  const factor = { source: 'local', account, secret: new Secret(secret.base32), lastStep: null, recoveryHashes: [] }
  await inStore(world, (store) => store.secondFactors.enroll({ ...factor, createdAt: Date.now() }))
  return () => TOTP.generate({ secret })
}

async function command(t: Test, world: World, ...argv: string[]): Promise<void> {
  t.equal((await world.proxy.command('users', ...argv)).code, 0, argv.join(' '))
}

t.test('who is put out after the password, and before the code', async (t) => {
  const world = await startPages(t)
  const rows = [
    ['ada', ['disable', 'ada']],
    ['bob', ['remove', 'bob']],
    ['cem', ['passwd', 'cem', '--generate']],
    ['dan', null],
  ] as const
  for (const [name, argv] of rows) {
    const one = await user(world, name)
    const code = await enroll(world, name)
    const agent = new Agent(root(world))
    const asked = await withPassword(agent, one)
    const fields = { form: asked.field('form'), person: asked.field('person') }
    t.ok(fields.person, `${name} is asked for a code`)
    if (argv !== null) await command(t, world, ...argv)
    const answer = await agent.post('/auth/code', { ...fields, code: code() })
    const token = tokenIn(world, answer)
    t.same([answer.status, token !== null], argv === null ? [200, true] : [403, false], argv?.[0] ?? 'nothing happened')
  }
  await endInOrder(t, world)
})

t.test('who is put out, and whose password was right a moment ago', async (t) => {
  const world = await startPages(t)
  const rows = [
    ['ada', ['disable', 'ada']],
    ['cem', ['passwd', 'cem', '--generate']],
    ['dan', null],
  ] as const
  for (const [name, argv] of rows) {
    const one = await user(world, name)
    t.ok(tokenIn(world, await withPassword(new Agent(root(world)), one)), `${name} signs in`)
    if (argv !== null) await command(t, world, ...argv)
    const answer = await withPassword(new Agent(root(world)), one)
    t.same([answer.status, tokenIn(world, answer) !== null], argv === null ? [200, true] : [403, false], name)
  }
  await endInOrder(t, world)
})

t.test('who is put out before the terminal asks for its token', async (t) => {
  const world = await startPages(t)
  const asTerminal = (path: string, form: Record<string, string>) =>
    fetch(root(world) + path, { method: 'POST', body: new URLSearchParams(form) })
  for (const action of ['disable', null]) {
    const one = await user(world, action ?? 'goes-on')
    const begun = (await (await asTerminal('/auth/device/code', {})).json()) as Record<string, string>
    const agent = new Agent(root(world))
    const typed = await agent.get('/auth/device')
    const asked = await agent.post('/auth/device', { form: typed.field('form'), user_code: begun.user_code ?? '' })
    const hidden = [...asked.text.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)]
    const fields = Object.fromEntries(hidden.map(([, name, value]) => [name, value]))
    await agent.post('/auth/device', { ...fields, decision: 'go' })
    const choice = await agent.get('/auth/?for=device')
    const credentials = { form: choice.field('form'), username: one.name, password: one.password }
    t.match((await agent.post('/auth/password', credentials)).text, 'goes on in your name')
    if (action !== null) await command(t, world, action, one.name)
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: begun.device_code ?? '' }
    const answer = (await (await asTerminal('/auth/device/token', form)).json()) as Record<string, string>
    if (answer.access_token !== undefined) world.secrets.add(answer.access_token)
    t.equal(answer.error, action === null ? undefined : 'access_denied', action ?? 'nothing happened')
    t.equal(answer.access_token !== undefined, action === null)
  }
  await endInOrder(t, world)
})
