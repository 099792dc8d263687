import t from 'tap'
import { Agent } from '../support/agent.ts'
import { polled } from '../support/proxy.ts'
import { rawConnect, rawRequest } from '../support/raw-client.ts'
import { passwords, principal, provider, secondFactors, signedIn, startPages } from '../support/sign-in-world.ts'

const CORP = signedIn(principal('carol', { issuer: 'corp', method: 'jwt' }))
const parts = (url: string) => ({
  providers: [provider(url, CORP)],
  passwords: passwords({ alice: ['right', principal('alice')] }),
})
const PATH = '/auth/password'
const GOOD = { username: 'alice', password: 'right' }

t.test('URLs derive from the issuer, whatever the request says', async (t) => {
  const pages = await startPages(t, { parts, issuerUrl: 'https://gateway.example/llm' })
  const port = Number(new URL(pages.url).port)
  for (const lines of [
    'Host: evil.example',
    'Host: evil.example:1\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example',
    'Host: gateway.example\r\nX-Forwarded-Proto: http\r\nX-Original-URL: /evil',
  ]) {
    const answer = await rawRequest(port, `GET /auth/ HTTP/1.1\r\n${lines}\r\nConnection: close\r\n\r\n`)
    const text = answer.body.toString()
    t.notMatch(text, /evil/)
    t.match(text, 'action="https://gateway.example/llm/auth/password"')
    t.match(
      answer.header('set-cookie'),
      /^__Host-sallyport-sign-in=[^;]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    )
    t.equal(answer.header('strict-transport-security'), 'max-age=31536000')
  }
})

const NASTY = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;\u202e`

t.test('what is shown is text, whatever it is', async (t) => {
  const nasty = principal(NASTY, { name: NASTY, groups: [NASTY] })
  const pages = await startPages(t, {
    parts: () => ({
      passwords: { ...passwords({ alice: ['right', nasty] }), sources: ['staff', NASTY] },
      secondFactors: secondFactors({}),
    }),
  })
  const agent = new Agent(pages.url)
  const first = await agent.get('/auth/')
  const wrong = await agent.post(PATH, { form: first.field('form'), username: NASTY, password: 'x' })
  const shown = await agent.post(PATH, { ...GOOD, form: wrong.field('form') })
  const link = await agent.get(`/auth/?${encodeURIComponent(NASTY)}=1`)
  t.match(shown.text, /<textarea/)
  for (const { text } of [first, wrong, shown, link]) t.notMatch(text, /<script|<img|\u202e/i)
})

t.test('every answer has the headers of its kind', async (t) => {
  const pages = await startPages(t, { parts })
  const agent = new Agent(pages.url)
  for (const target of ['/auth/', '/auth/nothing', '/auth/jwks', '/auth/oidc/corp', '/auth/?x=1']) {
    const { head } = await agent.get(target)
    t.match(head.get('content-security-policy'), /^default-src 'none'; base-uri 'none'; frame-ancestors 'none'/, target)
    t.equal(head.get('x-frame-options'), 'DENY')
    t.equal(head.get('x-content-type-options'), 'nosniff')
    t.equal(head.get('cross-origin-opener-policy'), 'same-origin')
    t.equal(head.get('access-control-allow-origin'), null)
    t.equal(head.get('strict-transport-security'), null, 'over plain HTTP it would mean nothing')
    if (target !== '/auth/jwks') t.equal(head.get('cache-control'), 'no-store')
  }
  const forPrograms = await fetch(`${pages.url}/auth/nothing`)
  t.equal(forPrograms.headers.get('content-type'), 'application/json')
  t.same(Object.keys((await forPrograms.json()) as object), ['error', 'error_description'])
})

t.test('a provider that sends people nowhere breaks its own sign-in alone', async (t) => {
  const lost = provider('', CORP, {
    begin: async () => ({
      ok: true,
      value: { departure: { by: 'redirect', location: 'https://x/\r\ny: z' }, state: {} },
    }),
  })
  const pages = await startPages(t, { parts: (url) => ({ ...parts(url), providers: [lost] }) })
  await t.rejects(new Agent(pages.url).get('/auth/oidc/corp'))
  t.equal(pages.bugs.length, 1)
  t.equal((await new Agent(pages.url).get('/auth/')).status, 200)
})

t.test('64 requests of pages run at once, and no more', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const waiting = provider('', CORP, {
    begin: async () => {
      await promise
      return { ok: true, value: { departure: { by: 'redirect', location: 'https://x/' }, state: {} } }
    },
  })
  const pages = await startPages(t, { parts: (url) => ({ ...parts(url), providers: [waiting] }) })
  const asked = Array.from({ length: 70 }, () => new Agent(pages.url).get('/auth/oidc/corp'))
  await polled(async () => pages.statuses.length === 6, 'those that are too many')
  resolve()
  const statuses = (await Promise.all(asked)).map(({ status }) => status)
  t.equal(statuses.filter((status) => status === 503).length, 6)
  t.equal((await new Agent(pages.url).get('/auth/')).status, 200)
})

t.test('a cookie of another host is none of ours, however its name looks', async (t) => {
  const pages = await startPages(t, { parts, issuerUrl: 'https://gateway.example' })
  const port = Number(new URL(pages.url).port)
  const sent = async (cookie: string, form: string) => {
    const body = new URLSearchParams({ ...GOOD, form }).toString()
    const type = `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}`
    const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\n${type}\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`
    return (await rawRequest(port, Buffer.from(head + body, 'latin1'))).status
  }
  const begun = async () => {
    const answer = await rawRequest(port, 'GET /auth/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    const form = /name="form" value="([^"]*)"/.exec(answer.body.toString())?.[1] ?? ''
    return { cookie: String(answer.header('set-cookie')).split(';')[0] ?? '', form }
  }
  // Browsers let every host of the domain set these: for them they have no `__Host-` (RFC 6265bis section 4.1.3.2).
  for (const before of ['\xa0', '\x85', '\xa0 ', 'x']) {
    const { cookie, form } = await begun()
    t.equal(await sent(`${before}${cookie}`, form), 400, JSON.stringify(before))
    t.equal(await sent(`${before}${cookie}x; \t${cookie}`, form), 200, 'and takes nothing from one of ours')
  }
})

t.test('forms that do not come to an end keep nobody out', async (t) => {
  const pages = await startPages(t, { parts })
  const port = Number(new URL(pages.url).port)
  const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n`
  for (let index = 0; index < 70; index++) {
    const connection = await rawConnect(port)
    t.teardown(() => connection.close())
    connection.send(`${head}Content-Length: 100\r\n\r\nform=`)
  }
  await polled(async () => pages.statuses.length === 6, 'those that are too many')
  t.equal((await fetch(`${pages.url}/auth/jwks`)).status, 200)
  const agent = new Agent(pages.url)
  const page = await agent.get('/auth/')
  t.equal(page.status, 200)
  t.equal((await agent.post(PATH, { ...GOOD, form: page.field('form') })).status, 200, 'and a form that comes whole')
  t.same(pages.bugs, [])
})
