import t, { type Test } from 'tap'
import { Agent, type AgentAnswer } from '../support/agent.ts'
import { ALICE, confirming, decision, startTerminalPages, type TerminalPages } from '../support/terminal-pages.ts'

/** Goes on from the page of choices, by a password. */
async function signedInAfter(agent: Agent, answer: AgentAnswer): Promise<AgentAnswer> {
  const choice = await agent.get(answer.head.get('location') ?? '')
  return agent.post('/auth/password', { form: choice.field('form'), ...ALICE })
}

t.test('a terminal has its token when somebody has typed its code, confirmed it and signed in', async (t) => {
  const pages = await startTerminalPages(t)
  const { device, user } = await pages.ask()
  t.match(await pages.poll(device), { error: 'authorization_pending' })
  const { agent, page } = await confirming(pages, user.toLowerCase())
  t.equal(page.status, 200)
  t.match(page.text, 'Is this your terminal?')
  for (const shown of [user, '127.0.0.1', 'less than a minute ago', 'refuse']) t.match(page.text, shown)
  const gone = await agent.post('/auth/device', decision(page))
  t.equal(gone.status, 303)
  t.match(await pages.poll(device), { error: 'authorization_pending' }, 'a confirmation is no sign-in')
  const done = await signedInAfter(agent, gone)
  t.match(done.text, `The terminal with the code <strong>${user}</strong>`)
  t.notMatch(done.text, /token-/)
  t.match(await pages.poll(device), { status: 200, access_token: 'token-1', user: 'alice', issuer: 'staff' })
  t.same(pages.actions(), ['sign-in-succeeded', 'token-issued'])
  t.same(pages.bugs, [])
})

t.test('a link with a code asks the same, and repeats nothing but a code', async (t) => {
  const pages = await startTerminalPages(t)
  const { user } = await pages.ask()
  const agent = new Agent(pages.url)
  const shown = await agent.get(`/auth/device?user_code=${user}`)
  t.match(shown.text, `value="${user}"`)
  t.notMatch(shown.text, 'Is this your terminal?')
  for (const text of ['%3Cb%3E', 'call+0800-555', `${user}-ring-me`]) {
    t.match((await agent.get(`/auth/device?user_code=${text}`)).text, 'name="user_code" value=""', text)
  }
})

t.test('who refuses ends it', async (t) => {
  const pages = await startTerminalPages(t)
  const { device, user } = await pages.ask()
  const { agent, page } = await confirming(pages, user)
  t.match((await agent.post('/auth/device', decision(page, 'refuse'))).text, 'The terminal gets nothing')
  t.match(await pages.poll(device), { status: 400, error: 'access_denied' })
  t.equal((await agent.post('/auth/device', decision(page))).status, 400, 'and cannot go on')
})

