import { readFileSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { type TerminalWorld, terminalWorld } from '../../support/terminal-world.ts'
import { REJECTED, renewed } from '../identity/device/doubles.ts'

const folder = ({ home }: TerminalWorld) => join(home, 'config/sallyport')
const refreshes = ({ asked }: TerminalWorld) => asked.filter((line) => line.includes('grant_type=refresh_token'))

/** Somebody has signed in, and the token is about to end. */
async function ending(t: Parameters<typeof terminalWorld>[0], lifeSeconds = 200, grant: string | null = 'g1') {
  const world = await terminalWorld(t)
  world.provider.answer = renewed('bob', grant)
  world.issuer.lifeSeconds = lifeSeconds
  t.match(await world.run('login', '--provider', 'corp'), { code: 0 })
  world.issuer.lifeSeconds = 28_800
  return world
}

t.test('a token that is about to end is renewed, and then printed as it is', async (t) => {
  const world = await ending(t)
  t.same(await world.run('token'), { code: 0, stdout: 'token-2\n', stderr: '' })
  t.same(await world.run('token'), { code: 0, stdout: 'token-2\n', stderr: '' })
  t.equal(refreshes(world).length, 1)
})

t.test('of many that ask at the same time one renews it, and all have the same token', async (t) => {
  const world = await ending(t)
  const told = await Promise.all(Array.from({ length: 6 }, () => world.process('token')))
  t.same(new Set(told.map(({ stdout }) => stdout)), new Set(['token-2\n']))
  t.equal(refreshes(world).length, 1)
  t.same(world.revoker.tokens, [])
})

t.test('a lock that was left by a process that has ended holds nobody up', async (t) => {
  const world = await ending(t)
  const lock = join(folder(world), 'credentials.lock')
  // No system gives a process this number.
  writeFileSync(lock, '4194305 0123456789abcdef\n', { mode: 0o600 })
  const told = await Promise.all([world.process('token'), world.process('token'), world.process('token')])
  t.same(new Set(told.map(({ stdout }) => stdout)), new Set(['token-2\n']))
  t.equal(refreshes(world).length, 1)
  t.throws(() => readFileSync(lock), { code: 'ENOENT' }, 'and is given back')
})

t.test('a token that is not renewed is printed as long as it is valid', async (t) => {
  const world = await ending(t)
  world.answer = (_, res: ServerResponse) => {
    res.destroy()
    return true
  }
  t.match(await world.run('token'), { code: 0, stdout: 'token-1\n', stderr: /^warning: the token is not renewed/ })
  world.answer = null
  t.same(await world.run('token'), { code: 0, stdout: 'token-2\n', stderr: '' }, 'and renewed when that can be done')
})

t.test('who may not be renewed signs in again', async (t) => {
  const world = await ending(t, 0)
  world.provider.renewal = REJECTED
  t.match(await world.run('token'), { code: 1, stdout: '', stderr: /sign in again: `sallyport login --url http/ })
  t.match(await world.run('token'), { code: 1, stdout: '' })
  t.equal(refreshes(world).length, 1, 'the proxy is not asked again')
  world.provider.answer = renewed('bob', 'g2')
  t.match(await world.run('login', '--provider', 'corp'), { code: 0 })
  t.match(await world.run('token'), { code: 0 }, 'the twin')
})

t.test('a token without a refresh token is good to its end', async (t) => {
  const world = await ending(t, 200, null)
  t.same(await world.run('token'), { code: 0, stdout: 'token-1\n', stderr: '' })
  const over = await ending(t, 0, null)
  t.match(await over.run('token'), { code: 1, stdout: '', stderr: /the token has ended: `sallyport login/ })
  t.equal(refreshes(over).length, 0)
})

t.test('a token of somebody else is not taken', async (t) => {
  const world = await ending(t)
  world.answer = (_, res: ServerResponse) => {
    const body = { access_token: 'evil', expires_in: 3600, user: 'mallory', issuer: 'corp' }
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    return true
  }
  const told = await world.run('token')
  t.equal(told.stdout, 'token-1\n')
  t.notMatch(readFileSync(join(folder(world), 'credentials.json'), 'utf8'), /evil|mallory/)
})

t.test('several proxies stand beside each other', async (t) => {
  const one = await ending(t, 28_800)
  const other = await terminalWorld(t)
  other.issuer.made.push({ token: 'x', tokenId: 'x', who: renewed('bob', null).who })
  other.provider.answer = renewed('carol', null)
  t.match(await one.runWith({}, 'login', '--provider', 'corp', '--url', `${other.url}/v1/`), { code: 0 })
  t.match(await one.run('token'), { stdout: 'token-1\n' })
  t.match(await one.runWith({}, 'token', '--url', other.url), { stdout: 'token-2\n' })
  t.match(await one.runWith({}, 'token'), { code: 2, stderr: /name the proxy/ }, 'none of them is meant')
  t.match(await one.run('logout'), { code: 0 })
  t.match(await one.runWith({}, 'token'), { stdout: 'token-2\n' })
})
