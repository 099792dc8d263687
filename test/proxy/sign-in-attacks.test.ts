import t from 'tap'
import { Agent } from '../support/agent.ts'
import { rawRequest } from '../support/raw-client.ts'
import { type Pages, passwords, principal, provider, signedIn, startPages } from '../support/sign-in-world.ts'

const PEOPLE = passwords({ alice: ['right', principal('alice')] })
const CORP = signedIn(principal('carol', { issuer: 'corp', method: 'jwt' }))
const parts = (url: string) => ({ providers: [provider(url, CORP)], passwords: PEOPLE })
const GOOD = { username: 'alice', password: 'right' }

async function begun(pages: Pages): Promise<{ agent: Agent; form: string }> {
  const agent = new Agent(pages.url)
  return { agent, form: (await agent.get('/auth/')).field('form') }
}

type Attack = (pages: Pages) => Promise<{ readonly status: number }>

/** What is refused, and nothing comes of it. Each has its twin in the row below: the same without the attack. */
const FORMS: readonly (readonly [string, number, Attack])[] = [
  ['a form of another site is not taken', 403, (pages) => posted(pages, { origin: 'https://evil.example' })],
  ['nor one that hides where it comes from', 403, (pages) => posted(pages, { origin: 'null' })],
  ['nor one of the same host and another port', 403, (pages) => posted(pages, { origin: 'http://127.0.0.1:1' })],
  ['nor one that the browser calls cross-site', 403, (pages) => posted(pages, { 'sec-fetch-site': 'cross-site' })],
  ['nor one that the browser calls same-site', 403, (pages) => posted(pages, { 'sec-fetch-site': 'same-site' })],
  ['JSON is no form', 415, (pages) => posted(pages, { 'content-type': 'application/json' })],
  ['text is no form', 415, (pages) => posted(pages, { 'content-type': 'text/plain' })],
  ['a form in another charset is none', 415, (pages) => posted(pages, { 'content-type': `${TYPE}; charset=utf-16` })],
  ['a compressed form is none', 415, (pages) => posted(pages, { 'content-encoding': 'gzip' })],
  ['a form without the token of its page', 400, async (pages) => (await begun(pages)).agent.post(PATH, GOOD)],
  [
    'a form with the token of another page',
    400,
    async (pages) => (await begun(pages)).agent.post(PATH, { ...GOOD, form: 'x' }),
  ],
  [
    'a form of another browser',
    400,
    async (pages) => new Agent(pages.url).post(PATH, { ...GOOD, form: (await begun(pages)).form }),
  ],
  [
    'a form with the cookie of another browser',
    400,
    async (pages) => {
      const [mine, other] = [await begun(pages), await begun(pages)]
      for (const [name, value] of other.agent.cookies) mine.agent.cookies.set(name, value)
      return mine.agent.post(PATH, { ...GOOD, form: mine.form })
    },
  ],
  [
    'a form of the page before',
    400,
    async (pages) => {
      const { agent, form } = await begun(pages)
      await agent.post(PATH, { form, username: 'alice', password: 'wrong' })
      return agent.post(PATH, { ...GOOD, form })
    },
  ],
  [
    'a form that comes after ten minutes',
    400,
    async (pages) => {
      const { agent, form } = await begun(pages)
      pages.now += 601_000
      return agent.post(PATH, { ...GOOD, form })
    },
  ],
  ['a field that stands twice', 400, async (pages) => twice(pages, 'username=alice&username=bob&password=right')],
  ['a field that stands twice in two spellings', 400, async (pages) => twice(pages, 'password=right&%70assword=x')],
  ['a form that is not UTF-8', 400, async (pages) => twice(pages, 'username=%ff&password=right')],
  ['a form with a broken encoding', 400, async (pages) => twice(pages, 'username=alice&password=%r')],
  ['a form with control characters', 400, async (pages) => twice(pages, 'username=alice\n&password=right')],
  ['a form that is too large', 413, async (pages) => twice(pages, `password=${'x'.repeat(17_000)}`)],
  [
    'a cookie that was changed',
    400,
    async (pages) => {
      const { agent, form } = await begun(pages)
      for (const [name, value] of agent.cookies) {
        agent.cookies.set(name, `${value.slice(0, 40)}${value[40] === 'A' ? 'B' : 'A'}${value.slice(41)}`)
      }
      return agent.post(PATH, { ...GOOD, form })
    },
  ],
  [
    'two cookies of ours',
    400,
    async (pages) => {
      const { agent, form } = await begun(pages)
      const [value = ''] = agent.cookies.values()
      agent.cookies.set('a', `1; sallyport-sign-in=${value}`)
      return agent.post(PATH, { ...GOOD, form })
    },
  ],
]
const PATH = '/auth/password'
const TYPE = 'application/x-www-form-urlencoded'