t.test('who asked for one provider gets a token of theirs alone', async (t) => {
  const pages = await startTerminalPages(t)
  const begin = async (provider: string) => {
    const { device, user } = await pages.ask({ provider })
    const { agent, page } = await confirming(pages, user)
    t.match(page.text, provider)
    const gone = await agent.post('/auth/device', decision(page))
    return { device, agent, choice: await agent.get(gone.head.get('location') ?? '') }
  }
  const corp = await begin('corp')
  t.match(corp.choice.text, 'Continue with')
  t.notMatch(corp.choice.text, 'name="password"')
  const [, link = '', turn = ''] = /href="[^"]*(\/auth\/oidc\/corp\?turn=([^"]+))"/.exec(corp.choice.text) ?? []
  t.equal((await corp.agent.post('/auth/password', { form: turn, ...ALICE })).status, 400)
  t.match(await pages.poll(corp.device), { error: 'authorization_pending' })
  const back = await corp.agent.get(link)
  t.equal((await corp.agent.get(back.head.get('location') ?? '')).status, 200)
  t.match(await pages.poll(corp.device), { status: 200, issuer: 'corp' }, 'the twin')

  const staff = await begin('staff')
  t.notMatch(staff.choice.text, 'Continue with')
  const form = staff.choice.field('form')
  t.equal((await staff.agent.get(`/auth/oidc/corp?turn=${form}`)).status, 400)
  t.match(await pages.poll(staff.device), { error: 'authorization_pending' })
  const other = await staff.agent.post('/auth/password', { form, ...ALICE, username: 'other\\alice' })
  t.equal(other.status, 403, 'a name of another source goes to this one')
  const done = await staff.agent.post('/auth/password', { form: other.field('form'), ...ALICE })
  t.equal(done.status, 200)
  t.match(await pages.poll(staff.device), { status: 200, issuer: 'staff' }, 'the twin')
})

type Attack = (pages: TerminalPages, user: string) => Promise<AgentAnswer>
const EVIL = { origin: 'https://evil.example' }

/** Each is refused, and the terminal gets nothing; the first test is the twin of all. */
const ATTACKS: readonly (readonly [string, number, Attack])[] = [
  [
    'a form of another site that types the code',
    403,
    async (pages, user) => new Agent(pages.url).post('/auth/device', { user_code: user }, EVIL),
  ],
  [
    'one that confirms it',
    403,
    async (pages, user) => {
      const { agent, page } = await confirming(pages, user)
      return agent.post('/auth/device', decision(page), EVIL)
    },
  ],
  [
    'one that says nothing of where it comes from, without the field of the page',
    400,
    async (pages, user) => {
      const { agent, page } = await confirming(pages, user)
      return agent.post('/auth/device', { ...decision(page), form: 'x' })
    },
  ],
  [
    'a confirmation that was shown to another browser',
    400,
    async (pages, user) => {
      const { page } = await confirming(pages, user)
      return new Agent(pages.url).post('/auth/device', decision(page))
    },
  ],
  [
    'a confirmation that was never shown',
    400,
    async (pages, user) => {
      const agent = new Agent(pages.url)
      const form = (await agent.get('/auth/device')).field('form')
      return agent.post('/auth/device', { form, user_code: user, decision: 'go' })
    },
  ],
  [
    'a confirmation that was made up',
    400,
    async (pages, user) => {
      const { agent, page } = await confirming(pages, user)
      return agent.post('/auth/device', { ...decision(page), asked: page.field('form') })
    },
  ],
  [
    'a decision that is none',
    400,
    async (pages, user) => {
      const { agent, page } = await confirming(pages, user)
      return agent.post('/auth/device', decision(page, 'yes'))
    },
  ],
  ['the page of choices, without a confirmation', 400, (pages) => new Agent(pages.url).get('/auth/?for=device')],
  [
    'a confirmation that comes after the code is over',
    400,
    async (pages, user) => {
      const { agent, page } = await confirming(pages, user)
      pages.now += 600_000
      return agent.post('/auth/device', decision(page))
    },
  ],
  [
    'a sign-in for oneself in a browser that has typed a code and not confirmed it',
    200,
    async (pages, user) => {
      const { agent } = await confirming(pages, user)
      const form = (await agent.get('/auth/')).field('form')
      return agent.post('/auth/password', { form, ...ALICE })
    },
  ],
]

t.test('no terminal is let in without somebody who says that it is theirs', async (t) => {
  const pages = await startTerminalPages(t)
  for (const [name, status, attack] of ATTACKS) {
    const { device, user } = await pages.ask()
    t.equal((await attack(pages, user)).status, status, name)
    t.match(await pages.poll(device), { status: 400 }, name)
  }
  t.same(pages.bugs, [])
})

async function guess(agent: Agent, code: string): Promise<AgentAnswer> {
  const form = (await agent.get('/auth/device')).field('form')
  return agent.post('/auth/device', { form, user_code: code })
}

const guesses = async (t: Test, agent: Agent, count: number) => {
  for (let index = 0; index < count; index++) t.equal((await guess(agent, 'BCDF-GHJK')).status, 400)
}

t.test('no site has a visitor ask for codes, or poll', async (t) => {
  const pages = await startTerminalPages(t)
  const [form, poll] = [new URLSearchParams(), new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' })]
  for (const headers of [
    EVIL,
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    for (const [path, body] of [['/auth/device/code', form] as const, ['/auth/device/token', poll] as const]) {
      const answer = await fetch(pages.url + path, { method: 'POST', body, headers })
      t.equal(answer.status, 403, `${path} ${JSON.stringify(headers)}`)
      t.match(await answer.json(), { error: 'access_denied' })
    }
  }
  t.match(await pages.ask(), { user: /^[A-Z]{4}-[A-Z]{4}$/ }, 'a program asks')
})

t.test('codes are not guessed', async (t) => {
  const pages = await startTerminalPages(t)
  const { user } = await pages.ask()
  const agent = new Agent(pages.url)
  await guesses(t, agent, 4)
  t.match((await guess(agent, user)).text, 'Is this your terminal?', 'who mistypes goes on')
  await guesses(t, agent, 1)
  const refused = await guess(agent, user)
  t.equal(refused.status, 429, 'a right code wipes nothing out')
  t.equal(refused.head.get('retry-after'), '1')
  t.match(refused.text, 'Wait 1 second')
  t.ok(pages.actions().includes('authentication-throttled'), 'an alert')
})

t.test('a code that never was, that is over and that was used look alike', async (t) => {
  const pages = await startTerminalPages(t)
  const used = await pages.ask()
  const { agent, page } = await confirming(pages, used.user)
  await agent.post('/auth/device', decision(page, 'refuse'))
  const body = ({ text }: AgentAnswer) => text.replace(/name="form" value="[^"]*"/, '')
  const never = body(await guess(agent, 'BCDF-GHJK'))
  t.equal(body(await guess(agent, used.user)), never)
  t.equal(body(await guess(agent, 'not a code')), never)
})
