import t from 'tap'
import { Secret } from '../../../../src/model/secret.ts'
import { folder, NOW, open } from '../../stores/store-scene.ts'
import { hashOf, PASSWORD, SETTINGS, scene, user } from './scene.ts'

const RECORD_MS = 10_000

t.test('a user of the store signs in with one factor', async (t) => {
  const { verify } = await scene(t)
  const principal = {
    id: 'alice',
    issuer: 'local',
    method: 'local',
    name: 'Alice A.',
    email: 'alice@example.org',
    groups: ['analysts'],
    roles: ['auditor'],
    workspaces: ['research'],
    claims: {},
    mfa: 'no',
    acr: undefined,
    authTime: NOW / 1000,
    key: null,
    tokenId: null,
    expiresAt: null,
  }
  t.same(await verify('alice', PASSWORD), { outcome: 'verified', principal, cache: 'miss' })
  t.same(await verify('local\\alice', PASSWORD), { outcome: 'verified', principal, cache: 'hit' })
})

const refused: readonly (readonly [name: string, username: string, password: string, reason: string])[] = [
  ['another password', 'alice', `${PASSWORD}!`, 'wrong_password'],
  ['one in other letters', 'alice', PASSWORD.toUpperCase(), 'wrong_password'],
  ['no password', 'alice', '', 'malformed'],
  ['a password of control characters', 'alice', `${PASSWORD}\0`, 'malformed'],
  ['a very long password', 'alice', 'a'.repeat(1025), 'malformed'],
  ['a password that is no text', 'alice', '\ud800', 'malformed'],
  ['nobody', 'bob', PASSWORD, 'unknown_user'],
  ['a name in other letters', 'Alice', PASSWORD, 'unknown_user'],
  ['a name that looks like it', '\uff41lice', PASSWORD, 'unknown_user'],
  ['a name with a space', 'alice ', PASSWORD, 'malformed'],
  ['a name with what is not seen', 'al\u200bice', PASSWORD, 'malformed'],
  ['a name with an end', 'alice\0', PASSWORD, 'malformed'],
  ['no name', '', PASSWORD, 'malformed'],
  ['no name behind the source', 'local\\', PASSWORD, 'malformed'],
  ['a user of a directory that there is not', 'ad\\alice', PASSWORD, 'malformed'],
  ['a name of SQL', "' OR '1'='1", PASSWORD, 'unknown_user'],
  ['a name of patterns', 'alic_', PASSWORD, 'unknown_user'],
  ['the stored hash', 'alice', '$argon2id$v=19$m=19456,t=2,p=1$', 'wrong_password'],
  ['a name that every object has', 'constructor', PASSWORD, 'unknown_user'],
]
t.test('and nobody else, with nothing else', async (t) => {
  const { says, store } = await scene(t)
  for (const [index, [name, username, password, reason]] of refused.entries()) {
    store.accountFailures.clear({ source: 'local', account: 'alice' })
    const { says: fresh } = index % 4 === 3 ? await scene(t) : { says }
    t.equal(await fresh(username, password, `192.0.2.${index}`), reason, name)
  }
})

t.test('whoever has no password, and who is disabled, is out', async (t) => {
  const { says, store } = await scene(t)
  await store.users.create(await user('bob', { hash: null }))
  await store.users.create(await user('carol', { disabledAt: NOW }))
  t.equal(await says('bob', PASSWORD), 'wrong_password')
  t.equal(await says('carol', PASSWORD), 'account_disabled')
  t.equal(
    await says('carol', 'a wrong one of Carol'),
    'wrong_password',
    'who guesses is told nothing, in the audit either',
  )
})

t.test('an empty store lets nobody in, whoever comes first', async (t) => {
  const { process } = await scene(t)
  const store = open(t, `${folder(t)}/store.db`)
  const identity = process(store)
  for (const name of ['admin', 'root', 'sallyport']) {
    const credential = { kind: 'basic', username: name, password: new Secret('admin') } as const
    t.match(await identity.authenticate(credential, '127.0.0.1'), { outcome: 'rejected', reason: 'unknown_user' })
  }
  t.same(await store.users.list(), [], 'and nobody is made')
})

