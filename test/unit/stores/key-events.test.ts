import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import type { KeyOutbox } from '../../../src/stores/key-events.ts'
import { folder, key, NOW, open } from './store-scene.ts'

const BY = { user: 'root', host: 'bastion' }
const NOBODY = { user: null, host: null }

/** Everything that is due, settled one after the other. */
function drained(outbox: KeyOutbox<'sync'>, now = NOW) {
  const events = []
  for (let event = outbox.claim(now); event !== null; event = outbox.claim(now)) {
    events.push(event)
    outbox.settle(event, now)
  }
  return events
}

t.test('each change of a key is one event, in order, and none holds what helps to use it', async (t) => {
  const store = open(t, join(folder(t), 'keys.db'))
  const limits = { networks: ['10.0.0.0/8'], models: ['gpt-*'] }
  const more = { groups: ['g'], workspace: 'w', ...limits, expiresAt: NOW + 90, hash: 'HASH', tag: 'TAG' }
  await store.create(key('k1', more), BY)
  await store.replace('k1', key('k2', { ...more, rotatedFrom: 'k1', createdAt: NOW + 1 }), NOW + 50, NOW + 1, BY)
  await store.replace('k2', key('k3', { rotatedFrom: 'k2', createdAt: NOW + 2 }), NOW + 2, NOW + 2)
  await store.revoke('k3', NOW + 3)
  const events = drained(store.outbox)
  const grant = {
    owner: 'bob',
    roles: ['a', 'b'],
    groups: ['g'],
    workspace: 'w',
    ...limits,
    expiresAt: NOW + 90,
    by: BY,
  }
  const bare = { ...grant, groups: [], workspace: null, networks: [], models: [], expiresAt: null, by: NOBODY }
  const alone = { replaces: null, replacedUntil: null, claimedAt: NOW }
  t.strictSame(events, [
    { ...grant, ...alone, id: 1, at: NOW, action: 'created', key: 'k1' },
    { ...grant, ...alone, id: 2, at: NOW + 1, action: 'rotated', key: 'k2', replaces: 'k1', replacedUntil: NOW + 50 },
    { ...bare, ...alone, id: 3, at: NOW + 2, action: 'rotated', key: 'k3', replaces: 'k2', replacedUntil: NOW + 2 },
    { ...bare, ...alone, id: 4, at: NOW + 3, action: 'revoked', key: 'k3' },
  ])
  t.notMatch(JSON.stringify(events), /HASH|TAG/)
})

t.test('what changes nothing is no event', async (t) => {
  const store = open(t, join(folder(t), 'keys.db'))
  await store.create(key('k1', { revokedAt: NOW }))
  t.equal(drained(store.outbox).length, 1)
  await t.rejects(store.create(key('k1')))
  t.equal(await store.revoke('k1', NOW), 'already')
  t.equal(await store.revoke('k2', NOW), 'unknown')
  t.equal(await store.replace('k1', key('k2', { rotatedFrom: 'k1' }), NOW, NOW), false)
  await store.create(key('k3'))
  await t.rejects(store.replace('k3', key('k1', { rotatedFrom: 'k3' }), NOW, NOW))
  t.same(
    drained(store.outbox).map(({ key }) => key),
    ['k3'],
  )
})

t.test('a change whose event cannot be written is not made', async (t) => {
  const file = join(folder(t), 'keys.db')
  const store = open(t, file)
  await store.create(key('k1'))
  const raw = new Database(file)
  t.teardown(() => raw.close())
  raw.exec("CREATE TRIGGER full BEFORE INSERT ON key_events BEGIN SELECT RAISE(ABORT, 'no'); END")
  await t.rejects(store.create(key('k2')))
  await t.rejects(store.revoke('k1', NOW))
  await t.rejects(store.replace('k1', key('k3', { rotatedFrom: 'k1' }), NOW, NOW))
  t.same(await store.list(), [key('k1')])
  raw.exec('DROP TRIGGER full')
  t.equal(await store.revoke('k1', NOW), 'revoked', 'and is, when it can')
  t.same(
    drained(store.outbox).map(({ action }) => action),
    ['created', 'revoked'],
  )
})

const claims: readonly (readonly [name: string, laterMs: number, free: boolean])[] = [
  ['at once', 0, false],
  ['within a minute', 60_000, false],
  ['after a minute', 60_001, true],
  ['by a clock that was set back', -60_001, true],
]
for (const [name, laterMs, free] of claims) {
  t.test(`what one claims, another ${free ? 'gets' : 'does not get'} ${name}`, async (t) => {
    const file = join(folder(t), 'keys.db')
    const [one, other] = [open(t, file).outbox, open(t, file)]
    await other.create(key('k1'))
    await other.create(key('k2'))
    const claimed = one.claim(NOW)
    t.equal(claimed?.key, 'k1')
    t.equal(other.outbox.claim(NOW + laterMs)?.key, free ? 'k1' : undefined, 'and nobody overtakes')
    if (claimed) one.settle(claimed, NOW)
    t.equal(other.outbox.claim(NOW + laterMs)?.key, free ? undefined : 'k2', 'a lost claim settles nothing')
  })
}

t.test('what is given back is free, and what is settled stays so', async (t) => {
  const file = join(folder(t), 'keys.db')
  const [one, other] = [open(t, file).outbox, open(t, file)]
  await other.create(key('k1'))
  const first = one.claim(NOW)
  if (first === null) return t.fail('an event')
  one.giveBack(first)
  const second = other.outbox.claim(NOW + 1)
  if (second === null) return t.fail('the same event')
  one.giveBack(first)
  t.equal(one.claim(NOW + 1), null, 'only its own claim is given back')
  other.outbox.settle(second, NOW + 1)
  other.outbox.giveBack(second)
  t.equal(one.claim(NOW + 999_999), null)
})

/** As the first version of the store made it. */
const VERSION_1 = `
  CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER) STRICT;
  INSERT INTO schema_versions VALUES (1, 0);
  CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, roles TEXT NOT NULL, groups TEXT NOT NULL, workspace TEXT,
    hash TEXT NOT NULL, tag TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER,
    rotated_from TEXT, last_used_at INTEGER
  ) STRICT;
  INSERT INTO api_keys VALUES ('k1', 'bob', '["a","b"]', '[]', NULL, 'h', 't', ${NOW}, NULL, NULL, NULL, NULL)`

t.test('a file of the first version keeps its keys and tells what happens from now on', async (t) => {
  const file = join(folder(t), 'keys.db')
  const raw = new Database(file)
  raw.exec(VERSION_1)
  raw.close()
  const store = open(t, file)
  t.same(await store.list(), [key('k1')])
  t.same(drained(store.outbox), [], 'nothing is made up about before')
  t.equal(await store.revoke('k1', NOW + 1), 'revoked')
  t.match(drained(store.outbox), [{ action: 'revoked', key: 'k1', owner: 'bob' }])
  t.equal(open(t, file).find('k1')?.revokedAt, NOW + 1, 'and opens again')
})
