import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { mintKey, readKey } from '../../../src/identity/api-keys/key-format.ts'
import { hashSecret, matchesHash } from '../../../src/identity/argon2.ts'
import { openIdentity } from '../../../src/identity/authenticate.ts'
import type { KeyReader, StoredKey } from '../../../src/model/ports.ts'
import { bearer, NOW, outcome, quietPorts } from './forge.ts'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const record = (minted: ReturnType<typeof mintKey>, hash: string, more: Partial<StoredKey> = {}): StoredKey => ({
  id: minted.id,
  tag: minted.tag,
  hash,
  owner: 'ci',
  roles: ['employee'],
  groups: ['builds'],
  workspace: 'research',
  networks: [],
  models: [],
  createdAt: NOW - 1000,
  expiresAt: null,
  revokedAt: null,
  rotatedFrom: null,
  lastUsedAt: null,
  ...more,
})
const minted = mintKey(NOW)
const HASH = await hashSecret(minted.key)

/** A store in memory that counts what is asked of it, and can fail. */
function scene(t: Test, records: StoredKey[]) {
  const clock = { now: NOW }
  const store = { reads: 0, touches: [] as number[], broken: false, records }
  const keys: KeyReader = {
    find: (id) => {
      store.reads++
      if (store.broken) throw new Error('disk')
      return store.records.find((one) => one.id === id)
    },
    touch: (_, at) => {
      store.touches.push(at)
    },
  }
  const identity = openIdentity({ issuers: [], apiKeys: { enabled: true } }, quietPorts(clock, { keys }))
  t.teardown(() => identity.close())
  const verify = async (key: string) => identity.authenticate(bearer(key))
  return { clock, store, identity, verify }
}

t.test('a key gives what its record says', async (t) => {
  const { verify, identity } = scene(t, [record(minted, HASH, { expiresAt: NOW + 5500 })])
  const verification = await verify(minted.key)
  t.same(verification, {
    outcome: 'verified',
    cache: 'miss',
    principal: {
      id: 'ci',
      issuer: 'api_keys',
      method: 'api_key',
      name: null,
      email: null,
      groups: ['builds'],
      roles: ['employee'],
      workspaces: ['research'],
      claims: {},
      mfa: 'unknown',
      acr: undefined,
      authTime: undefined,
      key: minted.id,
      tokenId: null,
      expiresAt: NOW / 1000 + 5,
    },
  })
  const hit = identity.authenticate(bearer(minted.key))
  t.notOk(hit instanceof Promise)
  t.match(hit, { outcome: 'verified', cache: 'hit' })
})

const swap = (key: string, at: number) =>
  key.slice(0, at) + ALPHABET.charAt((ALPHABET.indexOf(key.charAt(at)) + 1) % 32) + key.slice(at + 1)
const malformed: readonly (readonly [string, string])[] = [
  ['nothing after the prefix', 'sp_'],
  ['a typo in the id', swap(minted.key, 10)],
  ['a typo in the secret', swap(minted.key, 40)],
  ['a typo in the checksum', swap(minted.key, 75)],
  ['lower case', `sp_${minted.key.slice(3).toLowerCase()}`],
  ['a character too few', minted.key.slice(0, -1)],
  ['a character too many', `${minted.key}0`],
  ['a line break after it', `${minted.key}\n`],
  ['SQL', `sp_' OR '1'='1`],
  ['the id of the record', minted.id.replace('key_', 'sp_')],
]
t.test('malformed keys cost no look into the store', async (t) => {
  const { verify, store } = scene(t, [record(minted, HASH)])
  for (const [name, key] of malformed) t.equal(outcome(await verify(key)), 'malformed', name)
  t.equal(store.reads, 0)
  t.equal(outcome(await verify(minted.key)), 'verified')
})

t.test('what is stored is no credential', async (t) => {
  const { verify } = scene(t, [record(minted, HASH)])
  const stored = [HASH, minted.tag, minted.id, `sp_${HASH}`, `sp_${minted.tag}`, `sp_${minted.id}`]
  const digest = createHash('sha256').update(minted.key).digest('hex')
  for (const text of [...stored, digest, `sp_${digest}`]) {
    t.match(await verify(text), { outcome: 'rejected' }, text.slice(0, 8))
  }
  t.equal(minted.tag.length, 8, '32 of the 200 bits')
  t.notMatch(minted.key.toLowerCase(), minted.tag)
})

t.test('a key with the right tag and another hash is unknown', async (t) => {
  const other = mintKey(NOW)
  const { verify, store } = scene(t, [record(minted, await hashSecret(other.key))])
  t.equal(outcome(await verify(minted.key)), 'unknown_key')
  store.records = [record(minted, HASH)]
  t.equal(outcome(await verify(minted.key)), 'verified')
})

const invalid: readonly (readonly [string, Partial<StoredKey>, string])[] = [
  ['revoked', { revokedAt: NOW - 1 }, 'revoked'],
  ['revoked in a future that another clock is in', { revokedAt: NOW + 1000 }, 'revoked'],
  ['expired', { expiresAt: NOW }, 'expired'],
  ['about to expire', { expiresAt: NOW + 1 }, 'verified'],
  ['with another tag', { tag: '00000000' }, 'unknown_key'],
  ['with an empty tag', { tag: '' }, 'unknown_key'],
  ['with a hash of another kind', { hash: '$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA' }, 'store_corrupt'],
  ['with a hash that would cost a gigabyte', { hash: HASH.replace('m=19456', 'm=1048576') }, 'store_corrupt'],
  ['with the key itself for a hash', { hash: minted.key }, 'store_corrupt'],
]
for (const [name, more, expected] of invalid) {
  t.test(`a key ${name}`, async (t) => {
    const { verify } = scene(t, [record(minted, HASH, more)])
    t.equal(outcome(await verify(minted.key)), expected)
  })
}