t.test('a password is one however its letters are written', async (t) => {
  const { says, store } = await scene(t)
  await store.users.setHash('alice', await hashOf('Žluťoučký kůň úpěl'), NOW)
  t.equal(await says('alice', 'Žluťoučký kůň úpěl'.normalize('NFD')), 'verified')
  t.equal(await says('alice', 'Zlutoucky kun upel'), 'wrong_password', 'the twin')
})

type Change = (store: Awaited<ReturnType<typeof scene>>['store']) => Promise<unknown>
const ends: readonly (readonly [name: string, change: Change, reason: string])[] = [
  ['disabled', (store) => store.users.disable('alice', NOW, NOW), 'account_disabled'],
  ['removed', (store) => store.users.remove('alice', NOW), 'unknown_user'],
  [
    'given another password',
    async (store) => store.users.setHash('alice', await hashOf('another'), NOW),
    'wrong_password',
  ],
]
for (const [name, change, reason] of ends) {
  t.test(`who is ${name} by another process is out within ten seconds`, async (t) => {
    const { says, verify, store, file, clock } = await scene(t)
    t.equal(await says('alice', PASSWORD), 'verified')
    await change(open(t, file))
    clock.now += RECORD_MS - 1
    t.equal(await says('alice', PASSWORD), 'verified', 'what was read is believed so long')
    clock.now += 1
    t.equal(await says('alice', PASSWORD), reason)
    clock.now += 2000
    await store.users.remove('alice', NOW)
    await store.users.create(await user('alice', { groups: ['other'] }))
    t.match(await verify('alice', PASSWORD), { principal: { groups: ['other'] } }, 'the twin')
  })
}

t.test('the hash is computed again after ten minutes, and for nothing before', async (t) => {
  const { verify, clock, store } = await scene(t)
  await verify('alice', PASSWORD)
  await store.users.change('alice', { groups: ['g2'] }, NOW)
  clock.now += 599_000
  const same = { outcome: 'verified', principal: { authTime: NOW / 1000, groups: ['g2'] } }
  t.match(await verify('alice', PASSWORD), same, 'the proof is that of the first time')
  clock.now += 1000
  await store.users.change('alice', { groups: ['g3'] }, NOW)
  t.match(await verify('alice', PASSWORD), { principal: { authTime: NOW / 1000 + 600, groups: ['g3'] } })
})

t.test('where nobody can tell, that is what is said', async (t) => {
  const { says, store, clock, verify, process } = await scene(t)
  t.equal(await says('alice', PASSWORD, '', process(null)), 'store_unavailable', 'no store is open')
  await store.users.create(await user('odd', { hash: '$argon2id$v=19$m=9999999,t=9,p=9$c2FsdA$aGFzaA' }))
  t.equal(await says('odd', PASSWORD), 'store_corrupt')
  t.equal(await says('alice', PASSWORD), 'verified', 'the twin')
  clock.now += RECORD_MS
  store.close()
  t.match(await verify('alice', PASSWORD), { outcome: 'unavailable', method: 'local', issuer: 'local' })
  t.equal(await says('nobody', PASSWORD), 'store_unavailable')
})

t.test('beside directories a plain name is not a user of the store', async (t) => {
  const { says, process } = await scene(t)
  const ldap = [{ name: 'ad' }] as never
  const { plans } = (await import('../../../../src/identity/methods/local.ts')).local
  const [plan] = plans({ ...SETTINGS, ldap })
  const method = plan?.open({ clock: () => NOW, keys: null, report: () => undefined })
  const owns = (username: string) => method?.owns({ kind: 'basic', username, password: new Secret('x') })
  t.same(['alice', 'ad\\alice', 'local\\alice', 'local/alice'].map(owns), [false, false, true, true])
  t.same(plans({ issuers: [], apiKeys: { enabled: true } }), [], 'and nobody is one where they are not asked for')
  const off = process(undefined, { ...SETTINGS, local: { enabled: false } })
  t.equal(await says('local\\alice', PASSWORD, '', off), 'unsupported_scheme')
  t.equal(await says('alice', PASSWORD), 'verified', 'the twin')
})

t.test('what was found goes on across a reload', async (t) => {
  const { identity, process, verify } = await scene(t)
  await verify('alice', PASSWORD)
  const next = process(undefined, SETTINGS, identity)
  t.match(await verify('alice', PASSWORD, '', next), { cache: 'hit' })
})