async function posted(pages: Pages, headers: Record<string, string>): Promise<{ status: number }> {
  const { agent, form } = await begun(pages)
  return agent.post(PATH, { ...GOOD, form }, headers)
}

async function twice(pages: Pages, body: string): Promise<{ status: number }> {
  const { agent, form } = await begun(pages)
  return agent.post(PATH, `form=${form}&${body}`)
}

t.test('forms', async (t) => {
  const pages = await startPages(t, { parts })
  for (const [name, status, attack] of FORMS) {
    await t.test(name, async (t) => {
      t.equal((await attack(pages)).status, status)
      t.equal(pages.issued.length, 0)
    })
  }
  for (const [name, headers] of [
    ['as a browser sends it', { 'sec-fetch-site': 'same-origin' }],
    ['with a charset', { 'content-type': `${TYPE};charset=UTF-8` }],
  ] as const) {
    await t.test(`the same form is taken ${name}`, async (t) => {
      const before = pages.issued.length
      t.equal((await posted(pages, headers)).status, 200)
      t.equal(pages.issued.length, before + 1)
    })
  }
  t.same(pages.bugs, [])
})

/** Where a sign-in with a provider arrives that this browser did not begin. */
const ARRIVALS: readonly (readonly [string, Attack])[] = [
  ['without anything begun', (pages) => new Agent(pages.url).get(CALLBACK)],
  ['with a choice that was not made', async (pages) => (await begun(pages)).agent.get(CALLBACK)],
  [
    'of another browser',
    async (pages) => {
      await new Agent(pages.url).get('/auth/oidc/corp')
      return new Agent(pages.url).get(CALLBACK)
    },
  ],
  [
    'of another provider',
    async (pages) => {
      const agent = new Agent(pages.url)
      await agent.get('/auth/oidc/other')
      return agent.get(CALLBACK)
    },
  ],
]
const CALLBACK = '/auth/oidc/corp/callback?code=good&state=s1'

t.test('an answer of a provider is not taken', async (t) => {
  const both = (url: string) => ({
    providers: [
      provider(url, CORP),
      provider(url, CORP, { name: 'other', arrival: { method: 'GET', path: '/auth/oidc/other/callback' } }),
    ],
  })
  const pages = await startPages(t, { parts: both })
  for (const [name, attack] of ARRIVALS) {
    await t.test(name, async (t) => {
      t.equal((await attack(pages)).status, 400)
      t.equal(pages.issued.length, 0)
      t.same(pages.events, [], 'strangers do not fill the audit')
    })
  }
  await t.test('and is from the browser that was sent there', async (t) => {
    const agent = new Agent(pages.url)
    await agent.get('/auth/oidc/corp')
    t.equal((await agent.get(CALLBACK)).status, 200)
  })
})

const LINKS: readonly (readonly [string, string, number])[] = [
  ['a link to somewhere else', '/auth/?return_to=https://evil.example', 400],
  ['a parameter that is misspelled', '/auth/?maxage=0', 400],
  ['a parameter twice', '/auth/?max_age=0&max_age=9', 400],
  ['an age that is none', '/auth/?max_age=-1', 400],
  ['an age in another spelling', '/auth/?max_age=1e3', 400],
  ['no kind of sign-in', '/auth/?acr_values=', 400],
  ['a kind with a quotation mark', '/auth/?acr_values=%22', 400],
  ['a turn of nobody', '/auth/oidc/corp?turn=x', 400],
  ['another spelling of the path', '/auth//', 404],
  ['a path with an encoding', '/auth/%70assword', 404],
  ['a path with dots', '/auth/x/../password', 404],
  ['another case', '/auth/Password', 404],
  ['a slash at the end', '/auth/password/', 404],
  ['a provider that nobody configured', '/auth/oidc/nobody', 404],
  ['a name of every object', '/auth/constructor', 404],
]

t.test('links', async (t) => {
  const pages = await startPages(t, { parts })
  for (const [name, target, status] of LINKS) {
    await t.test(name, async (t) => {
      const answer = await rawRequest(
        Number(new URL(pages.url).port),
        `GET ${target} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n`,
      )
      t.equal(answer.status, status)
    })
  }
  await t.test('the same without them', async (t) => {
    for (const target of ['/auth/', '/auth/?max_age=0', '/auth/?acr_values=a+b', '/auth/password']) {
      t.equal((await new Agent(pages.url).get(target)).status, 200, target)
    }
  })
  await t.test('other methods', async (t) => {
    for (const [method, path, allow] of [
      ['POST', '/auth/', 'GET'],
      ['HEAD', '/auth/', 'GET'],
      ['DELETE', '/auth/password', 'GET, POST'],
    ] as const) {
      const answer = await fetch(pages.url + path, { method })
      t.equal(answer.status, 405)
      t.equal(answer.headers.get('allow'), allow)
      await answer.text()
    }
  })
})
