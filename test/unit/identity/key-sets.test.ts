// Length: every way in which a key set can lie, against one server that tells the lies.
import t, { type Test } from 'tap'
import { type IdentityReport, openIdentity } from '../../../src/identity/authenticate.ts'
import type { IssuerSettings } from '../../../src/model/identity-settings.ts'
import { Log } from '../../support/within.ts'
import { bearer, goodClaims, issuerSettings, makeKey, NOW, outcome, quietPorts, type TestKey, token } from './forge.ts'
import { type Behaviour, type JwksServer, startJwksServer } from './jwks-server.ts'

const first = makeKey('ES256', 'first')
const second = makeKey('ES256', 'second')
const AGES = { refreshMs: 600_000, maxStaleMs: 3_600_000 }

type Timer = { readonly delayMs: number; readonly run: () => void; cancelled: boolean }

/** An issuer whose keys come from a real server, with a clock and timers that only the test moves. */
async function scene(
  t: Test,
  prepare: (server: JwksServer) => Partial<IssuerSettings> = () => ({}),
  fetchLimitMs = 10_000,
) {
  const server = await startJwksServer(t, [first.jwk])
  const clock = { now: NOW }
  const reports = new Log<IdentityReport>()
  const timers = new Log<Timer>()
  const more = prepare(server)
  const settings = issuerSettings('', {
    issuer: server.origin,
    jwks: { kind: 'url', url: `${server.origin}/jwks`, ...AGES },
    ...more,
  })
  const ports = quietPorts(clock, {
    report: (report) => reports.push(report),
    random: () => 1,
    fetchLimitMs,
    schedule: (delayMs, run) => {
      const timer = { delayMs, run, cancelled: false }
      timers.push(timer)
      return () => {
        timer.cancelled = true
        timers.touch()
      }
    },
  })
  const identity = openIdentity({ issuers: [settings], apiKeys: { enabled: false } }, ports)
  t.teardown(() => identity.close())
  let jti = 0
  const verify = async (key: TestKey, more: { readonly [name: string]: unknown } = {}) =>
    outcome(
      await identity.authenticate(bearer(token(key, goodClaims({ iss: server.origin, jti: `t${jti++}`, ...more })))),
    )
  /** The timer (the first one limits the wait for the first answer) that is set once what is under way has ended. */
  const nextTimer = () => timers.until((all) => all.slice(1).find(({ cancelled }) => !cancelled), 'a timer')
  /** Runs the pending timer, and waits until what it started has ended. */
  const fire = async () => {
    const timer = await nextTimer()
    timer.cancelled = true
    timer.run()
    return nextTimer()
  }
  const fetches = () => server.asked.entries.filter((path) => path === '/jwks').length
  return { server, clock, reports, timers, identity, verify, nextTimer, fire, fetches }
}

t.test('requests that come before the first answer wait for it', async (t) => {
  const { server, verify, fetches } = await scene(t, (server) => {
    server.behaviour = 'stall'
    return {}
  })
  const verdicts = [verify(first), verify(first), verify(second)]
  await server.asked.until((paths) => paths[0], 'the fetch')
  server.behaviour = 'good'
  server.release()
  t.same(await Promise.all(verdicts), ['verified', 'verified', 'unknown_kid'])
  t.equal(fetches(), 2, 'one at the start and one for the unknown key')
})

t.test('but not for long', async (t) => {
  const { server, verify, timers } = await scene(t, (server) => {
    server.behaviour = 'stall'
    return {}
  })
  const verdict = verify(first)
  const patience = await timers.until((all) => all.find(({ delayMs }) => delayMs === 2000), 'the limit')
  patience.run()
  t.equal(await verdict, 'jwks_unavailable')
  t.equal(await verify(first), 'jwks_unavailable', 'and nobody waits after that')
  server.release()
})

t.test('an unknown key id refreshes once in 30 s, whoever asks', async (t) => {
  const { server, clock, verify, fetches } = await scene(t)
  t.equal(await verify(first), 'verified')
  server.keys = [first.jwk, second.jwk]
  t.same(await Promise.all([verify(second), verify(second), verify(second)]), ['verified', 'verified', 'verified'])
  t.equal(fetches(), 2, 'one fetch for all of them')
  const third = makeKey('ES256', 'third')
  server.keys = [third.jwk]
  for (let count = 0; count < 20; count++) t.equal(await verify(third), 'unknown_kid')
  t.equal(fetches(), 2, 'none while it cools down')
  clock.now += 30_000
  t.equal(await verify(third), 'verified')
  t.equal(fetches(), 3)
})

