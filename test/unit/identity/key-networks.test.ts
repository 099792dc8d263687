import t, { type Test } from 'tap'
import { mintKey } from '../../../src/identity/api-keys/key-format.ts'
import { hashSecret } from '../../../src/identity/argon2.ts'
import { openIdentity } from '../../../src/identity/authenticate.ts'
import type { StoredKey } from '../../../src/model/ports.ts'
import { bearer, NOW, outcome, quietPorts } from './forge.ts'

const minted = mintKey(NOW)
const hash = await hashSecret(minted.key)

function scene(t: Test, networks: readonly string[], more: Partial<StoredKey> = {}) {
  const touched: number[] = []
  const clock = { now: NOW }
  const grant = { owner: 'ci', roles: [], groups: [], workspace: null, networks, models: [], createdAt: NOW }
  const times = { expiresAt: null, revokedAt: null, rotatedFrom: null, lastUsedAt: null }
  const record: StoredKey = { ...grant, ...times, ...more, hash, id: minted.id, tag: minted.tag }
  const keys = {
    find: (id: string) => (id === record.id ? record : undefined),
    touch: (_: string, at: number) => void touched.push(at),
  }
  const identity = openIdentity({ issuers: [], apiKeys: { enabled: true } }, quietPorts(clock, { keys }))
  t.teardown(() => identity.close())
  return {
    touched,
    clock,
    identity,
    verify: async (client?: string) => identity.authenticate(bearer(minted.key), client),
  }
}

type Row = readonly [name: string, networks: readonly string[], client: string | undefined, isInside: boolean]
const table: readonly Row[] = [
  ['everywhere', [], '192.0.2.1', true],
  ['everywhere, and nobody knows where', [], undefined, true],
  ['inside', ['10.0.0.0/8'], '10.9.8.7', true],
  ['outside', ['10.0.0.0/8'], '11.0.0.1', false],
  ['nobody knows where', ['0.0.0.0/0', '::/0'], undefined, false],
  ['what is no address', ['0.0.0.0/0', '::/0'], 'unknown', false],
  ['an address alone', ['192.0.2.1'], '192.0.2.1', true],
  ['the one beside it', ['192.0.2.1'], '192.0.2.2', false],
  ['the second of two', ['192.0.2.1', '2001:db8::/32'], '2001:db8::7', true],
  ['IPv6 outside', ['2001:db8::/32'], '2001:db9::7', false],
  ['an IPv4 address written as IPv6', ['10.0.0.0/8'], '::ffff:10.9.8.7', true],
  ['an IPv4 range written as IPv6', ['::ffff:10.0.0.0/104'], '10.9.8.7', true],
  ['IPv4 is not in all of IPv6', ['::/0'], '10.9.8.7', false],
  ['what is stored and no network lets nobody in', ['x'], '10.9.8.7', false],
  ['nor does what stands beside it suffer', ['x', '10.0.0.0/8'], '10.9.8.7', true],
]

t.test('a key is good where it may be used from', async (t) => {
  for (const [name, networks, client, isInside] of table) {
    const { verify, touched } = scene(t, networks)
    const expected = isInside ? 'verified' : 'network_not_allowed'
    t.equal(outcome(await verify(client)), expected, name)
    t.equal(outcome(await verify(client)), expected, `${name}: remembered`)
    t.equal(touched.length, isInside ? 1 : 0, `${name}: a use is one that was let in`)
  }
})

t.test('who is let in lets nobody else in, and who is not keeps nobody out', async (t) => {
  const { verify } = scene(t, ['10.0.0.0/8'])
  // All at once: they share what is found of the key.
  const clients = ['192.0.2.1', '10.0.0.1', undefined, '10.0.0.2']
  const expected = ['network_not_allowed', 'verified', 'network_not_allowed', 'verified']
  t.same((await Promise.all(clients.map(verify))).map(outcome), expected)
  t.same((await Promise.all(clients.map(verify))).map(outcome), expected, 'and once more, remembered')
})

t.test('what else is wrong with a key is said first', async (t) => {
  t.equal(outcome(await scene(t, ['10.0.0.0/8'], { revokedAt: NOW }).verify('192.0.2.1')), 'revoked')
  t.equal(outcome(await scene(t, ['10.0.0.0/8'], { expiresAt: NOW }).verify('192.0.2.1')), 'expired')
})

t.test('the models of a key stand in its principal', async (t) => {
  t.match(await scene(t, [], { models: ['gpt-*'] }).verify(), { principal: { models: ['gpt-*'] } })
  const { principal } = (await scene(t, []).verify()) as { principal?: object }
  t.notOk(Object.hasOwn(principal ?? {}, 'models'), 'and none where it has no limit')
})