t.test('a revocation takes effect within 10 s, an expiry at once', async (t) => {
  const { clock, store, verify } = scene(t, [record(minted, HASH)])
  t.equal(outcome(await verify(minted.key)), 'verified')
  store.records = [record(minted, HASH, { revokedAt: clock.now })]
  clock.now += 9999
  t.equal(outcome(await verify(minted.key)), 'verified')
  clock.now += 1
  t.equal(outcome(await verify(minted.key)), 'revoked')
  store.records = [record(minted, HASH, { expiresAt: clock.now + 5 })]
  t.equal(outcome(await verify(minted.key)), 'verified')
  clock.now += 5
  t.equal(outcome(await verify(minted.key)), 'expired')
  store.records = []
  t.equal(outcome(await verify(minted.key)), 'unknown_key')
})

t.test('a store that cannot be read is no refusal', async (t) => {
  const { clock, store, verify } = scene(t, [record(minted, HASH)])
  t.equal(outcome(await verify(minted.key)), 'verified')
  store.broken = true
  clock.now += 10_000
  t.match(await verify(minted.key), { outcome: 'unavailable', reason: 'store_unavailable', method: 'api_key' })
  store.broken = false
  t.equal(outcome(await verify(minted.key)), 'verified')
})

t.test('without a store nobody can tell', async (t) => {
  const identity = openIdentity({ issuers: [], apiKeys: { enabled: true } }, quietPorts({ now: NOW }))
  t.match(await identity.authenticate(bearer(minted.key)), { outcome: 'unavailable' })
})

t.test('the last use is noted once a minute', async (t) => {
  const { clock, store, verify } = scene(t, [record(minted, HASH)])
  for (let count = 0; count < 13; count++) {
    t.equal(outcome(await verify(minted.key)), 'verified')
    clock.now += 5000
  }
  t.same(store.touches, [NOW, NOW + 60_000])
})

t.test('the slow hash is computed once for a key, however many ask and however often its record is read', async (t) => {
  const { clock, store, identity, verify } = scene(t, [record(minted, HASH)])
  const answers = Array.from({ length: 100 }, () => identity.authenticate(bearer(minted.key)))
  t.equal(new Set(answers).size, 1)
  await Promise.all(answers)
  clock.now += 10_000
  t.notOk(identity.authenticate(bearer(minted.key)) instanceof Promise)
  t.equal(store.reads, 101)
  store.records = [record(minted, await hashSecret(minted.key))]
  clock.now += 10_000
  t.ok(identity.authenticate(bearer(minted.key)) instanceof Promise, 'another hash has to be computed')
  t.equal(outcome(await verify(minted.key)), 'verified')
})

t.test('a flood keeps few waiting, and wrong keys none', async (t) => {
  const others = Array.from({ length: 80 }, () => mintKey(NOW))
  const hash = await hashSecret('another')
  const { identity, verify } = scene(t, [record(minted, HASH), ...others.map((other) => record(other, hash))])
  // Wrong keys for a known id: the same ULID, another secret. They never reach the slow hash.
  const wrong = Array.from({ length: 500 }, () => {
    const body = mintKey(NOW, (size) => (size === 10 ? ulidBytes(minted.id) : randomOf(size)))
    return identity.authenticate(bearer(body.key))
  })
  t.ok(wrong.every((answer) => !(answer instanceof Promise)))
  t.equal(outcome(await verify(minted.key)), 'verified')
  const answers = others.map((other) => identity.authenticate(bearer(other.key)))
  const verdicts = (await Promise.all(answers)).map(outcome)
  t.equal(verdicts.filter((verdict) => verdict === 'unknown_key').length, 66, 'two at once and 64 waiting')
  t.equal(verdicts.filter((verdict) => verdict === 'busy').length, 14)
})

const randomOf = (size: number) => Buffer.from(Array.from({ length: size }, () => Math.floor(Math.random() * 256)))
function ulidBytes(id: string): Buffer {
  let value = 0n
  for (const letter of id.slice('key_'.length + 10)) value = value * 32n + BigInt(ALPHABET.indexOf(letter))
  return Buffer.from(value.toString(16).padStart(20, '0'), 'hex')
}

t.test('the form of a key', async (t) => {
  t.match(minted.key, /^sp_[0-9A-HJKMNP-TV-Z]{73}$/)
  t.match(minted.id, /^key_[0-9A-HJKMNP-TV-Z]{26}$/)
  t.same(readKey(minted.key), { id: minted.id, tag: minted.tag })
  const fixed = mintKey(NOW, (size) => Buffer.alloc(size, 7))
  t.equal(mintKey(NOW, (size) => Buffer.alloc(size, 7)).key, fixed.key)
  t.ok(mintKey(NOW + 1).id > mintKey(NOW).id, 'ids are in the order of their making')
  t.notOk(await matchesHash(HASH, fixed.key))
  t.ok(await matchesHash(HASH, minted.key))
})