t.test('a key that is gone is void at once, remembered tokens too', async (t) => {
  const { server, verify, fire, identity } = await scene(t)
  const kept = bearer(token(first, goodClaims({ iss: server.origin })))
  t.equal(outcome(await identity.authenticate(kept)), 'verified')
  t.match(identity.authenticate(kept), { cache: 'hit' })
  await fire()
  t.match(identity.authenticate(kept), { cache: 'hit' }, 'the same keys fetched again change nothing')
  server.keys = [second.jwk]
  await fire()
  t.equal(outcome(await identity.authenticate(kept)), 'unknown_kid')
  t.equal(await verify(second), 'verified')
})

t.test('a machine that slept asks again before it trusts old keys', async (t) => {
  const { server, clock, verify, fetches } = await scene(t)
  t.equal(await verify(first), 'verified')
  clock.now += AGES.maxStaleMs + 1
  server.keys = [second.jwk]
  const exp = clock.now / 1000 + 60
  t.same(await Promise.all([verify(first, { exp }), verify(second, { exp })]), ['unknown_kid', 'verified'])
  t.equal(fetches(), 2)
})

t.test('a key that is replaced under its id is another key', async (t) => {
  const { server, verify, fire, identity } = await scene(t)
  const kept = bearer(token(first, goodClaims({ iss: server.origin })))
  t.equal(outcome(await identity.authenticate(kept)), 'verified')
  const other = makeKey('ES256', 'first')
  t.equal(await verify(other), 'bad_signature')
  const early = bearer(token(other, goodClaims({ iss: server.origin })))
  t.equal(outcome(await identity.authenticate(early)), 'bad_signature')
  server.keys = [other.jwk]
  await fire()
  t.equal(outcome(await identity.authenticate(kept)), 'bad_signature')
  t.equal(outcome(await identity.authenticate(early)), 'verified', 'what was remembered as forged is looked at again')
})

const lies: readonly (readonly [string, Behaviour | readonly object[], string])[] = [
  ['a page', 'html', 'malformed'],
  ['an error with the right body', 'error', 'bad_status'],
  ['a redirect', 'redirect', 'redirect'],
  ['2 MiB', 'huge', 'too_large'],
  ['a compressed answer', 'gzip', 'malformed'],
  ['a reset', 'reset', 'unreachable'],
  ['a document with a key twice', 'twice', 'malformed'],
  ['no keys', [], 'no_usable_keys'],
  ['only keys for something else', [{ ...second.jwk, use: 'enc' }], 'no_usable_keys'],
  ['too many keys', Array.from({ length: 101 }, (_, index) => ({ ...second.jwk, kid: `k${index}` })), 'malformed'],
]
for (const [name, lie, reason] of lies) {
  t.test(`${name} changes no key until they are too old`, async (t) => {
    const { server, clock, verify, fire, reports, fetches } = await scene(t)
    t.equal(await verify(first), 'verified')
    if (typeof lie === 'string') server.behaviour = lie
    else server.keys = lie as JwksServer['keys']
    await fire()
    t.same(reports.entries.at(-1), { kind: 'jwks-failed', issuer: 'corp', reason })
    t.equal(await verify(first), 'verified')
    clock.now += AGES.maxStaleMs
    t.equal(await verify(first, { exp: clock.now / 1000 + 60 }), 'verified')
    clock.now += 1
    t.equal(await verify(first, { exp: clock.now / 1000 + 60 }), 'jwks_unavailable')
    server.behaviour = 'good'
    server.keys = [first.jwk]
    await fire()
    t.equal(await verify(first, { exp: clock.now / 1000 + 60 }), 'verified')
    t.notOk(server.asked.entries.includes('/elsewhere'), 'a redirect is not followed')
    t.equal(fetches(), 3)
  })
}

t.test('a set that is being dripped is given up', async (t) => {
  const { server, verify, fire, reports } = await scene(t, () => ({}), 1000)
  t.equal(await verify(first), 'verified')
  server.behaviour = 'drip'
  // The signal's timer would not keep the process alive by itself.
  const alive = setInterval(() => undefined, 1000)
  await fire()
  clearInterval(alive)
  t.same(reports.entries.at(-1), { kind: 'jwks-failed', issuer: 'corp', reason: 'timeout' })
  t.equal(await verify(first), 'verified')
  server.release()
})

