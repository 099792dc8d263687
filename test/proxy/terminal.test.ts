import { setTimeout as pause } from 'node:timers/promises'
import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { noBrowser, openBrowser, picture } from '../support/browser.ts'
import { TEXT } from '../support/model-answers.ts'
import { startSignInIdp } from '../support/sign-in-provider.ts'
import { openTerminal } from '../support/terminal.ts'
import { endInOrder, startWorld, type World } from '../support/world.ts'

const CLIENT_SECRET = 'OIDC_CLIENT_SECRET'
const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [{ id: 'small', effect: 'allow', roles: ['analyst'], models: ['gpt-4o-mini'], operations: ['chat'] }],
}

const root = ({ proxy }: World) => `http://127.0.0.1:${proxy.port}`

async function chats(t: Test, world: World, token: string, user: string): Promise<void> {
  world.secrets.add(token)
  const client = new OpenAI({ baseURL: world.proxy.baseUrl, apiKey: token, maxRetries: 0 })
  const asked = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'hello' }] }
  const { data, request_id } = await client.chat.completions.create(asked).withResponse()
  t.equal(data.choices[0]?.message.content, TEXT)
  const decision = await world.proxy.audit.decision(request_id ?? '')
  t.equal(decision.get('user.id'), user)
}

/** Within the ten seconds that revocations are remembered for. */
async function refused(t: Test, world: World, token: string): Promise<void> {
  const client = new OpenAI({ baseURL: world.proxy.baseUrl, apiKey: token, maxRetries: 0 })
  const asked = () =>
    client.models.list().then(
      () => 200,
      (error) => error.status as number,
    )
  const until = performance.now() + 15_000
  let status = await asked()
  while (status !== 401 && performance.now() < until) {
    await pause(250)
    status = await asked()
  }
  t.equal(status, 401, 'a token that was signed out is over')
}

t.test("a terminal is signed in by a provider's own device flow, and its token is renewed", async (t) => {
  const idp = await startSignInIdp(t, { proxyUrl: 'http://127.0.0.1:1' })
  const login = {
    ...{ client_id: idp.clientId, client_secret: { env: CLIENT_SECRET } },
    scopes: ['openid', 'offline_access', 'profile', 'groups'],
  }
  const world = await startWorld(t, {
    issuers: [{ name: 'corp', issuer: idp.issuer, audience: ['sallyport'], login }],
    // Shorter than what a token must have left: every look at it renews it.
    identity: { tokens: { lifetime: '4m' } },
    env: { [CLIENT_SECRET]: idp.clientSecret },
    policy: POLICY,
  })
  world.secrets.add(idp.clientSecret)
  const terminal = openTerminal(t, root(world))
  const { link, code, done } = await terminal.login('--provider', 'corp')
  t.ok(link.startsWith(`${idp.issuer}/`) && link.includes(code), link)
  await idp.browse(link)
  const told = await done
  t.match(told, { code: 0, stdout: '' })
  t.match(told.stderr, /as alice \(corp\) until .*; `sallyport token` renews it/)
  const renewed = await terminal.run('token')
  t.match(renewed, { code: 0, stdout: /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/, stderr: '' })
  await chats(t, world, renewed.stdout.trim(), 'alice')
  const again = await terminal.run('token')
  t.not(again.stdout, renewed.stdout)
  await chats(t, world, again.stdout.trim(), 'alice')
  t.match(await terminal.run('logout', '--json'), { code: 0, stdout: /"user":"alice","issuer":"corp","ended":true/ })
  for (const token of [renewed, again]) await refused(t, world, token.stdout.trim())
  const issued = world.proxy.audit.withAction('token-issued')
  t.same(
    issued.map((line) => line.get('sallyport.sign_in.purpose')),
    ['device', 'refresh', 'refresh'],
  )
  await endInOrder(t, world)
})

/** A proxy with one user of its own. */
async function localWorld(t: Test): Promise<{ readonly world: World; readonly password: string }> {
  const world = await startWorld(t, {
    identity: { local: { enabled: true }, tokens: {} },
    policy: POLICY,
  })
  const added = await world.proxy.command('users', 'add', 'bob', '--group', 'analysts', '--generate', '--json')
  const { password } = JSON.parse(added.stdout) as { password: string }
  world.secrets.add(password)
  return { world, password }
}

t.test('a terminal is signed in by a page of the proxy, in a browser', { skip: noBrowser() ?? false }, async (t) => {
  const { world, password } = await localWorld(t)
  const terminal = openTerminal(t, root(world))
  const { link, code, done } = await terminal.login()
  t.equal(link, `${root(world)}/auth/device?user_code=${code}`)
  const page = await (await openBrowser(t)).newPage()
  await page.goto(link)
  t.equal(await page.title(), 'Sign in a terminal - Sallyport')
  t.equal(await page.getByLabel('Code').inputValue(), code)
  await picture(page, 'terminal-code')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Is this your terminal?' }).waitFor()
  t.match(await page.locator('dl').textContent(), code)
  t.match(await page.getByRole('alert').textContent(), 'Go on only if you have just begun this yourself')
  await picture(page, 'terminal-confirm')
  await page.getByRole('button', { name: 'It is my terminal: sign in' }).click()
  await page.getByLabel('User name').waitFor()
  t.match(await page.locator('main').textContent(), `let the terminal with the code ${code}`)
  await page.getByLabel('User name').fill('bob')
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.getByText('goes on in your name').waitFor()
  await picture(page, 'terminal-done')
  t.match(await done, { code: 0, stdout: '', stderr: /as bob \(local\) until/ })
  const token = await terminal.run('token')
  t.match(token, { code: 0, stderr: '' })
  await chats(t, world, token.stdout.trim(), 'bob')
  t.match(await terminal.run('logout'), { code: 0 })
  await refused(t, world, token.stdout.trim())
  await endInOrder(t, world)
})

t.test('a person refuses in the browser, and the terminal says so', { skip: noBrowser() ?? false }, async (t) => {
  const { world } = await localWorld(t)
  const terminal = openTerminal(t, root(world))
  const { link, done } = await terminal.login()
  const page = await (await openBrowser(t, { width: 400, colors: 'dark' })).newPage()
  await page.goto(link)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'Is this your terminal?' }).waitFor()
  await picture(page, 'terminal-confirm-narrow')
  await page.getByRole('button', { name: 'Refuse' }).click()
  await page.getByRole('heading', { name: 'Refused' }).waitFor()
  t.match(await done, { code: 1, stdout: '', stderr: /the sign-in was refused/ })
  t.match(await terminal.run('token'), { code: 1, stdout: '' })
  await endInOrder(t, world)
})
