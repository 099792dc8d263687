import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { Agent } from '../support/agent.ts'
import { noBrowser, openBrowser } from '../support/browser.ts'
import { TEXT } from '../support/model-answers.ts'
import { noSlapd, person, SERVICE, Slapd, SUFFIX } from '../support/slapd.ts'
import { endInOrder, startWorld, type World } from '../support/world.ts'

const missing = noSlapd()
const at = (uid: string) => `uid=${uid},ou=people,${SUFFIX}`
const PEOPLE = {
  [at('alice')]: person('alice', { userPassword: 'secret-of-alice' }),
  [`cn=analysts,ou=groups,${SUFFIX}`]: { objectClass: 'groupOfNames', cn: 'analysts', member: at('alice') },
}

/** Analysts may use a small model; a large one after a sign-in with several factors. */
const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [
    { id: 'small', effect: 'allow', roles: ['analyst'], models: ['gpt-4o-mini'], operations: ['chat'] },
    {
      ...{ id: 'large', effect: 'allow', roles: ['analyst'], models: ['gpt-4o'], operations: ['chat'] },
      when: { mfa: { max_age: '12h' }, method: ['ldap'] },
    },
  ],
}

async function startSignInWorld(t: Test, tokens: object | null = {}): Promise<World> {
  const slapd = new Slapd(PEOPLE)
  t.teardown(() => slapd.close())
  await slapd.start()
  const entry = {
    ...{ name: 'staff', url: slapd.tlsUrl, ca: { file: slapd.ca }, base: SUFFIX, bind_dn: SERVICE.dn },
    ...{ bind_password: { env: 'DIRECTORY_PASSWORD' }, user_filter: '(uid={username})', claims: { id: 'uid' } },
  }
  const world = await startWorld(t, {
    identity: { ldap: [entry], ...(tokens === null ? {} : { tokens: { ...tokens } }) },
    env: { DIRECTORY_PASSWORD: SERVICE.password },
    policy: POLICY,
  })
  world.secrets.add(SERVICE.password).add('secret-of-alice')
  return world
}

const root = ({ proxy }: World) => `http://127.0.0.1:${proxy.port}`
const client = ({ proxy }: World, apiKey: string) => new OpenAI({ baseURL: proxy.baseUrl, apiKey, maxRetries: 0 })
const chat = (model: string) => ({ model, messages: [{ role: 'user' as const, content: 'hello' }] })
const challengeOf = (error: unknown) =>
  error instanceof OpenAI.APIError ? (error.headers?.get('www-authenticate') ?? '') : ''

if (missing !== null) t.plan(0, missing)
else {
  t.test('a token from the page calls models', async (t) => {
    const world = await startSignInWorld(t)
    const agent = new Agent(root(world))
    const form = (await agent.get('/auth/')).field('form')
    const shown = await agent.post('/auth/password', { form, username: 'alice', password: 'secret-of-alice' })
    const token = />(eyJ[^<]+)<\/textarea>/.exec(shown.text)?.[1] ?? ''
    t.ok(token, 'a token is shown')
    world.secrets.add(token)
    const answer = await client(world, token).chat.completions.create(chat('gpt-4o-mini')).withResponse()
    t.equal(answer.data.choices[0]?.message.content, TEXT, 'the official SDK')
    const decision = await world.proxy.audit.decision(answer.request_id ?? '')
    t.equal(decision.get('user.id'), 'alice')
    t.equal(decision.get('sallyport.auth.method'), 'ldap', 'how the person signed in')
    const issued = await world.proxy.audit.action('token-issued')
    t.equal(decision.get('sallyport.auth.token_id'), issued.get('sallyport.auth.token_id'))
    t.equal(issued.get('user.id'), 'alice')
    t.same(issued.get('sallyport.sign_in.amr'), ['pwd'])
    const refused = await client(world, token)
      .chat.completions.create(chat('gpt-4o'))
      .catch((error) => error)
    t.match(challengeOf(refused), /error="insufficient_user_authentication"/)
    t.match(challengeOf(refused), `sign_in="${root(world)}/auth/?max_age=43200&mfa=true"`)
    const none = await client(world, 'nobody')
      .chat.completions.create(chat('gpt-4o'))
      .catch((error) => error)
    t.ok(challengeOf(none).endsWith(`sign_in="${root(world)}/auth/"`), challengeOf(none))
    const keys = (await (await fetch(`${root(world)}/auth/jwks`)).json()) as { keys: unknown[] }
    t.equal(keys.keys.length, 1)
    const wrong = new Agent(root(world))
    const again = (await wrong.get('/auth/')).field('form')
    const page = await wrong.post('/auth/password', { form: again, username: 'secret-of-alice', password: 'x' })
    t.equal(page.status, 403)
    const failed = await world.proxy.audit.action('sign-in-failed')
    t.equal(failed.get('event.reason'), 'unknown_user')
    t.equal((await world.proxy.admin('/metrics')).body.match(/operation="sign_in"/g)?.length, 2)
    await endInOrder(t, world)
  })

  t.test('a config without tokens has no pages', async (t) => {
    const world = await startSignInWorld(t, null)
    for (const target of ['/auth/', '/auth/jwks', '/auth']) {
      const answer = await fetch(root(world) + target, { headers: { accept: 'text/html' } })
      t.equal(answer.status, 401, 'as any path is to strangers')
      t.notMatch(answer.headers.get('www-authenticate'), 'sign_in')
      await answer.text()
    }
    await endInOrder(t, world)
  })

  t.test('the pages come and go with a reload', async (t) => {
    const world = await startSignInWorld(t)
    const agent = new Agent(root(world))
    const form = (await agent.get('/auth/')).field('form')
    world.proxy.signal('SIGHUP')
    await world.proxy.audit.action('config-reloaded')
    const shown = await agent.post('/auth/password', { form, username: 'alice', password: 'secret-of-alice' })
    t.equal(shown.status, 200, 'a sign-in goes on across a reload')
    await endInOrder(t, world)
  })

  t.test('in a browser', { skip: noBrowser() ?? false }, async (t) => {
    const world = await startSignInWorld(t)
    const page = await (await openBrowser(t)).newPage()
    await page.goto(`${root(world)}/auth/`)
    await page.getByLabel('User name').fill('alice')
    await page.getByLabel('Password').fill('secret-of-alice')
    await page.keyboard.press('Enter')
    const token = await page.getByLabel('Token').inputValue()
    world.secrets.add(token)
    const answer = await client(world, token).chat.completions.create(chat('gpt-4o-mini'))
    t.equal(answer.choices[0]?.message.content, TEXT)
    t.match(await page.locator('pre').textContent(), `OPENAI_BASE_URL='${world.proxy.baseUrl}'`)
    await endInOrder(t, world)
  })
}
