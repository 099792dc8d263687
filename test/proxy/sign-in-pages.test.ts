import t from 'tap'
import { Agent } from '../support/agent.ts'
import { passwords, principal, provider, secondFactors, signedIn, startPages } from '../support/sign-in-world.ts'

const ALICE = principal('alice', { name: 'Alice Example', groups: ['analysts', 'staff'] })
const BOB = principal('bob')
const PEOPLE = passwords({ alice: ['right', ALICE], bob: ['right', BOB] })
const CORP = signedIn(principal('carol', { issuer: 'corp', method: 'jwt', mfa: 'yes', acr: 'gold', authTime: 1 }))

const actions = (events: readonly { readonly action: string }[]) => events.map(({ action }) => action)

t.test('a password gives a token, once', async (t) => {
  const pages = await startPages(t, { parts: () => ({ passwords: PEOPLE }) })
  const agent = new Agent(pages.url)
  const begin = await agent.get('/auth/')
  t.equal(begin.status, 200)
  const form = { form: begin.field('form'), username: 'alice', password: 'right' }
  const before = new Map(agent.cookies)
  const shown = await agent.post('/auth/password', form)
  t.equal(shown.status, 200)
  t.match(shown.text, />token-1-of-alice<\/textarea>/)
  t.match(shown.text, `OPENAI_BASE_URL=&#39;${pages.url}/v1&#39;`.replaceAll('&#39;', "'"))
  t.equal(agent.cookies.size, 0, 'nothing is left in the browser')
  t.same(actions(pages.events), ['sign-in-succeeded', 'token-issued'])
  t.same(pages.issued[0]?.amr, ['pwd'])
  t.equal(pages.issued[0]?.principal.mfa, 'no')
  t.equal(pages.issued[0]?.principal.authTime, Math.floor(pages.now / 1000))
  for (const [name, value] of before) agent.cookies.set(name, value)
  const replayed = await agent.post('/auth/password', form)
  t.equal(replayed.status, 400, 'a form that was sent again makes no other token')
  t.equal(pages.issued.length, 1)
})