t.test('an issuer that cannot be reached is tried again by itself', async (t) => {
  const { server, clock, verify, fire, nextTimer, reports } = await scene(t, (server) => {
    server.behaviour = 'reset'
    return {}
  })
  t.equal(await verify(first), 'jwks_unavailable')
  const delays = [(await nextTimer()).delayMs]
  for (let count = 0; count < 7; count++) delays.push((await fire()).delayMs)
  t.same(delays, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
  t.same(reports.entries, [{ kind: 'jwks-failed', issuer: 'corp', reason: 'unreachable' }], 'said once')
  clock.now += 60_000
  await fire()
  t.equal(reports.entries.length, 2, 'and again after a minute')
  server.behaviour = 'good'
  t.equal((await fire()).delayMs, AGES.refreshMs)
  t.same(reports.entries[2], { kind: 'jwks-refreshed', issuer: 'corp', keys: ['first'] })
  t.equal(await verify(first), 'verified')
  await fire()
  t.equal(reports.entries.length, 3, 'the same keys again are no news')
})

t.test('with real timers it recovers without any request', async (t) => {
  const server = await startJwksServer(t, [first.jwk])
  await server.stop()
  const reports = new Log<IdentityReport>()
  const jwks = { kind: 'url', url: `${server.origin}/jwks`, ...AGES } as const
  const identity = openIdentity(
    { issuers: [issuerSettings('', { issuer: server.origin, jwks })], apiKeys: { enabled: false } },
    quietPorts({ now: NOW }, { report: (report) => reports.push(report) }),
  )
  t.teardown(() => identity.close())
  await reports.until((all) => all.find(({ kind }) => kind === 'jwks-failed'), 'the failure')
  const credential = bearer(token(first, goodClaims({ iss: server.origin })))
  t.match(await identity.authenticate(credential), { outcome: 'unavailable', retryAfterSeconds: 5, method: 'jwt' })
  await server.start()
  await reports.until((all) => all.find(({ kind }) => kind === 'jwks-refreshed'), 'the recovery')
  t.equal(outcome(await identity.authenticate(credential)), 'verified')
})

const metadata: readonly (readonly [string, object, string])[] = [
  ['of this issuer', {}, 'verified'],
  ['of another issuer', { issuer: 'https://evil.example' }, 'issuer_mismatch'],
  ['of this issuer with a slash more', { issuer: 'SLASH' }, 'issuer_mismatch'],
  ['with keys over plain http elsewhere', { jwks_uri: 'http://idp.example/jwks' }, 'insecure_jwks_uri'],
  ['with keys in a file', { jwks_uri: 'file:///etc/passwd' }, 'insecure_jwks_uri'],
  ['with a password in the address', { jwks_uri: 'https://a:b@idp.example/jwks' }, 'insecure_jwks_uri'],
  ['without keys', { jwks_uri: null }, 'malformed'],
]
for (const [name, more, expected] of metadata) {
  t.test(`discovery: metadata ${name}`, async (t) => {
    const { verify, reports, server } = await scene(t, (server) => {
      server.metadata = 'issuer' in more && more.issuer === 'SLASH' ? { issuer: `${server.origin}/` } : { ...more }
      return { jwks: { kind: 'discover', ...AGES } }
    })
    const verdict = await verify(first)
    if (expected === 'verified') t.equal(verdict, expected)
    else t.same([verdict, reports.entries[0]?.reason], ['jwks_unavailable', expected])
    t.equal(server.asked.entries[0], '/.well-known/openid-configuration')
  })
}

t.test('an issuer that has been closed asks no more', async (t) => {
  const { identity, verify, nextTimer, timers, fetches } = await scene(t)
  t.equal(await verify(first), 'verified')
  const timer = await nextTimer()
  identity.close()
  t.ok(timer.cancelled)
  t.equal(await verify(second), 'unknown_kid')
  t.equal(await verify(first), 'verified', 'requests that began before come to their end')
  t.equal(fetches(), 1)
  t.ok(timers.entries.every(({ cancelled }) => cancelled))
})
