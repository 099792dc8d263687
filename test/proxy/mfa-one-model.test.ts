import { join } from 'node:path'
import { decodeJwt, SignJWT } from 'jose'
import OpenAI from 'openai'
import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openTokenIssuer } from '../../src/identity/tokens/issuer.ts'
import type { SignedIn } from '../../src/model/sign-in.ts'
import { noBrowser, openBrowser } from '../support/browser.ts'
import { basicOf } from '../support/local-users.ts'
import { TEXT } from '../support/model-answers.ts'
import { analyst, ringOfStore } from '../support/own-tokens.ts'
import { STRONG } from '../support/saml-site.ts'
import type { NextSignIn } from '../support/sign-in-provider.ts'
import { startTogether, type Together } from '../support/sign-in-together.ts'
import { noSlapd } from '../support/slapd.ts'
import { endInOrder } from '../support/world.ts'

const missing = noSlapd() ?? noBrowser()
const [SMALL, FRONTIER] = ['gpt-4o-mini', 'gpt-4o']
const LONG_AGO_MS = 13 * 3_600_000
const LENA = ['lena', 'secret-of-lena'] as const
const STEP_UP = '401 step_up_required'

if (missing !== null) t.plan(0, missing)
else {
  t.test('a second factor, at most twelve hours old, for one model only', async (t) => {
    const world = await startTogether(t)
    const browser = await openBrowser(t)
    const people = new People(world, browser)
    for (const [name, way] of Object.entries(waysOf(world, people))) {
      await t.test(name, async (t) => {
        const weak = await way.weak()
        t.equal(await people.asks(weak, SMALL), TEXT)
        t.equal(await people.asks(weak, FRONTIER), STEP_UP)
        const link = people.link
        t.equal(link, `${world.url}/auth/?max_age=43200&mfa=true`, 'the challenge says where to go')
        const strong = await way.strong(link)
        t.equal(await people.asks(strong, SMALL), TEXT)
        t.equal(await people.asks(strong, FRONTIER), TEXT, 'what they have from there is enough')
        const old = await way.old()
        t.equal(await people.asks(old, SMALL), TEXT)
        t.equal(await people.asks(old, FRONTIER), STEP_UP, 'the same, from thirteen hours ago')
        t.equal(people.link, link)
      })
    }
    await t.test('a provider that lets somebody in by an old sign-in is not believed to have asked anew', async (t) => {
      const { saml, provider } = world
      saml.signedIn = Date.now() - LONG_AGO_MS
      t.match(await people.refused(people.link, 'adfs'), 'at most 43200 seconds ago')
      Object.assign(provider.next, { acr: 'gold' } satisfies Partial<NextSignIn>)
      provider.alter = agedBy(world)
      t.match(await people.refused(people.link, 'corp'), /recently|seconds ago/)
      provider.alter = null
    })
    await passwords(t, world, people)
    await endInOrder(t, world)
  })
}

/** Passwords with each request show one factor, whoever has a second one. */
async function passwords(t: Test, { local }: Together, people: People): Promise<void> {
  for (const [name, username, password] of [
    ['of the directory', ...LENA],
    ['of the store', `local\\${local.name}`, local.password],
  ] as const) {
    const headers = { Authorization: basicOf(username, password) }
    t.equal(await people.asks('unused', SMALL, headers), TEXT, `a password ${name}`)
    t.equal(await people.asks('unused', FRONTIER, headers), STEP_UP, 'never the large one')
    const appended = { Authorization: basicOf(username, `${password}123456`) }
    t.equal(await people.asks('unused', FRONTIER, appended), '401 invalid_api_key', 'a code is no part of it')
  }
}

interface Way {
  weak(): Promise<string>
  /** Where a challenge has sent them. */
  strong(link: string): Promise<string>
  /** A token by a sign-in with all factors, long ago. */
  old(): Promise<string>
}

