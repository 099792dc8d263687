// Length: the outbox, its follower and the store together, each with what can go wrong between them.
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { ecs } from '../../../src/audit/formats/ecs.ts'
import type { AuditEvent } from '../../../src/model/audit.ts'
import { keyEvent } from '../../../src/serving/key-event.ts'
import { KeyEventFollower, type KeyEventPorts } from '../../../src/serving/key-events.ts'
import type { ClaimedEvent } from '../../../src/stores/key-events.ts'
import type { KeyStore } from '../../../src/stores/keys.ts'
import { folder, key, NOW, open } from '../stores/store-scene.ts'

/** An audit that takes what it is told to take, and answers later, as the real one does. */
function memoryAudit() {
  const audit = {
    written: [] as AuditEvent[],
    asked: 0,
    writable: true,
    accepts: true,
    commit(event: AuditEvent, answered: (accepted: boolean) => void) {
      audit.asked++
      const { accepts } = audit
      setImmediate(() => {
        if (accepts) audit.written.push(event)
        answered(accepts)
      })
    },
  }
  return audit
}

function follower(store: KeyStore | null, more: Partial<KeyEventPorts> = {}) {
  const audit = memoryAudit()
  const clock = { now: NOW }
  const said: string[] = []
  const tell = (message: string) => said.push(message)
  const diagnostics = { info: tell, error: tell }
  const ports = { store: () => store, audit, clock: () => clock.now, diagnostics, ...more }
  const following = new KeyEventFollower(ports)
  return { audit, clock, said, following, look: () => following.look() }
}

const messages = (events: readonly AuditEvent[]) => events.map(({ message }) => message)

function scene(t: Test) {
  const file = join(folder(t), 'keys.db')
  return { file, terminal: open(t, file), ...follower(open(t, file)) }
}

t.test('what happened is audited in order, each once, whenever it happened', async (t) => {
  const { terminal, audit, look, said } = scene(t)
  await terminal.create(key('key_1'))
  await terminal.replace('key_1', key('key_2', { rotatedFrom: 'key_1' }), NOW, NOW + 1)
  await look()
  await look()
  await terminal.revoke('key_2', NOW + 2)
  await look()
  t.same(
    audit.written.map(({ action, at, outcome, principal }) => [action, at, outcome, principal]),
    [
      ['key-created', NOW, 'success', undefined],
      ['key-rotated', NOW + 1, 'success', undefined],
      ['key-revoked', NOW + 2, 'success', undefined],
    ],
  )
  t.same(messages(audit.written), [
    'key key_1 of bob created',
    'key key_2 of bob rotated from key_1',
    'key key_2 of bob revoked',
  ])
  t.same(said, [])
})

t.test('an event that the audit does not take stays, and is written later, once', async (t) => {
  const { terminal, audit, look } = scene(t)
  await terminal.create(key('key_1'))
  await terminal.create(key('key_2'))
  audit.accepts = false
  await look()
  t.equal(audit.asked, 1, 'nobody overtakes it')
  await look()
  t.same([audit.asked, audit.written], [2, []])
  audit.accepts = true
  for (const _ of [1, 2, 3]) await look()
  t.same(messages(audit.written), ['key key_1 of bob created', 'key key_2 of bob created'])
})

t.test('nothing is asked of an audit that cannot write', async (t) => {
  const { terminal, audit, look } = scene(t)
  await terminal.create(key('key_1'))
  audit.writable = false
  await look()
  t.equal(audit.asked, 0)
  audit.writable = true
  await look()
  t.equal(audit.written.length, 1)
})

t.test('of two proxies on one store one writes each event', async (t) => {
  const { file, terminal, audit, look } = scene(t)
  const second = follower(open(t, file))
  for (let index = 0; index < 20; index++) await terminal.create(key(`key_${index}`))
  for (let round = 0; round < 20; round++) await Promise.all([look(), second.look()])
  const all = messages([...audit.written, ...second.audit.written])
  t.equal(all.length, 20)
  t.equal(new Set(all).size, 20)
})

t.test('what a proxy died over is written by another after a minute', async (t) => {
  const { file, terminal, clock, audit, look } = scene(t)
  await terminal.create(key('key_1'))
  t.equal(open(t, file).outbox.claim(NOW)?.key, 'key_1', 'claimed, and never heard of again')
  clock.now += 60_000
  await look()
  t.equal(audit.asked, 0)
  clock.now += 1
  await look()
  t.equal(audit.written.length, 1)
})

t.test('a store that fails is said once, keeps its events and recovers', async (t) => {
  const { file, terminal, audit, look, said } = scene(t)
  await terminal.create(key('key_1'))
  const raw = new Database(file)
  t.teardown(() => raw.close())
  raw.exec('ALTER TABLE key_events RENAME TO hidden')
  for (const _ of [1, 2, 3]) await look()
  t.same(said, ['the key store cannot be used (SQLITE_ERROR): events of keys wait in it'])
  raw.exec('ALTER TABLE hidden RENAME TO key_events')
  await look()
  t.same(said.slice(1), ['the key store can be used again'])
  t.equal(audit.written.length, 1)
})

t.test('an event that was written and could not be settled is settled, not written again', async (t) => {
  const { file, terminal } = scene(t)
  await terminal.create(key('key_1'))
  const store = open(t, file)
  let failures = 2
  const outbox: KeyStore['outbox'] = {
    ...store.outbox,
    settle: (event, at) => {
      if (failures-- > 0) throw new Error('busy')
      store.outbox.settle(event, at)
    },
  }
  const { audit, clock, look, said } = follower({ ...store, outbox })
  for (const _ of [1, 2, 3]) await look()
  clock.now += 120_000
  await look()
  t.equal(audit.written.length, 1)
  t.match(said, [/cannot be used/, /can be used again/])
})

