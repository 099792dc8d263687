import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import type { RevocableToken } from '../../../src/model/sign-in.ts'
import { purge } from '../../../src/serving/purge.ts'
import { openRevocationReader } from '../../../src/serving/revocation-reader.ts'
import { openRevoker } from '../../../src/serving/revoker.ts'
import type { KeyStore } from '../../../src/stores/keys.ts'
import { folder, NOW, open } from '../stores/store-scene.ts'

const NOW_S = NOW / 1000
const MEMORY_MS = 10_000

/** Two processes on one store, each with a reader of its own and one stopwatch. */
function scene(t: Test) {
  const file = join(folder(t), 'keys.db')
  const time = { now: NOW, elapsed: 0 }
  const clock = () => time.now
  const reader = (store: KeyStore | null) =>
    openRevocationReader(
      () => store,
      clock,
      () => time.elapsed,
    )
  const [one, other] = [open(t, file), open(t, file)]
  return { file, time, one, other, reader, revoker: openRevoker(() => one, clock) }
}

const token = (more: Partial<RevocableToken> = {}): RevocableToken => ({
  issuer: 'corp',
  subject: 'alice@example.org',
  sub: 'alice',
  tokenId: 'digest-1',
  session: 'session-1',
  issuedAt: NOW_S - 60,
  ...more,
})

type Revoke = (revoker: ReturnType<typeof openRevoker>) => Promise<void>
const revocations: readonly (readonly [name: string, revoke: Revoke, asked: object, want: boolean])[] = [
  ['by the id', (revoker) => revoker.subject('corp', 'alice@example.org', 'ops'), {}, true],
  ['by what the provider calls the person', (revoker) => revoker.subject('corp', 'alice', 'ops'), {}, true],
  ['of somebody else', (revoker) => revoker.subject('corp', 'bob', 'ops'), {}, false],
  ['of another issuer’s person', (revoker) => revoker.subject('ad', 'alice', 'ops'), {}, false],
  ['and issued in the same second', (revoker) => revoker.subject('corp', 'alice', 'ops'), { issuedAt: NOW_S }, true],
  ['and issued after it', (revoker) => revoker.subject('corp', 'alice', 'ops'), { issuedAt: NOW_S + 1 }, false],
  [
    'and nobody knows when it was issued',
    (revoker) => revoker.subject('corp', 'alice', 'ops'),
    { issuedAt: null },
    true,
  ],
  ['by the session', (revoker) => revoker.session('corp', 'session-1', 'ops'), {}, true],
  [
    'by its session, whenever it was issued',
    (revoker) => revoker.session('corp', 'session-1', 'ops'),
    { issuedAt: NOW_S + 1 },
    true,
  ],
  ['by another session', (revoker) => revoker.session('corp', 'session-2', 'ops'), {}, false],
  ['by a session of another issuer', (revoker) => revoker.session('ad', 'session-1', 'ops'), {}, false],
  ['that has no session', (revoker) => revoker.session('corp', 'session-1', 'ops'), { session: null }, false],
  ['by a session that is called like the person', (revoker) => revoker.session('corp', 'alice', 'ops'), {}, false],
  ['by its digest', (revoker) => revoker.token('corp', 'digest-1', NOW + 1, 'ops'), {}, true],
  ['by its digest alone', (revoker) => revoker.token('', 'digest-1', NOW + 1, 'ops'), {}, true],
  ['by another digest', (revoker) => revoker.token('', 'digest-2', NOW + 1, 'ops'), {}, false],
  [
    'by its digest, but it is another issuer’s',
    (revoker) => revoker.token('ad', 'digest-1', NOW + 1, 'ops'),
    {},
    false,
  ],
  ['that has no digest', (revoker) => revoker.token('', '', NOW + 1, 'ops'), { tokenId: '' }, false],
]

t.test('a token that was revoked', async (t) => {
  for (const [name, revoke, asked, want] of revocations) {
    const { revoker, reader, other } = scene(t)
    await revoke(revoker)
    t.equal(reader(other).isRevoked(token(asked)), want, name)
  }
})