function waysOf(world: Together, people: People): { readonly [name: string]: Way } {
  const { url, provider, saml, local } = world
  const start = `${url}/auth/`
  const own = [`local\\${local.name}`, local.password] as const
  return {
    'with an issuer': {
      weak: () => people.with(start, 'corp'),
      strong: (link) => {
        provider.next.acr = 'gold'
        return people.with(link, 'corp')
      },
      old: async () => {
        provider.alter = agedBy(world)
        const token = await people.with(start, 'corp')
        provider.alter = null
        return token
      },
    },
    'with a SAML provider': {
      weak: () => people.with(start, 'adfs'),
      strong: (link) => {
        saml.classRef = STRONG
        return people.with(link, 'adfs')
      },
      old: async () => {
        saml.signedIn = Date.now() - LONG_AGO_MS
        const token = await people.with(start, 'adfs')
        saml.signedIn = null
        return token
      },
    },
    'with a directory': {
      weak: () => people.by(start, LENA),
      strong: async (link) => people.by(link, LENA, (await world.enroll('staff', 'lena'))()),
      old: () => issuedBefore(world, 'ldap', 'staff', 'lena'),
    },
    'with the store': {
      weak: () => people.by(start, own),
      strong: async (link) => people.by(link, own, (await world.enroll('local', local.name))()),
      old: () => issuedBefore(world, 'local', 'local', local.name),
    },
  }
}

/** As this proxy would have made it long ago: by its own keys, with a clock that was behind. */
async function issuedBefore(
  { url, proxy, secrets }: Together,
  method: 'ldap' | 'local',
  issuer: string,
  id: string,
): Promise<string> {
  const ring = ringOfStore(join(proxy.folder, 'data/sallyport.db'))
  const clock = () => Date.now() - LONG_AGO_MS
  const base = analyst(id, { amr: ['pwd', 'otp', 'mfa'] })
  const authTime = Math.floor(clock() / 1000)
  const who: SignedIn = { ...base, principal: { ...base.principal, email: null, issuer, method, authTime } }
  const issued = await openTokenIssuer({
    url: () => url,
    lifetimeMs: () => 86_400_000,
    keys: () => ring,
    clock,
    revocations: { isRevoked: () => false },
  }).issue(who)
  if (!issued.ok) throw new Error(issued.fault)
  const token = issued.value.token.reveal()
  secrets.add(token)
  return token
}

/** The issuer's own ID tokens, of a session that is as old. */
function agedBy({ provider }: Together): NonNullable<Together['provider']['alter']> {
  return async (route, body) => {
    const [key] = provider.keys
    if (route !== 'token' || typeof body.id_token !== 'string' || key === undefined) return body
    const claims = { ...decodeJwt(body.id_token), auth_time: Math.floor((Date.now() - LONG_AGO_MS) / 1000) }
    const id_token = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: key.kid }).sign(key.privateKey)
    return { ...body, id_token }
  }
}

/** People at their browser and with the official SDK. */
class People {
  readonly #world: Together
  readonly #browser: BrowserContext
  /** Where the last challenge sends them. */
  link = ''

  constructor(world: Together, browser: BrowserContext) {
    this.#world = world
    this.#browser = browser
  }

  async with(address: string, provider: string): Promise<string> {
    const page = await this.#open(address)
    await page.getByRole('link', { name: provider }).click()
    return this.#token(page)
  }

  async by(address: string, [username, password]: readonly [string, string], code?: string): Promise<string> {
    const page = await this.#open(address)
    await page.getByLabel('User name').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
    if (code !== undefined) {
      await page.getByLabel('Code').fill(code)
      await page.keyboard.press('Enter')
    }
    return this.#token(page)
  }

  async refused(address: string, provider: string): Promise<string> {
    const page = await this.#open(address)
    await page.getByRole('link', { name: provider }).click()
    await page.getByRole('link', { name: 'again' }).waitFor()
    const text = (await page.locator('main').textContent()) ?? ''
    await page.close()
    return text
  }

  /** What the model says; or the status and code of a refusal. */
  async asks(token: string, model: string, headers: Record<string, string> = {}): Promise<string> {
    const { baseUrl } = this.#world.proxy
    const client = new OpenAI({ baseURL: baseUrl, apiKey: token, maxRetries: 0, defaultHeaders: headers })
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const answer = await client.chat.completions.create({ model, messages }).catch((error) => error)
    if (!(answer instanceof OpenAI.APIError)) return answer.choices[0].message.content
    const challenge = answer.headers?.get('www-authenticate') ?? ''
    this.link = /sign_in="([^"]+)"/.exec(challenge)?.[1] ?? this.link
    return `${answer.status} ${answer.code}`
  }

  async #open(address: string): Promise<Page> {
    await this.#browser.clearCookies()
    const page = await this.#browser.newPage()
    await page.goto(address)
    return page
  }

  async #token(page: Page): Promise<string> {
    const token = await page.getByLabel('Token').inputValue()
    this.#world.secrets.add(token)
    await page.close()
    return token
  }
}
