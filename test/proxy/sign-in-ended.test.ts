import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Agent, type AgentAnswer } from '../support/agent.ts'
import { addUser, type LocalUser } from '../support/local-users.ts'
import { enrolled } from '../support/sign-in-together.ts'
import { endInOrder, startWorld, type World } from '../support/world.ts'

const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [{ id: 'small', effect: 'allow', roles: ['analyst'], models: ['gpt-4o-mini'], operations: ['chat'] }],
}
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const TOKEN = />(eyJ[^<]+)<\/textarea>/

/** One proxy with local users, and one of them. */
async function startLocal(t: Test, name: string) {
  const world = await startWorld(t, { identity: { local: { enabled: true }, tokens: {} }, policy: POLICY })
  const user = await addUser(world.proxy, name, '--group', 'analysts')
  world.secrets.add(user.password)
  const url = `http://127.0.0.1:${world.proxy.port}`
  return { world, user, url }
}

async function change(world: World, action: string, name: string): Promise<void> {
  const { code, stderr } = await world.proxy.command('users', action, name)
  if (code !== 0) throw new Error(stderr)
}

async function byPassword(agent: Agent, { name, password }: LocalUser, page?: AgentAnswer): Promise<AgentAnswer> {
  const form = (page ?? (await agent.get('/auth/'))).field('form')
  return agent.post('/auth/password', { form, username: name, password })
}

function tokenOf(world: World, { text }: AgentAnswer): string | null {
  const [, token = null] = TOKEN.exec(text) ?? []
  if (token !== null) world.secrets.add(token)
  return token
}

t.test('a code that is typed after its account has ended is worth nothing', async (t) => {
  const { world, user, url } = await startLocal(t, 'uma')
  const other = await addUser(world.proxy, 'ulf', '--group', 'analysts')
  world.secrets.add(other.password)
  const asked = async (of: LocalUser) => {
    const code = await enrolled(join(world.proxy.folder, 'data/sallyport.db'), 'local', of.name)
    const agent = new Agent(url)
    const page = await byPassword(agent, of)
    return () => agent.post('/auth/code', { form: page.field('form'), person: page.field('person'), code: code() })
  }
  const [held, twin] = [await asked(user), await asked(other)]
  await change(world, 'disable', user.name)
  const refused = await held()
  t.equal(tokenOf(world, refused), null)
  t.equal(refused.status, 403)
  t.ok(tokenOf(world, await twin()), 'somebody else goes on')
  await endInOrder(t, world)
})

t.test('a password that was right a moment ago is worth nothing once its account has ended', async (t) => {
  const { world, user, url } = await startLocal(t, 'vera')
  t.ok(tokenOf(world, await byPassword(new Agent(url), user)), 'before')
  await change(world, 'disable', user.name)
  t.equal(tokenOf(world, await byPassword(new Agent(url), user)), null, 'however it is remembered')
  await endInOrder(t, world)
})

t.test('a terminal that was approved has nothing once the account has ended', async (t) => {
  const { world, user, url } = await startLocal(t, 'wim')
  const approved = async () => {
    const asked = await posted(url, '/auth/device/code', {})
    const agent = new Agent(url)
    const first = await agent.get('/auth/device')
    const asks = { form: first.field('form'), user_code: String(asked.user_code) }
    const shown = await agent.post('/auth/device', asks)
    const go = { form: shown.field('form'), asked: shown.field('asked'), decision: 'go' }
    const gone = await agent.post('/auth/device', go)
    const done = await byPassword(agent, user, await agent.get(gone.head.get('location') ?? ''))
    t.match(done.text, 'You can close this page')
    return () => posted(url, '/auth/device/token', { grant_type: DEVICE_GRANT, device_code: String(asked.device_code) })
  }
  const [twin, late] = [await approved(), await approved()]
  const { access_token: token } = await twin()
  t.type(token, 'string', 'before')
  world.secrets.add(String(token))
  await change(world, 'disable', user.name)
  const refused = await late()
  t.equal(refused.error, 'access_denied')
  t.equal(refused.access_token, undefined)
  await endInOrder(t, world)
})

async function posted(url: string, path: string, form: Record<string, string>): Promise<Record<string, unknown>> {
  const answer = await fetch(url + path, { method: 'POST', body: new URLSearchParams(form) })
  return (await answer.json()) as Record<string, unknown>
}
