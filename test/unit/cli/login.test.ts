import { chmodSync, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { type TerminalWorld, terminalWorld } from '../../support/terminal-world.ts'
import { REJECTED, renewed } from '../identity/device/doubles.ts'

const file = ({ home }: TerminalWorld) => join(home, 'config/sallyport/credentials.json')
const json = (res: ServerResponse, status: number, body: object) => {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  return true
}

t.test('somebody signs in, and the token is printed, and nothing else', async (t) => {
  const world = await terminalWorld(t)
  world.provider.answer = renewed('bob', 'g1')
  const login = await world.process('login', '--provider', 'corp', '--acr', 'gold', '--acr', 'phr', '--max-age', '0')
  t.match(login, { code: 0, stdout: '' })
  t.match(login.stderr, /open\n\n {4}https:\/\/idp\.example\/device\n\nand enter the code\n\n {4}WXYZ\n/)
  t.match(login.stderr, /signed in to http:\/\/127\.0\.0\.1:\d+ as bob \(corp\) until \d{4}-/)
  t.equal(world.asked[0], '/auth/device/code provider=corp acr_values=gold phr max_age=0')
  t.same(await world.process('token'), { code: 0, stdout: 'token-1\n', stderr: '' })
  t.same(
    await world.runWith({}, 'token'),
    { code: 0, stdout: 'token-1\n', stderr: '' },
    'the only one need not be named',
  )
  const { stdout } = await world.run('token', '--json')
  t.match(JSON.parse(stdout), { token: 'token-1', url: world.url, user: 'bob', expires_at: /^\d{4}-.*Z$/ })
  t.equal(statSync(file(world)).mode & 0o777, 0o600)
  t.equal(statSync(join(file(world), '..')).mode & 0o777, 0o700)
  t.notMatch(login.stderr, /token-1|r\./)
})

t.test('who signs out has no token any more', async (t) => {
  const world = await terminalWorld(t)
  t.match(await world.run('token'), { code: 1, stdout: '', stderr: /sallyport login --url/ }, 'nor had one before')
  t.match(await world.run('logout'), { code: 1 })
  world.provider.answer = renewed('bob', null)
  t.match(await world.run('login', '--provider', 'corp', '--json'), { code: 0, stdout: /^\{"url":".*","user":"bob"/ })
  t.match(await world.run('token'), { code: 0 })
  t.match(await world.run('logout'), { code: 0, stdout: '' })
  t.match(await world.run('token'), { code: 1, stdout: '' })
  t.same(world.revoker.tokens, [world.issuer.made[0]?.tokenId], 'the proxy has ended it')
})

t.test('a proxy that has not ended a sign-in keeps nobody from forgetting it', async (t) => {
  const world = await terminalWorld(t)
  const signIn = async () => {
    world.provider.answer = renewed('bob', 'g1')
    t.match(await world.run('login', '--provider', 'corp'), { code: 0 })
  }
  const faults: readonly (readonly [string, RegExp, () => void])[] = [
    ['it cannot write', /cannot be ended at the moment/, () => world.world.broken.add('revoker')],
    ['it is an older one', /is not one of a Sallyport/, () => gone((res) => res.writeHead(404).end('no'))],
    ['it is away', /it cannot be reached/, () => gone((res) => res.destroy())],
  ]
  const gone = (answer: (res: ServerResponse) => void) => {
    world.answer = (path, res) => {
      if (path.endsWith('/logout')) answer(res)
      return path.endsWith('/logout')
    }
  }
  for (const [name, says, breaks] of faults) {
    await signIn()
    breaks()
    const told = await world.run('logout', '--json')
    t.match(told, { code: 1, stdout: /"user":"bob","issuer":"corp","ended":false/, stderr: says }, name)
    t.match(told.stderr, /is forgotten here, and .* it is valid until \d{4}-/, name)
    t.match(await world.run('token'), { code: 1, stdout: '' }, name)
    world.world.broken.clear()
    world.answer = null
  }
  await signIn()
  t.match(await world.run('logout', '--json'), { code: 0, stdout: /"ended":true/ }, 'the twin')
})

t.test('a sign-in that is refused, or that nobody makes, is no token', async (t) => {
  const world = await terminalWorld(t)
  world.provider.answer = REJECTED
  t.match(await world.run('login', '--provider', 'corp'), { code: 1, stdout: '', stderr: /the provider let nobody in/ })
  world.answer = (path, res) =>
    path.endsWith('/code') &&
    json(res, 200, {
      device_code: 'x',
      user_code: 'A',
      verification_uri: 'https://a.example/',
      expires_in: 1,
      interval: 1,
    })
  t.match(await world.run('login'), { code: 1, stderr: /nobody has signed in in time|not known/ })
  t.notOk(existsSync(file(world)))
})

t.test('a terminal waits longer when it is told to, and goes on when the proxy comes back', async (t) => {
  const world = await terminalWorld(t)
  let polls = 0
  world.provider.answer = renewed('bob', null)
  world.answer = (path, res) => {
    if (path !== '/auth/device/token') return false
    polls++
    if (polls === 1) return json(res, 503, { error: 'temporarily_unavailable' })
    if (polls > 2) return false
    res.destroy()
    return true
  }
  t.match(await world.run('login', '--provider', 'corp'), { code: 0 })
  t.equal(polls, 3)
})

const HOSTILE = '\u001b[2J\u009b1m\u202ebob\r\n'
const codes = { device_code: 'x', user_code: 'A', verification_uri: 'https://a.example/', expires_in: 60, interval: 1 }

t.test('what a proxy says does not reach the terminal as it is', async (t) => {
  const world = await terminalWorld(t)
  world.answer = (path, res) =>
    path.endsWith('/code')
      ? json(res, 200, { ...codes, user_code: HOSTILE })
      : json(res, 200, { access_token: 'tok', expires_in: 3600, user: HOSTILE, issuer: HOSTILE })
  const login = await world.run('login')
  t.match(login, { code: 0 })
  t.notMatch(login.stderr.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
  t.match(login.stderr, /\\u\{1b\}\[2J/)
  world.answer = (_, res) => json(res, 400, { error: 'access_denied', error_description: HOSTILE })
  t.notMatch((await world.run('login')).stderr.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
})

const wrong: readonly (readonly [string, object])[] = [
  ['a link that is none of a browser', { ...codes, verification_uri: 'file:///etc/passwd' }],
  ['a link that runs something', { ...codes, verification_uri: 'javascript:alert(1)' }],
  ['a second link of that kind', { ...codes, verification_uri_complete: 'vbscript:x' }],
  ['a link with an escape', { ...codes, verification_uri: 'https://a.example/\u001b[2J' }],
  ['a link with a user', { ...codes, verification_uri: 'https://idp.example@evil.example/' }],
  ['no code', { ...codes, user_code: '' }],
  ['a code that fills the screen', { ...codes, user_code: 'A'.repeat(1000) }],
  ['a code that never ends', { ...codes, expires_in: -1 }],
  ['no device code', { ...codes, device_code: 7 }],
]
t.test('an answer that no proxy gives is refused', async (t) => {
  const world = await terminalWorld(t)
  for (const [name, body] of wrong) {
    world.answer = (_, res) => json(res, 200, body)
    const login = await world.run('login')
    t.match(login, { code: 1, stdout: '' }, name)
    t.match(login.stderr, /the answer is not one of a Sallyport/, name)
  }
  const bodies = ['{"a":1,"a":2}', '[]', 'x'.repeat(1024 * 1024), '', '<html>']
  for (const body of bodies) {
    world.answer = (_, res) => {
      res.writeHead(200).end(body)
      return true
    }
    t.match(await world.run('login'), { code: 1 }, body.slice(0, 10))
  }
  world.answer = (_, res) => {
    res.writeHead(307, { location: 'https://evil.example/' }).end()
    return true
  }
  t.match(await world.run('login'), { code: 1, stderr: /leads elsewhere/ }, 'a redirect is not followed')
  for (const token of ['a b', 'a\nb', '', 'ü', 7, 'x'.repeat(20_000)]) {
    world.answer = (path, res) =>
      path.endsWith('/code')
        ? json(res, 200, codes)
        : json(res, 200, { access_token: token, expires_in: 60, user: 'a', issuer: 'b' })
    t.match(await world.run('login'), { code: 1 }, `a token that is none: ${String(token).slice(0, 5)}`)
  }
})

t.test("credentials that others may read are refused, and so is what is no file of one's own", async (t) => {
  const world = await terminalWorld(t)
  world.provider.answer = renewed('bob', null)
  t.match(await world.run('login', '--provider', 'corp'), { code: 0 })
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(file(world), mode)
    t.match(await world.run('token'), { code: 2, stdout: '', stderr: /others may read/ }, mode.toString(8))
  }
  chmodSync(file(world), 0o600)
  t.match(await world.run('token'), { code: 0 }, 'the twin')
  const text = readFileSync(file(world), 'utf8')
  for (const damaged of ['', '{}', text.slice(0, -9), text.replace('"version": 1', '"version": 2')]) {
    writeFileSync(file(world), damaged)
    t.match(await world.run('token'), { code: 2, stdout: '', stderr: /is damaged/ })
  }
  const other = join(world.home, 'elsewhere.json')
  writeFileSync(other, text, { mode: 0o600 })
  rmSync(file(world))
  symlinkSync(other, file(world))
  t.match(await world.run('token'), { code: 2, stdout: '', stderr: /is a link/ })
  chmodSync(join(file(world), '..'), 0o770)
  rmSync(file(world))
  t.match(await world.run('login', '--provider', 'corp'), { code: 2, stderr: /others may write/ })
})

const urls: readonly (readonly [string, number, RegExp])[] = [
  ['http://llm.example', 2, /must begin with `https:/],
  ['http://127.0.0.1.evil.example', 2, /must begin with `https:/],
  ['ftp://127.0.0.1', 2, /must be a URL/],
  ['https://bob:secret@llm.example', 2, /must not hold a user/],
  ['https://llm.example/?x', 2, /must not have a query/],
  ['llm.example', 2, /must be a URL/],
  ['', 2, /must be a URL/],
  ['http://127.0.0.1:1', 1, /nobody has signed in/],
  ['http://[::1]:1/v1/', 1, /--url http:\/\/\[::1\]:1`/],
  ['https://llm.example/sally/v1', 1, /--url https:\/\/llm.example\/sally`/],
]
t.test('a proxy has one URL, and beyond loopback it is reached by TLS', async (t) => {
  const world = await terminalWorld(t)
  for (const [url, code, says] of urls) t.match(await world.run('token', '--url', url), { code, stderr: says }, url)
  t.match(await world.runWith({}, 'token'), { code: 2, stderr: /name the proxy with `--url/ })
  const config = `version: 1
listen: { proxy: 127.0.0.1:8123 }
identity: { api_keys: { enabled: true } }
upstreams: [{ name: us, url: https://us.example/v1, models: ["gpt-*"] }]
policies: [policy.yaml]
`
  writeFileSync(join(world.home, 'sallyport.yaml'), config)
  writeFileSync(join(world.home, 'policy.yaml'), 'version: 1\nrules: []\n')
  const told = await world.runWith({}, 'token', '--config', 'sallyport.yaml')
  t.match(told, { code: 1, stderr: /--url http:\/\/127\.0\.0\.1:8123`/ }, 'as the config says')
})
