import type { Test } from 'tap'
import type { StoredUser } from '../../../src/model/accounts.ts'
import { Secret } from '../../../src/model/secret.ts'
import type { KeyStore } from '../../../src/stores/keys.ts'
import { key, NOW } from './store-scene.ts'

/** Told of two stores that share what is in them, as two processes of a fleet do. */
export type StoreRow = readonly [name: string, test: (t: Test, one: KeyStore, other: KeyStore) => Promise<void>]

export const BY = { user: 'root', host: 'bastion' }
const EVIL = ["' OR '1'='1", "bob'; DROP TABLE users; --", 'bob%', 'bob_', '"bob"', 'bob\0', 'bob\ud800', '$1', '?']

const user = (name: string, more: Partial<StoredUser> = {}): StoredUser => ({
  name,
  display: 'Bob',
  email: null,
  groups: ['a', 'b'],
  roles: [],
  workspace: null,
  hash: null,
  disabledAt: null,
  changedAt: NOW,
  createdAt: NOW,
  ...more,
})

export const factor = {
  source: 'local',
  account: 'bob',
  secret: new Secret('JBSWY3DP'),
  lastStep: null,
  createdAt: NOW,
}
export const of = { source: 'local', account: 'bob' }

export async function actions(store: KeyStore): Promise<string[]> {
  const found: string[] = []
  for (let event = await store.userEvents.claim(NOW); event !== null; event = await store.userEvents.claim(NOW)) {
    found.push(`${event.action} ${event.account}`)
    await store.userEvents.settle(event, NOW)
  }
  return found
}

const keys: readonly StoreRow[] = [
  [
    'a key that one has made is found by the other, and so is its end',
    async (t, one, other) => {
      await one.create(key('k1', { groups: ['ü', 'x"y'], expiresAt: NOW + 5 }), BY)
      t.same(await other.find('k1'), key('k1', { groups: ['ü', 'x"y'], expiresAt: NOW + 5 }))
      await t.rejects(Promise.resolve(other.create(key('k1'))), 'an id stands once')
      t.equal(await other.revoke('k1', NOW + 1), 'revoked')
      t.equal((await one.find('k1'))?.revokedAt, NOW + 1)
      t.equal(await one.revoke('k1', NOW + 2), 'already')
      t.equal(await one.revoke('k2', NOW), 'unknown')
      t.equal((await one.list()).length, 1)
    },
  ],
  [
    'of two that replace a key one does, and its events stand in order',
    async (t, one, other) => {
      await one.create(key('k1'))
      const next = (id: string) => key(id, { rotatedFrom: 'k1' })
      const done = await Promise.all([
        one.replace('k1', next('k2'), NOW + 50, NOW, BY),
        other.replace('k1', next('k3'), NOW + 50, NOW, BY),
      ])
      t.same([...done].sort(), [false, true])
      t.equal((await one.find('k1'))?.expiresAt, NOW + 50)
      const first = await one.outbox.claim(NOW)
      t.equal(await other.outbox.claim(NOW), null, 'nobody overtakes another')
      if (first !== null) await one.outbox.settle(first, NOW)
      const second = await other.outbox.claim(NOW)
      t.match([first, second], [{ action: 'created' }, { action: 'rotated', replaces: 'k1', by: BY }])
      if (second !== null) await other.outbox.giveBack(second)
      t.equal((await one.outbox.claim(NOW))?.id, second?.id, 'given back')
    },
  ],
  [
    'when a key was last used only moves forward',
    async (t, one, other) => {
      await one.create(key('k1'))
      for (const at of [100, 50]) {
        one.touch('k1', at)
        await one.writeUses()
      }
      t.equal((await other.find('k1'))?.lastUsedAt, 100)
    },
  ],
  [
    'one first sealing key is made, whoever asks',
    async (t, one, other) => {
      const sealing = (kid: string) => ({ kid, secret: new Secret(`s-${kid}`), createdAt: NOW, sealsFrom: NOW })
      const made = await Promise.all([one.sealing.ensure(sealing('aaaaaa')), other.sealing.ensure(sealing('bbbbbb'))])
      t.equal(made[0].length, 1)
      t.same(
        made[0].map(({ kid, secret }) => [kid, secret.reveal()]),
        made[1].map(({ kid, secret }) => [kid, secret.reveal()]),
      )
      const kid = made[0][0]?.kid ?? ''
      t.equal(await one.sealing.retire(kid, NOW), 'last')
      await other.sealing.add(sealing('cccccc'), BY)
      t.equal(await one.sealing.retire(kid, NOW), 'retired')
      t.same(
        (await other.sealing.usable()).map((one) => one.kid),
        ['cccccc'],
      )
    },
  ],
]