t.test('an answer is believed for ten seconds, whatever the clock says', async (t) => {
  const { revoker, reader, other, time } = scene(t)
  const read = reader(other)
  const asked = token()
  t.equal(read.isRevoked(asked), false)
  await revoker.subject('corp', 'alice', 'ops')
  time.elapsed += MEMORY_MS - 1
  time.now -= 3_600_000
  t.equal(read.isRevoked(asked), false)
  time.elapsed += 1
  time.now += 3_600_000
  t.equal(read.isRevoked(asked), true, 'in a process that has not written it')
})

t.test('a store that cannot be read is no answer, but what is remembered is', async (t) => {
  const { file, reader, other, time } = scene(t)
  const read = reader(other)
  const asked = token()
  t.equal(read.isRevoked(asked), false)
  const database = new Database(file)
  database.exec('DROP TABLE revocations')
  database.close()
  t.equal(read.isRevoked(asked), false)
  t.throws(() => read.isRevoked(token()), 'one that is new')
  time.elapsed += MEMORY_MS
  t.throws(() => read.isRevoked(asked))
})

t.test('a store that answers later is asked once for those who ask meanwhile', async (t) => {
  let asked = 0
  let fails = false
  const isRevoked = async () => {
    asked++
    if (fails) throw new Error('gone')
    return false
  }
  const store = { revocations: { isRevoked } } as unknown as KeyStore<'async'>
  let elapsed = 0
  const read = openRevocationReader(
    () => store,
    () => NOW,
    () => elapsed,
  )
  const one = token()
  t.same(await Promise.all([read.isRevoked(one), read.isRevoked(one)]), [false, false])
  t.equal(asked, 1)
  t.equal(read.isRevoked(one), false, 'and then it answers at once')
  elapsed += MEMORY_MS
  fails = true
  const both = await Promise.allSettled([read.isRevoked(one), read.isRevoked(one)])
  t.match(both, [{ status: 'rejected' }, { status: 'rejected' }])
  fails = false
  t.equal(await read.isRevoked(one), false, 'a failure is not remembered')
})

t.test('without a store nothing was revoked, and nothing can be', async (t) => {
  const { reader, time } = scene(t)
  t.equal(reader(null).isRevoked(token()), false)
  await t.rejects(
    openRevoker(
      () => null,
      () => time.now,
    ).subject('corp', 'alice', 'ops'),
  )
})

t.test('what is over is forgotten', async (t) => {
  const { revoker, one, time } = scene(t)
  await revoker.token('corp', 'digest-1', NOW + 1000, 'ops')
  await revoker.subject('corp', 'alice', 'ops')
  await one.accountFailures.failed({ source: 'local', account: 'bob' }, NOW, { most: 5, windowMs: 1000, lockMs: 1000 })
  time.now += 1000
  await purge(one, time.now)
  t.match(await one.revocations.list(NOW), [{ kind: 'subject' }])
  t.equal(await one.accountFailures.purge(NOW + 1, NOW + 1), 1, 'that of today is kept')
})

t.test('a write waits for another process, and is said to have failed when that takes too long', async (t) => {
  const { file, revoker, one, reader, other } = scene(t)
  const holder = new Database(file)
  t.teardown(() => holder.close())
  const held = async (write: () => Promise<unknown>) => {
    holder.exec('BEGIN IMMEDIATE')
    const writing = write()
    // The first attempts find it held: nothing else happens in this process before they have failed.
    setImmediate(() => holder.exec('COMMIT'))
    return await writing
  }
  await held(() => revoker.subject('corp', 'alice', 'ops'))
  t.equal(reader(other).isRevoked(token()), true)
  const of = { source: 'local', account: 'bob' }
  t.match(await held(() => one.accountFailures.failed(of, NOW, { most: 1, windowMs: 9, lockMs: 9 })), {
    hasLocked: true,
  })
  holder.exec('BEGIN IMMEDIATE')
  await t.rejects(one.secondFactors.advance(of, 1), { code: 'SQLITE_BUSY' })
  holder.exec('COMMIT')
  t.equal(await one.secondFactors.advance(of, 1), false, 'and the store goes on')
})