t.test('a replaced store is said once, and nothing is done with it or with what took its place', async (t) => {
  const { file, terminal, audit, look, said } = scene(t)
  const backup = open(t, `${file}.backup`)
  await backup.create(key('key_2'))
  backup.close()
  await terminal.create(key('key_1'))
  renameSync(`${file}.backup`, file)
  for (const _ of [1, 2, 3]) await look()
  t.equal(audit.asked, 0)
  t.equal(said.length, 1)
  t.match(said[0], /^the store `.+` has been replaced: restart/)
})

t.test('a store that another process holds is told of when that lasts', async (t) => {
  const { file, terminal, audit, look, said } = scene(t)
  await terminal.create(key('key_1'))
  const other = new Database(file)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  for (const _ of [1, 2]) await look()
  t.same(said, [], 'a write of another process is no outage')
  for (const _ of [1, 2]) await look()
  t.same(said, ['the key store cannot be used (SQLITE_BUSY): events of keys wait in it'])
  other.exec('ROLLBACK')
  await look()
  t.same(said.slice(1), ['the key store can be used again'])
  t.same(messages(audit.written), ['key key_1 of bob created'])
})

t.test('a look writes when keys were last used, and so does the last one', async (t) => {
  const file = join(folder(t), 'keys.db')
  const store = open(t, file)
  await store.create(key('key_1'))
  const { look, following } = follower(store)
  store.touch('key_1', NOW + 1)
  await look()
  t.equal(store.find('key_1')?.lastUsedAt, NOW + 1)
  store.touch('key_1', NOW + 2)
  following.close()
  following.writeUses()
  t.equal(store.find('key_1')?.lastUsedAt, NOW + 2)
})

t.test('a store that is gone is said once', async (t) => {
  const { file, look, said } = scene(t)
  renameSync(file, `${file}.away`)
  await look()
  await look()
  renameSync(`${file}.away`, file)
  await look()
  t.match(said, [/^the store `.+` is gone/, 'the key store can be used again'])
  t.equal(said.length, 2)
})

t.test('without a store, or once it is closed, nothing is looked at', async (t) => {
  const off = follower(null)
  await off.look()
  const { terminal, audit, look, following } = scene(t)
  await terminal.create(key('key_1'))
  following.close()
  await look()
  t.same([off.audit.asked, audit.asked, off.said], [0, 0, []])
})

t.test('an event that is under way when all is closed is settled before the store is', async (t) => {
  const { file, terminal } = scene(t)
  await terminal.create(key('key_1'))
  await terminal.create(key('key_2'))
  const store = open(t, file)
  const { audit, look, following, said } = follower(store)
  const looking = look()
  following.close()
  await looking
  store.close()
  t.equal(audit.written.length, 1)
  t.equal(open(t, file).outbox.claim(NOW)?.key, 'key_2', 'and the next waits for the next proxy')
  t.same(said, [])
})

t.test('an event has all its members in the line, and none is in the way of another', async (t) => {
  const { terminal, audit, look } = scene(t)
  const limits = { networks: ['10.0.0.0/8'], models: ['gpt-*'] }
  const grant = {
    roles: ['r'],
    groups: ['g'],
    workspace: 'w',
    ...limits,
    expiresAt: NOW + 1000,
    hash: 'HASH',
    tag: 'TAG',
  }
  await terminal.create(key('key_1', grant), { user: 'root', host: 'bastion' })
  await terminal.replace('key_1', key('key_2', { rotatedFrom: 'key_1', roles: [] }), NOW + 500, NOW)
  await look()
  const render = ecs.open({ version: '1' })
  const [created = '', rotated = ''] = audit.written.map((event) => render(event, { id: 'x', sequence: 1 }))
  t.same(JSON.parse(created).sallyport, {
    key: {
      id: 'key_1',
      owner: 'bob',
      expires: new Date(NOW + 1000).toISOString(),
      roles: ['r'],
      groups: ['g'],
      workspace: 'w',
      ...limits,
      by: { user: 'root', host: 'bastion' },
    },
  })
  const until = new Date(NOW + 500).toISOString()
  t.same(JSON.parse(rotated).sallyport, {
    key: { id: 'key_2', owner: 'bob', replaces: 'key_1', replaced_until: until },
  })
  t.match(JSON.parse(created).event, { category: ['iam'], type: ['creation'], outcome: 'success' })
  t.notMatch(created + rotated, /HASH|TAG/)
})

t.test('an owner with a name that is no sane one still fits in a line', (t) => {
  const event: ClaimedEvent = {
    id: 1,
    at: NOW,
    action: 'created',
    key: 'key_1',
    owner: '\u{1F511}'.repeat(512),
    roles: Array.from({ length: 500 }, (_, index) => `${index}`.repeat(50)),
    groups: [],
    workspace: null,
    networks: [],
    models: [],
    expiresAt: null,
    replaces: null,
    replacedUntil: null,
    by: { user: null, host: null },
    claimedAt: NOW,
  }
  const line = ecs.open({ version: '1' })(keyEvent(event), { id: 'x', sequence: 1 })
  t.ok(Buffer.byteLength(line) <= 8192)
  t.match(JSON.parse(line), { event: { action: 'key-created' }, sallyport: { key: { id: 'key_1' } } })
  t.end()
})