const people: readonly StoreRow[] = [
  [
    'a user is found by exactly its name, and by how that looks',
    async (t, one, other) => {
      t.equal(await one.users.create(user('Bob'), BY), 'created')
      t.same(await other.users.find('Bob'), user('Bob'))
      t.equal(await other.users.find('bob'), undefined)
      t.equal((await other.users.findFolded('ＢＯＢ'))?.name, 'Bob')
      for (const name of ['Bob', 'bob', 'ｂob']) t.equal(await other.users.create(user(name)), 'taken', name)
      t.equal(await one.users.create(user('alice')), 'created')
      t.same(
        (await one.users.list()).map(({ name }) => name),
        ['Bob', 'alice'],
        'byte by byte',
      )
    },
  ],
  [
    'what is changed of a user is one event each, and nothing of it is secret',
    async (t, one, other) => {
      await one.users.create(user('bob'), BY)
      t.equal(await one.users.setHash('bob', 'HASH', NOW + 1, BY), true)
      t.equal(await one.users.disable('bob', NOW + 2, NOW + 2), true)
      t.equal(await one.users.change('bob', { groups: ['c'], email: 'b@example.org' }, NOW + 3), true)
      const changed = { hash: 'HASH', disabledAt: NOW + 2, groups: ['c'], email: 'b@example.org', changedAt: NOW + 3 }
      t.same(await other.users.find('bob'), user('bob', changed))
      t.equal(await one.users.disable('bob', null, NOW + 4), true)
      t.equal((await other.users.find('bob'))?.disabledAt, null)
      t.equal(await one.users.setHash('eve', 'x', NOW), false)
      t.equal(await other.users.remove('bob', NOW + 5), true)
      t.equal(await other.users.remove('bob', NOW + 5), false)
      t.same(await actions(one), [
        'user-created bob',
        ...Array.from({ length: 4 }, () => 'user-changed bob'),
        'user-removed bob',
      ])
    },
  ],
  [
    'whoever is given a name next has nothing of the one before',
    async (t, one, other) => {
      await one.users.create(user('bob'))
      await one.secondFactors.enroll({ ...factor, recoveryHashes: ['h1'] })
      await one.accountFailures.failed(of, NOW, { most: 1, windowMs: 10, lockMs: 10 })
      await one.users.remove('bob', NOW)
      t.equal(await other.secondFactors.find(of), undefined)
      t.equal(await other.secondFactors.useRecovery(of, 'h1', NOW), false)
      t.equal(await other.accountFailures.lockedUntil(of, NOW), null)
    },
  ],
  [
    'names are never SQL, and one that cannot be held is nobody',
    async (t, one) => {
      await one.users.create(user('bob'))
      for (const name of EVIL) {
        t.equal(await one.users.find(name), undefined, JSON.stringify(name))
        t.equal(await one.users.findFolded(name), undefined)
        t.equal(await one.users.remove(name, NOW), false)
        t.equal(await one.secondFactors.advance({ source: 'local', account: name }, 1), false)
        t.equal(await one.scimUsers.standing(name), 'unknown')
      }
      t.equal((await one.users.list()).length, 1)
      const text = EVIL[1] ?? ''
      await one.users.create(user(text, { groups: EVIL.slice(0, 5) }))
      t.same((await one.users.find(text))?.groups, EVIL.slice(0, 5))
    },
  ],
]

export const STORE_TABLE: readonly StoreRow[] = [...keys, ...people]
