import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CATALOGUE } from '../../../src/audit/catalogue.ts'
import { ecs } from '../../../src/audit/formats/ecs.ts'
import type { StoredUser } from '../../../src/model/accounts.ts'
import type { AuditEvent } from '../../../src/model/audit.ts'
import { Secret } from '../../../src/model/secret.ts'
import { KeyEventFollower } from '../../../src/serving/key-events.ts'
import { openRevoker } from '../../../src/serving/revoker.ts'
import { newTokenKey } from '../../../src/serving/token-ring.ts'
import { userEvent } from '../../../src/serving/user-event.ts'
import type { KeyStore } from '../../../src/stores/keys.ts'
import { folder, key, NOW, open } from '../stores/store-scene.ts'

const BY = { user: 'root', host: 'bastion' }
const USER: StoredUser = {
  name: 'alice',
  display: null,
  email: null,
  groups: ['staff'],
  roles: [],
  workspace: null,
  hash: '$argon2id$HASH',
  disabledAt: null,
  changedAt: NOW,
  createdAt: NOW,
}
const OF = { source: 'local', account: 'alice' }
const FACTOR = { ...OF, secret: new Secret('TOTPSECRET'), lastStep: null, recoveryHashes: ['RECOVERY'], createdAt: NOW }

function scene(t: Test) {
  const file = join(folder(t), 'keys.db')
  const written: AuditEvent[] = []
  const commit = (event: AuditEvent, answered: (accepted: boolean) => void) => {
    written.push(event)
    setImmediate(() => answered(true))
  }
  const follow = () => {
    const store = open(t, file)
    const diagnostics = { info: () => undefined, error: (message: string) => t.fail(message) }
    return new KeyEventFollower({
      store: () => store,
      audit: { commit, writable: true },
      clock: () => NOW,
      diagnostics,
    })
  }
  return { store: open(t, file), written, follow }
}

/** Everything that the store notes, in its order. */
async function everything(store: KeyStore): Promise<void> {
  await store.users.create(USER, BY)
  await store.users.setHash('alice', '$argon2id$OTHER', NOW, BY)
  await store.secondFactors.enroll(FACTOR, BY)
  await store.secondFactors.useRecovery(OF, 'RECOVERY', NOW)
  await store.accountFailures.failed(OF, NOW, { most: 1, windowMs: 9, lockMs: 9 })
  await store.secondFactors.remove(OF, NOW, BY)
  await store.users.remove('alice', NOW, BY)
  await openRevoker(
    () => store,
    () => NOW,
  ).subject('corp', 'bob', 'console')
  const [first, second] = [newTokenKey(NOW, NOW), newTokenKey(NOW + 1, NOW + 1)]
  await store.tokenKeys.add(first, BY)
  await store.tokenKeys.add(second, BY)
  await store.tokenKeys.retire(first.kid, NOW + 2, BY)
}

const ACTIONS = [
  ...['user-created', 'user-changed', 'second-factor-enrolled', 'second-factor-used-recovery', 'account-locked'],
  ...['second-factor-removed', 'user-removed', 'token-revoked'],
  ...['token-key-created', 'token-key-created', 'token-key-retired'],
]

t.test('what happened to users, accounts and tokens is audited in order, each once', async (t) => {
  const { store, written, follow } = scene(t)
  await everything(store)
  const [one, other] = [follow(), follow()]
  for (let round = 0; round < ACTIONS.length; round++) await Promise.all([one.look(), other.look()])
  t.same(
    written.map(({ action }) => action),
    ACTIONS,
  )
  for (const { action } of written) t.ok(Object.hasOwn(CATALOGUE, action), action)
})

t.test('and says who, and never a secret', async (t) => {
  const { store, written, follow } = scene(t)
  await everything(store)
  await follow().look()
  const find = (action: string) => written.find((event) => event.action === action)
  t.match(find('user-changed'), {
    message: 'user-changed: alice of local',
    outcome: 'success',
    extra: {
      'account.source': 'local',
      'account.name': 'alice',
      'account.what': 'password',
      'account.by.user': 'root',
    },
  })
  t.same(find('token-revoked')?.extra, {
    'revocation.issuer': 'corp',
    'revocation.value': 'bob',
    'revocation.kind': 'subject',
    'revocation.by.user': 'console',
  })
  t.match(find('token-key-retired')?.extra, { 'token_key.id': /^.{43}$/, 'token_key.by.host': 'bastion' })
  const write = ecs.open({ version: '1.0.0' })
  const lines = written.map((event, sequence) => write(event, { id: 'id', sequence })).join('')
  const secrets = [
    'TOTPSECRET',
    'RECOVERY',
    'argon2id',
    ...store.tokenKeys.usable().map(({ secret }) => secret.reveal()),
  ]
  for (const secret of secrets) t.notOk(lines.includes(secret), 'no secret')
  t.match(JSON.parse(lines.split('\n')[1] ?? ''), { sallyport: { account: { source: 'local', what: 'password' } } })
  const locked = lines.split('\n').find((line) => line.includes('account-locked')) ?? ''
  t.match(JSON.parse(locked), { event: { kind: 'alert', category: ['authentication'] } })
})

t.test('events of keys and of users do not wait for each other', async (t) => {
  const { store, written, follow } = scene(t)
  await store.users.create(USER)
  await store.create(key('key_1'))
  await follow().look()
  t.same(written.map(({ action }) => action).sort(), ['key-created', 'user-created'])
})

t.test('an action that this release does not know is told of all the same', async (t) => {
  const noted = { id: 1, at: NOW, action: 'user-frozen', source: 'local', account: 'alice', detail: {} }
  t.match(userEvent({ ...noted, by: { user: null, host: null } }), {
    action: 'user-changed',
    message: 'user-frozen: alice of local',
    extra: { 'account.name': 'alice' },
  })
})
