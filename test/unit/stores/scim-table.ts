import type { ScimGroup, ScimUser } from '../../../src/model/scim.ts'
import { NOW } from './store-scene.ts'
import type { StoreRow } from './store-table.ts'

const NOTE = { action: 'scim-user-changed', source: 'scim' }
const ALL = { from: 0, most: 10 }

const user = (id: string, more: Partial<ScimUser> = {}): ScimUser => ({
  id,
  userName: `${id}@example.org`,
  externalId: `x-${id}`,
  active: true,
  resource: '{"displayName":"Ü"}',
  version: 1,
  createdAt: NOW,
  changedAt: NOW,
  ...more,
})

const group = (id: string, members: readonly string[], more: Partial<ScimGroup> = {}): ScimGroup => ({
  id,
  display: `group ${id}`,
  externalId: null,
  resource: '{}',
  members,
  version: 1,
  createdAt: NOW,
  changedAt: NOW,
  ...more,
})

export const SCIM_TABLE: readonly StoreRow[] = [
  [
    'a user that the provider disables is so for everybody',
    async (t, one, other) => {
      t.equal(await one.scimUsers.create(user('u1'), NOTE), 'created')
      t.equal(await other.scimUsers.standing('userName', 'u1@example.org'), 'active')
      t.equal(await other.scimUsers.standing('userName', 'U1@example.org'), 'active', 'however it is written')
      t.equal(await other.scimUsers.standing('userName', 'x-u1'), 'unknown')
      t.equal(await other.scimUsers.standing('externalId', 'x-u1'), 'active')
      t.equal(await other.scimUsers.standing('externalId', 'X-u1'), 'unknown', 'exactly this one')
      t.equal(await other.scimUsers.standing('userName', '\0'), 'unknown')
      t.equal(await one.scimUsers.replace(user('u1', { active: false, version: 2 }), NOTE), 'replaced')
      t.equal(await other.scimUsers.standing('userName', 'U1@example.org'), 'inactive')
      t.equal(await one.scimUsers.create(user('u2', { externalId: 'x-u1' }), NOTE), 'created')
      t.equal(
        await other.scimUsers.standing('externalId', 'x-u1'),
        'inactive',
        'where two have it, both may call or none',
      )
      t.equal(await other.scimUsers.replace(user('u1', { version: 2 }), NOTE), 'changed', 'somebody was faster')
      t.equal(await other.scimUsers.replace(user('u9', { version: 2 }), NOTE), 'unknown')
      t.same(await other.scimUsers.find('u1'), user('u1', { active: false, version: 2 }))
    },
  ],
  [
    'a name stands once, however it is written',
    async (t, one, other) => {
      await one.scimUsers.create(user('u1'), NOTE)
      t.equal(await other.scimUsers.create(user('u2', { userName: 'U1@EXAMPLE.ORG' }), NOTE), 'taken')
      t.equal(await other.scimUsers.create(user('u2'), NOTE), 'created')
      t.equal(await other.scimUsers.replace(user('u2', { userName: 'U1@example.org', version: 2 }), NOTE), 'taken')
      t.match(await one.scimUsers.list({ userName: 'U1@example.org' }, ALL), { total: 1, found: [{ id: 'u1' }] })
      t.match(await one.scimUsers.list({ externalId: 'x-u2' }, ALL), { total: 1, found: [{ id: 'u2' }] })
      t.match(await one.scimUsers.list({ externalId: "' OR 1=1 --" }, ALL), { total: 0, found: [] })
      t.match(await one.scimUsers.list({ id: 'u2' }, ALL), { total: 1, found: [{ id: 'u2' }] })
      t.match(await one.scimUsers.list({ id: 'u2', userName: 'u1@example.org' }, ALL), { total: 0 })
      t.match(await one.scimUsers.list({}, { from: 1, most: 1 }), { total: 2, found: [{ id: 'u2' }] })
    },
  ],
  [
    'groups have members that are there, and lose those that are removed',
    async (t, one, other) => {
      for (const id of ['u1', 'u2']) await one.scimUsers.create(user(id), NOTE)
      t.equal(await one.scimGroups.create(group('g1', ['u1', 'u9']), NOTE), 'unknown')
      t.equal(await one.scimGroups.create(group('g1', ['u2', 'u1', 'u2']), NOTE), 'created')
      t.equal(await other.scimGroups.create(group('g2', [], { display: 'GROUP G1' }), NOTE), 'taken')
      t.same(await other.scimGroups.find('g1'), group('g1', ['u1', 'u2']))
      t.same(await other.scimGroups.groupsOf('u1@example.org'), ['group g1'])
      t.equal(await other.scimGroups.replace(group('g1', ['u2'], { version: 2 }), NOTE), 'replaced')
      t.equal(await one.scimGroups.replace(group('g1', ['u1'], { version: 2 }), NOTE), 'changed')
      t.same(await one.scimGroups.groupsOf('u1@example.org'), [])
      t.equal(await one.scimUsers.remove('u2', NOW, NOTE), true)
      t.match(await other.scimGroups.list({ display: 'Group G1' }, ALL), { total: 1, found: [{ members: [] }] })
      t.match(await other.scimGroups.list({ id: 'g1' }, ALL), { total: 1 })
      const many = Array.from({ length: 1001 }, (_, index) => `m${index}`)
      for (const id of many) await one.scimUsers.create(user(id, { externalId: null }), NOTE)
      t.equal(await other.scimGroups.replace(group('g1', many, { version: 3 }), NOTE), 'replaced')
      t.equal((await one.scimGroups.find('g1'))?.members.length, 1001)
      t.equal(await other.scimGroups.replace(group('g1', [...many, 'u9'], { version: 4 }), NOTE), 'unknown')
      t.equal(await other.scimGroups.remove('g1', NOW, NOTE), true)
      t.equal(await other.scimGroups.remove('g1', NOW, NOTE), false)
      t.equal(await other.scimUsers.remove('u2', NOW, NOTE), false)
    },
  ],
]
