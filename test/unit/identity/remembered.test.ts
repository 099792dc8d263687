import { join } from 'node:path'
import t from 'tap'
import { openIdentity } from '../../../src/identity/authenticate.ts'
import { Recent } from '../../../src/identity/recent.ts'
import {
  b64,
  bearer,
  folder,
  goodClaims,
  issuerSettings,
  makeKey,
  NOW,
  NOW_S,
  outcome,
  quietPorts,
  scene,
  token,
  writeKeys,
} from './forge.ts'

const key = makeKey('ES256', 'es')
const OTHER = 'https://other.example'

t.test('a token is verified once, and answered at once after that', async (t) => {
  const { identity, clock } = scene(t, [key.jwk])
  const credential = () => bearer(token1)
  const token1 = token(key)
  t.match(await identity.authenticate(credential()), { outcome: 'verified', cache: 'miss' })
  const hit = identity.authenticate(credential())
  t.notOk(hit instanceof Promise)
  t.match(hit, { outcome: 'verified', cache: 'hit' })
  clock.now += 59_999
  t.match(identity.authenticate(credential()), { cache: 'hit' })
  clock.now += 1
  t.match(await identity.authenticate(credential()), { cache: 'miss' }, 'and looked at again after a minute')
})

const times: readonly (readonly [string, object, number, string])[] = [
  ['exp is met while it is remembered', { exp: NOW_S + 10 }, 40_000, 'expired'],
  ['its twin lives', { exp: NOW_S + 11 }, 40_000, 'verified'],
  ['the clock goes back before nbf', { nbf: NOW_S - 100 }, -130_001, 'not_yet_valid'],
  ['the clock goes back and nbf still holds', { nbf: NOW_S - 100, iat: NOW_S - 100 }, -130_000, 'verified'],
]
for (const [name, more, moveMs, expected] of times) {
  t.test(name, async (t) => {
    const { verify, clock } = scene(t, [key.jwk])
    const text = token(key, goodClaims({ iat: NOW_S - 100, ...more }))
    t.equal(outcome(await verify(text)), 'verified')
    clock.now += moveMs
    t.equal(outcome(await verify(text)), expected)
  })
}

t.test('tokens that differ only in what a lax reader drops are not one', async (t) => {
  const { verify } = scene(t, [key.jwk])
  const good = token(key)
  t.equal(outcome(await verify(good)), 'verified')
  for (const text of [`${good}=`, `${good}\n`, `${good}\t`, `${good}.`, good.replace('.', '..'), good.toUpperCase()]) {
    t.equal(outcome(await verify(text)), 'malformed', JSON.stringify(text.slice(-4)))
  }
  const [h = '', p = '', s = ''] = good.split('.')
  const evil = b64(goodClaims({ sub: 'root' }))
  t.equal(outcome(await verify(`${h}.${evil}.${s}`)), 'bad_signature')
  t.equal(outcome(await verify(`${h}.${p}.${s}`)), 'verified')
})

t.test('two issuers with one key confuse nobody', async (t) => {
  const clock = { now: NOW }
  const file = writeKeys(join(folder(t), 'jwks.json'), [key.jwk])
  const issuers = [issuerSettings(file), issuerSettings(file, { name: 'other', issuer: OTHER, audience: ['other'] })]
  const identity = openIdentity({ issuers, apiKeys: { enabled: false } }, quietPorts(clock))
  t.teardown(() => identity.close())
  const rows = [
    [token(key, goodClaims()), 'corp'],
    [token(key, goodClaims({ iss: OTHER, aud: 'other' })), 'other'],
    [token(key, goodClaims({ iss: OTHER })), 'wrong_aud'],
    [token(key, goodClaims({ aud: 'other' })), 'wrong_aud'],
    [token(key, goodClaims({ iss: OTHER, aud: ['other', 'sallyport'] })), 'other'],
  ] as const
  for (const round of ['first', 'remembered']) {
    for (const [text, expected] of rows) {
      const verification = await identity.authenticate(bearer(text))
      t.equal(
        verification.outcome === 'verified' ? verification.principal.issuer : outcome(verification),
        expected,
        round,
      )
    }
  }
})

t.test('a key of one issuer signs nothing for another', async (t) => {
  const at = folder(t)
  const mine = makeKey('ES256', 'same')
  const theirs = makeKey('ES256', 'same')
  const issuers = [
    issuerSettings(writeKeys(join(at, 'a.json'), [mine.jwk])),
    issuerSettings(writeKeys(join(at, 'b.json'), [theirs.jwk]), { name: 'other', issuer: OTHER }),
  ]
  const identity = openIdentity({ issuers, apiKeys: { enabled: false } }, quietPorts({ now: NOW }))
  t.teardown(() => identity.close())
  const verdict = async (text: string) => outcome(await identity.authenticate(bearer(text)))
  t.equal(await verdict(token(theirs, goodClaims())), 'bad_signature')
  t.equal(await verdict(token(mine, goodClaims({ iss: OTHER }))), 'bad_signature')
  t.equal(await verdict(token(mine, goodClaims())), 'verified')
  t.equal(await verdict(token(theirs, goodClaims({ iss: OTHER }))), 'verified')
})

t.test('many requests with one new token share one verification', async (t) => {
  const { identity, verify } = scene(t, [key.jwk])
  await verify(token(key, goodClaims({ jti: 'other' })))
  const text = token(key)
  const answers = Array.from({ length: 50 }, () => identity.authenticate(bearer(text)))
  t.equal(new Set(answers).size, 1)
  for (const answer of answers) t.equal(outcome(await answer), 'verified')
})

t.test('too many signatures at once are put off, not refused', async (t) => {
  const { identity, verify } = scene(t, [key.jwk])
  await verify(token(key))
  const [h, p] = token(key).split('.')
  const forged = (index: number) => `${h}.${p}.${b64(Buffer.alloc(64, `${index}`))}`
  const answers = await Promise.all(
    Array.from({ length: 1100 }, (_, index) => identity.authenticate(bearer(forged(index)))),
  )
  const verdicts = new Set(answers.map(outcome))
  t.same([...verdicts].sort(), ['bad_signature', 'busy'])
  t.match(
    answers.find(({ outcome }) => outcome === 'unavailable'),
    { retryAfterSeconds: 1 },
  )
  t.equal(outcome(await verify(token(key, goodClaims({ jti: 'after' })))), 'verified')
})

t.test('what is remembered is bounded, and what is used stays', async (t) => {
  const recent = new Recent<number>(100)
  let largest = 0
  for (let index = 0; index < 10_000; index++) {
    recent.set(`k${index}`, index)
    largest = Math.max(largest, recent.size)
    if (index > 0 && recent.get('k0') !== 0) t.fail('what is used has been dropped')
  }
  t.ok(largest <= 100)
  t.equal(recent.get('k5000'), undefined)
  t.equal(recent.get('k9999'), 9999)
  recent.delete('k9999')
  t.equal(recent.get('k9999'), undefined)
})
