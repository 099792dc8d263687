import t from 'tap'
import type { ScimMatch } from '../../../src/model/scim.ts'
import { openDeprovisioner } from '../../../src/serving/deprovisioner.ts'
import { folder, key, NOW, open } from '../stores/store-scene.ts'
import { actions } from '../stores/store-table.ts'

const BY = { user: 'scim', host: '127.0.0.1' }
const asked = (subject: string, issuer = 'corp') => ({ issuer, subject, jti: null, key: null, issuedAt: NOW - 1 })
const people = (source = 'corp', match: ScimMatch = 'userName') => ({ source, match })
const user = (name: string) => {
  const nothing = { display: null, email: null, groups: [], roles: [], workspace: null, hash: 'h', disabledAt: null }
  return { ...nothing, name, changedAt: NOW, createdAt: NOW }
}

t.test('who is disabled has no token any more, and keys that wait', async (t) => {
  const store = open(t, `${folder(t)}/store.db`)
  const end = openDeprovisioner(
    () => people(),
    () => store,
    () => NOW,
  )
  await store.create(key('k1', { owner: 'alice' }))
  await store.users.create(user('alice'))
  await end.disabled('alice', BY)
  await end.disabled('alice', BY)
  t.equal(store.revocations.isRevoked(asked('alice'), NOW), true)
  t.equal(store.revocations.isRevoked({ ...asked('alice'), issuedAt: NOW + 1 }, NOW), false, 'a later one is another')
  t.equal(store.revocations.isRevoked(asked('alice', 'other'), NOW), false, 'of another source')
  t.equal(store.revocations.isRevoked(asked('bob'), NOW), false)
  t.equal(store.find('k1')?.revokedAt, null)
  t.equal(store.users.find('alice')?.disabledAt, null, 'a local user of that name is somebody else')
  await end.enabled('alice', BY)
  t.equal(store.revocations.isRevoked(asked('alice'), NOW), true, 'what was issued before stays over')
})

t.test('who is removed has no key any more', async (t) => {
  const store = open(t, `${folder(t)}/store.db`)
  const end = openDeprovisioner(
    () => people(),
    () => store,
    () => NOW,
  )
  for (const [id, owner] of Object.entries({ k1: 'alice', k2: 'ALICE', k3: 'bob' }))
    await store.create(key(id, { owner }))
  await store.create(key('k4', { owner: 'alice', revokedAt: NOW - 5 }))
  await end.removed('alice', BY)
  await end.removed('alice', BY)
  const ended = (await store.list()).map(({ id, revokedAt }) => [id, revokedAt])
  t.same(ended, [
    ['k1', NOW],
    ['k2', NOW],
    ['k3', null],
    ['k4', NOW - 5],
  ])
  t.equal(store.revocations.isRevoked(asked('alice'), NOW), true)
})

t.test('a local user is disabled, enabled again, and never removed', async (t) => {
  const store = open(t, `${folder(t)}/store.db`)
  const end = openDeprovisioner(
    () => people('local'),
    () => store,
    () => NOW,
  )
  await store.users.create(user('alice'))
  await end.disabled('Alice', BY)
  t.equal(store.users.find('alice')?.disabledAt, NOW, 'however the name is written')
  await end.disabled('Alice', BY)
  await end.enabled('alice', BY)
  t.equal(store.users.find('alice')?.disabledAt, null)
  await end.removed('alice', BY)
  t.equal(store.users.find('alice')?.disabledAt, NOW)
  await end.disabled('nobody', BY)
  const local = (await actions(store)).filter((action) => action.startsWith('user-'))
  t.same(local, ['user-created alice', 'user-changed alice', 'user-changed alice', 'user-changed alice'])
})

t.test('a name is meant however it is written, and an id of the provider exactly', async (t) => {
  for (const [match, isAny] of [
    ['userName', true],
    ['externalId', false],
  ] as const) {
    const store = open(t, `${folder(t)}/store.db`)
    const end = openDeprovisioner(
      () => people('corp', match),
      () => store,
      () => NOW,
    )
    await store.create(key('k1', { owner: 'alice@example.org' }))
    await end.removed('Alice@Example.ORG', BY)
    t.equal(store.revocations.isRevoked(asked('Alice@Example.ORG'), NOW), true, match)
    t.equal(store.revocations.isRevoked(asked('alice@example.org'), NOW), isAny, `${match}: as a token may have it`)
    t.equal(store.revocations.isRevoked(asked('alice@example.org', 'other'), NOW), false, 'of another source')
    t.equal(store.revocations.isRevoked(asked('alice@example.com'), NOW), false)
    t.equal(store.find('k1')?.revokedAt, isAny ? NOW : null, `${match}: a key of that owner`)
  }
})

t.test('where there is no store nothing is promised', async (t) => {
  const end = openDeprovisioner(
    () => people(),
    () => null,
    () => NOW,
  )
  await t.rejects(end.disabled('alice', BY))
  await t.rejects(end.removed('alice', BY))
})