t.test('a wrong password and an unknown user get the same page', async (t) => {
  const pages = await startPages(t, { parts: () => ({ passwords: PEOPLE }) })
  const texts: string[] = []
  for (const username of ['alice', 'nobody', 'ali\u0000ce']) {
    const agent = new Agent(pages.url)
    const form = (await agent.get('/auth/')).field('form')
    const { status, text } = await agent.post('/auth/password', { form, username, password: 'hunter2-is-secret' })
    t.equal(status, 403)
    texts.push(text.replace(/value="[^"]*"/g, ''))
  }
  t.equal(texts[1], texts[0])
  t.equal(texts[2], texts[0])
  t.same(actions(pages.events), ['sign-in-failed', 'sign-in-failed', 'sign-in-failed'])
  t.same(
    pages.events.map(({ reason }) => reason),
    ['wrong_password', 'unknown_user', 'malformed'],
  )
  t.notMatch(JSON.stringify(pages.events), /hunter2|nobody|"alice/, 'nothing that was typed is told')
})

t.test('who has a second factor signs in with it', async (t) => {
  const pages = await startPages(t, {
    parts: () => ({ passwords: PEOPLE, secondFactors: secondFactors({ alice: '123456', bob: 'rescue' }) }),
  })
  const signIn = async (username: string) => {
    const agent = new Agent(pages.url)
    const form = (await agent.get('/auth/')).field('form')
    return { agent, asked: await agent.post('/auth/password', { form, username, password: 'right' }) }
  }
  const fields = (answer: { field(name: string): string }) => ({
    form: answer.field('form'),
    person: answer.field('person'),
  })
  await t.test('by a code', async (t) => {
    const { agent, asked } = await signIn('alice')
    t.match(asked.text, /autocomplete="one-time-code"/)
    t.equal(pages.issued.length, 0, 'the password alone gives nothing')
    const wrong = await agent.post('/auth/code', { ...fields(asked), code: '000000' })
    t.equal(wrong.status, 403)
    t.equal(pages.events.at(-1)?.reason, 'wrong_code')
    t.equal(pages.events.at(-1)?.extra?.['sign_in.account'], 'alice')
    const right = await agent.post('/auth/code', { ...fields(wrong), code: '123 456' })
    t.match(right.text, /token-1-of-alice/)
    t.same(pages.issued[0]?.amr, ['pwd', 'otp', 'mfa'])
    t.equal(pages.issued[0]?.principal.mfa, 'yes')
    t.equal(pages.events.at(-2)?.extra?.['sign_in.second_factor'], 'otp')
  })
  await t.test('by a recovery code', async (t) => {
    const { agent, asked } = await signIn('bob')
    const right = await agent.post('/auth/code', { ...fields(asked), code: 'rescue' })
    t.match(right.text, /token-2-of-bob/)
    t.same(pages.issued[1]?.amr, ['pwd', 'mfa'])
  })
  await t.test('the account of another attempt is not taken', async (t) => {
    const one = await signIn('alice')
    const other = await signIn('bob')
    const mixed = { form: other.asked.field('form'), person: one.asked.field('person'), code: '123456' }
    t.equal((await other.agent.post('/auth/code', mixed)).status, 400)
  })
})

t.test('nobody can tell whether there is a second factor: nobody signs in', async (t) => {
  const unavailable = { ...secondFactors({}), isEnrolled: async () => ({ ok: false, fault: 'unavailable' }) as const }
  const pages = await startPages(t, { parts: () => ({ passwords: PEOPLE, secondFactors: unavailable }) })
  const agent = new Agent(pages.url)
  const form = (await agent.get('/auth/')).field('form')
  t.equal((await agent.post('/auth/password', { form, username: 'alice', password: 'right' })).status, 503)
  t.equal(pages.issued.length, 0)
})

t.test('a provider sends the browser back', async (t) => {
  const pages = await startPages(t, { parts: (url) => ({ providers: [provider(url, CORP)], passwords: PEOPLE }) })
  const agent = new Agent(pages.url)
  const begin = await agent.get('/auth/?acr_values=gold&max_age=60')
  const link = /href="([^"]*\/auth\/oidc\/corp\?turn=[^"]*)"/.exec(begin.text)?.[1] ?? ''
  t.equal(new URL(link).origin, pages.url)
  const away = await agent.get(link)
  t.equal(away.status, 303)
  const back = away.head.get('location') ?? ''
  await t.test('to a sign-in that is too old', async (t) => {
    const kept = new Map(agent.cookies)
    const { status, text } = await agent.get(back)
    t.equal(status, 403)
    t.match(text, /no token was made/)
    t.match(text, /acr_values=gold&amp;max_age=60/)
    t.equal(pages.events.at(-1)?.reason, 'step_up_required')
    for (const [name, value] of kept) agent.cookies.set(name, value)
    t.equal((await agent.get(back)).status, 400, 'its answer is taken once')
  })
  await t.test('to one of another kind', async (t) => {
    const other = new Agent(pages.url)
    const target = (await other.get('/auth/oidc/corp?acr_values=platinum')).head.get('location') ?? ''
    t.equal((await other.get(target)).status, 403)
  })
  await t.test('to one that is as it was asked for', async (t) => {
    const other = new Agent(pages.url)
    const target = (await other.get('/auth/oidc/corp?acr_values=silver%20gold')).head.get('location') ?? ''
    t.match((await other.get(target)).text, /token-1-of-carol/)
  })
  t.equal(pages.issued.length, 1)
})

t.test('the only way there is is taken at once', async (t) => {
  const pages = await startPages(t, { parts: (url) => ({ providers: [provider(url, CORP)] }) })
  const answer = await new Agent(pages.url).get('/auth/')
  t.equal(answer.status, 303)
  t.match(answer.head.get('location'), /oidc\/corp\/callback/)
})

t.test('a terminal is let in by a page with its code, and shown no token', async (t) => {
  const approved: string[] = []
  const pages = await startPages(t, {
    parts: (url) => ({
      providers: [provider(url, CORP)],
      device: {
        approve: async (userCode, who) => {
          approved.push(`${userCode} ${who.principal.id}`)
          return userCode === 'GONE' ? { ok: false, fault: 'unknown' } : { ok: true, value: null }
        },
      },
      more: [
        (frame) => [
          {
            method: 'GET',
            path: '/auth/device',
            handle: ({ query }) =>
              frame.signInFor(
                { kind: 'device', userCode: query.get('user_code') ?? '', provider: null },
                { acrValues: [], maxAge: null },
              ),
          },
        ],
      ],
    }),
  })
  for (const [code, status] of [
    ['ABCD-EFGH', 200],
    ['GONE', 410],
  ] as const) {
    const agent = new Agent(pages.url)
    const choice = (await agent.get(`/auth/device?user_code=${code}`)).head.get('location') ?? ''
    const page = await agent.get(choice)
    t.match(page.text, code, 'the page says what it is for, though there is one way alone')
    const link = /href="([^"]*\?turn=[^"]*)"/.exec(page.text)?.[1] ?? ''
    const answer = await agent.get((await agent.get(link)).head.get('location') ?? '')
    t.equal(answer.status, status)
  }
  t.same(approved, ['ABCD-EFGH carol', 'GONE carol'])
  t.equal(pages.issued.length, 0)
  t.equal((await new Agent(pages.url).get('/auth/?for=device')).status, 400, 'without the page before there is none')
})

t.test('without the audit nobody signs in, and keys are still published', async (t) => {
  const pages = await startPages(t, { parts: () => ({ passwords: PEOPLE }) })
  const agent = new Agent(pages.url)
  const form = (await agent.get('/auth/')).field('form')
  pages.auditIsWritable = false
  const { status, text } = await agent.post('/auth/password', { form, username: 'alice', password: 'right' })
  t.equal(status, 503)
  t.notMatch(text, /token-/)
  const keys = await agent.get('/auth/jwks')
  t.equal(keys.head.get('content-type'), 'application/jwk-set+json')
  t.equal(keys.head.get('cache-control'), 'public, max-age=300')
})

t.test('a token that would not fit says what to do', async (t) => {
  const groups = Array.from({ length: 501 }, (_, index) => `group-${index}`)
  const pages = await startPages(t, {
    parts: () => ({ passwords: passwords({ m: ['right', principal('m', { groups })] }) }),
  })
  const agent = new Agent(pages.url)
  const form = (await agent.get('/auth/')).field('form')
  const { status, text } = await agent.post('/auth/password', { form, username: 'm', password: 'right' })
  t.equal(status, 500)
  t.match(text, /501 groups/)
  t.equal(pages.events.at(-1)?.reason, 'token_too_large')
})

t.test(
  'where a second factor is needed, a password alone brings no token, and the page says how to get one',
  async (t) => {
    const alice = principal('alice')
    const parts = () => ({
      passwords: passwords({ alice: ['right', alice], bob: ['right', principal('bob')] }),
      secondFactors: secondFactors({ bob: '123456' }),
    })
    const pages = await startPages(t, { parts })
    const signIn = async (query: string, username: string) => {
      const agent = new Agent(pages.url)
      const choice = await agent.get(`/auth/${query}`)
      const form = choice.field('form')
      return { agent, choice, answer: await agent.post('/auth/password', { form, username, password: 'right' }) }
    }
    const weak = await signIn('?mfa=true', 'alice')
    t.match(weak.choice.text, 'A password alone is not enough')
    t.equal(weak.answer.status, 403)
    t.match(weak.answer.text, 'users totp')
    t.match(weak.answer.text, 'mfa=true', 'and begins again with the same wish')
    t.same(pages.issued, [])
    t.match(pages.events.at(-1), { action: 'sign-in-failed', reason: 'step_up_required' })

    const strong = await signIn('?mfa=true', 'bob')
    const code = { form: strong.answer.field('form'), person: strong.answer.field('person'), code: '123456' }
    t.equal((await strong.agent.post('/auth/code', code)).status, 200, 'the twin: who has one')
    const plain = await signIn('', 'alice')
    t.notMatch(plain.choice.text, 'A password alone')
    t.equal(plain.answer.status, 200, 'the twin: where none is needed')
    t.equal((await new Agent(pages.url).get('/auth/?mfa=yes')).status, 400)
  },
)
