import { codesOf } from '../../../src/model/accounts.ts'
import { Secret } from '../../../src/model/secret.ts'
import type { KeyStore } from '../../../src/stores/keys.ts'
import { NOW } from './store-scene.ts'
import { actions, BY, factor, of, type StoreRow } from './store-table.ts'

const RULE = { most: 3, windowMs: 3600_000, lockMs: 900_000 }

const accounts: readonly StoreRow[] = [
  [
    'of two that show one code at the same time one wins',
    async (t, one, other) => {
      await one.secondFactors.enroll({ ...factor, recoveryHashes: ['h2', 'h1'] }, BY)
      const won = await Promise.all([one, other, one, other].map((store) => store.secondFactors.advance(of, 77)))
      t.equal(won.filter(Boolean).length, 1)
      t.equal(await other.secondFactors.advance(of, 76), false, 'an older code')
      t.equal(await other.secondFactors.advance(of, 78), true, 'the next one')
      t.match(await one.secondFactors.find(of), { lastStep: 78, recoveryHashes: ['h1', 'h2'] })
      t.equal((await one.secondFactors.find(of))?.secret.reveal(), 'JBSWY3DP')
    },
  ],
  [
    'a recovery code is used once',
    async (t, one, other) => {
      await one.secondFactors.enroll({ ...factor, recoveryHashes: ['h1', 'h2'] })
      const won = await Promise.all([one, other, one].map((store) => store.secondFactors.useRecovery(of, 'h1', NOW)))
      t.equal(won.filter(Boolean).length, 1)
      t.equal(await other.secondFactors.useRecovery(of, 'h3', NOW), false)
      t.same((await other.secondFactors.find(of))?.recoveryHashes, ['h2'])
      await other.secondFactors.enroll({ ...factor, recoveryHashes: ['h9'] })
      t.same((await one.secondFactors.find(of))?.recoveryHashes, ['h9'], 'a new factor brings its own')
      t.equal(await one.secondFactors.remove(of, NOW, BY), true)
      t.equal(await one.secondFactors.remove(of, NOW, BY), false)
    },
  ],
  [
    'failures of all count, and lock an account once',
    async (t, one, other) => {
      const failed = (store: KeyStore, at: number) => store.accountFailures.failed(of, at, RULE)
      const counts = await Promise.all([failed(one, NOW), failed(other, NOW), failed(one, NOW), failed(other, NOW)])
      t.equal(counts.filter(({ hasLocked }) => hasLocked).length, 1)
      t.equal(await other.accountFailures.lockedUntil(of, NOW), NOW + RULE.lockMs)
      t.equal(await other.accountFailures.lockedUntil(of, NOW + RULE.lockMs), null, 'over by itself')
      t.match(await failed(one, NOW + RULE.lockMs), { failures: 1, hasLocked: false }, 'counted from anew')
      await other.accountFailures.clear(of)
      t.match(await failed(one, NOW + RULE.lockMs), { failures: 1 })
      t.same(await actions(one), ['account-locked bob'])
    },
  ],
  [
    'a failure is taken back alone, and no lock with it',
    async (t, one, other) => {
      const failed = (at = NOW) => one.accountFailures.failed(of, at, RULE)
      await one.accountFailures.forgive(of)
      t.match(await failed(), { failures: 1 }, 'there was none')
      t.match(await failed(), { failures: 2 })
      await other.accountFailures.forgive(of)
      t.match(await failed(), { failures: 2, hasLocked: false })
      t.match(await failed(), { hasLocked: true })
      await other.accountFailures.forgive(of)
      t.equal(await one.accountFailures.lockedUntil(of, NOW), NOW + RULE.lockMs)
    },
  ],
  [
    'an operator unlocks a user, by passwords and by codes, and removes all that is kept of one',
    async (t, one, other) => {
      const user = { display: null, email: null, groups: [], roles: [], workspace: null, hash: null, disabledAt: null }
      await one.users.create({ ...user, name: 'bob', changedAt: NOW, createdAt: NOW })
      const lock = async () => {
        for (const own of [of, codesOf(of)]) await one.accountFailures.failed(own, NOW, { ...RULE, most: 1 })
      }
      const locks = () => Promise.all([of, codesOf(of)].map((own) => other.accountFailures.lockedUntil(own, NOW)))
      await lock()
      t.same(await locks(), [NOW + RULE.lockMs, NOW + RULE.lockMs])
      t.equal(await other.users.unlock('alice', NOW, BY), false, 'somebody else')
      t.equal(await other.users.unlock('bob', NOW, BY), true)
      t.same(await locks(), [null, null])
      await lock()
      await one.secondFactors.enroll({ ...factor, recoveryHashes: ['h1'] })
      t.equal(await other.users.remove('bob', NOW, BY), true)
      t.same(await locks(), [null, null])
      t.equal(await one.secondFactors.find(of), undefined)
      t.same(await actions(one), [
        'user-created bob',
        ...['account-locked bob', 'account-locked bob', 'user-changed bob', 'account-locked bob', 'account-locked bob'],
        ...['second-factor-enrolled bob', 'user-removed bob'],
      ])
    },
  ],
  [
    'failures that lie long apart do not add up',
    async (t, one) => {
      for (const at of [NOW, NOW + RULE.windowMs, NOW + 2 * RULE.windowMs]) {
        t.match(await one.accountFailures.failed(of, at, RULE), { failures: 1, lockedUntil: null })
      }
      t.match(await one.accountFailures.failed(of, NOW + 2 * RULE.windowMs + 1, RULE), { failures: 2 }, 'the twin')
      t.equal(await one.accountFailures.purge(NOW, NOW), 0)
      t.equal(await one.accountFailures.purge(NOW + 9 * RULE.windowMs, NOW), 1)
    },
  ],
]

const token = { issuer: 'corp', jti: 'd1', subject: 'bob', key: null, issuedAt: NOW }
const revoked = { kind: 'jti', issuer: 'corp', value: 'd1', before: NOW, at: NOW, expiresAt: NOW + 60 } as const

const tokens: readonly StoreRow[] = [
  [
    'a revoked token is revoked everywhere, and nothing else is',
    async (t, one, other) => {
      const asked = (more: object) => other.revocations.isRevoked({ ...token, ...more }, NOW)
      t.equal(await asked({}), false)
      await one.revocations.add(revoked, BY)
      t.equal(await asked({}), true)
      for (const more of [{ jti: 'd2' }, { issuer: 'other' }, { jti: null }, { jti: 'bob', subject: 'd1' }]) {
        t.equal(await asked(more), false, JSON.stringify(more))
      }
      t.equal(await other.revocations.isRevoked(token, NOW + 60), false, 'over by itself')
    },
  ],
  [
    'what a subject was given before is revoked, and what comes after is not',
    async (t, one, other) => {
      await one.revocations.add({ ...revoked, kind: 'subject', value: 'bob' })
      const at = (issuedAt: number | null) => other.revocations.isRevoked({ ...token, jti: null, issuedAt }, NOW)
      t.same([await at(NOW), await at(NOW + 1), await at(null)], [true, false, true])
      await other.revocations.add({ ...revoked, kind: 'subject', value: 'bob', before: NOW + 5, expiresAt: NOW + 9 })
      t.equal(await at(NOW + 5), true, 'it grows')
      await other.revocations.add({ ...revoked, kind: 'subject', value: 'bob', before: NOW - 5, expiresAt: NOW + 1 })
      t.equal(await at(NOW + 5), true, 'and never shrinks')
      t.match(await one.revocations.list(NOW), [{ before: NOW + 5, expiresAt: NOW + 60 }])
      t.equal(await one.revocations.purge(NOW + 59), 0)
      t.equal(await one.revocations.purge(NOW + 60), 1)
    },
  ],
  [
    'a subject is revoked as it is written, unless every spelling of it is meant',
    async (t, one, other) => {
      const asked = (subject: string, issuer = 'corp', sub: string | null = null) =>
        other.revocations.isRevoked({ ...token, jti: null, issuer, subject, sub }, NOW)
      await one.revocations.add({ ...revoked, kind: 'subject', value: 'Bob' })
      t.same([await asked('Bob'), await asked('bob')], [true, false])
      await one.revocations.add({ ...revoked, kind: 'subject', value: 'Bob', isOfAnySpelling: true })
      t.same([await asked('Bob'), await asked('bob'), await asked('ＢＯＢ')], [true, true, true])
      t.same([await asked('bob', 'other'), await asked('bobby'), await asked('')], [false, false, false])
      await one.revocations.add({ ...revoked, kind: 'subject', value: 'Bob' })
      t.equal(await asked('bob'), true, 'it never shrinks')
    },
  ],
  [
    'a session is over, whenever a token of it was issued; a person has two names; and a digest is nobody else’s',
    async (t, one, other) => {
      const whole = { ...token, sub: 'b0b', session: 's1', issuedAt: NOW + 9 }
      const asked = (more: object = {}) => other.revocations.isRevoked({ ...whole, ...more }, NOW)
      t.equal(await asked(), false)
      await one.revocations.add({ ...revoked, kind: 'session', value: 's1' }, BY)
      t.same([await asked(), await asked({ session: 's2' }), await asked({ session: null })], [true, false, false])
      await one.revocations.add({ ...revoked, kind: 'subject', value: 'b0b', before: NOW + 9 }, BY)
      t.same([await asked({ session: 's2' }), await asked({ session: 's2', sub: 'dora' })], [true, false])
      await one.revocations.add({ ...revoked, issuer: '', value: 'd9' }, BY)
      t.equal(await other.revocations.isRevoked({ ...token, issuer: 'whoever', jti: 'd9' }, NOW), true)
      t.equal(await other.revocations.isRevoked({ ...token, issuer: 'whoever', jti: 'd8' }, NOW), false)
    },
  ],
  [
    'keys of tokens: one first, one that signs, and none that is retired',
    async (t, one, other) => {
      const made = (kid: string, at = NOW) => ({ kid, secret: new Secret(`p-${kid}`), createdAt: at, signsFrom: at })
      const [mine, theirs] = await Promise.all([one.tokenKeys.ensure(made('k1')), other.tokenKeys.ensure(made('k2'))])
      t.same(
        mine.map(({ kid }) => kid),
        theirs.map(({ kid }) => kid),
      )
      const kid = mine[0]?.kid ?? ''
      t.equal(await one.tokenKeys.retire(kid, NOW), 'last')
      await one.tokenKeys.add(made('k3', NOW + 10))
      t.equal(await other.tokenKeys.retire(kid, NOW + 9), 'signing')
      t.equal(await other.tokenKeys.retire(kid, NOW + 10), 'retired')
      t.equal(await other.tokenKeys.retire(kid, NOW + 10), 'already')
      t.equal(await other.tokenKeys.retire('k9', NOW + 10), 'unknown')
      t.same(
        (await one.tokenKeys.usable()).map((key) => [key.kid, key.secret.reveal()]),
        [['k3', 'p-k3']],
      )
    },
  ],
]

export const ACCOUNT_TABLE: readonly StoreRow[] = [...accounts, ...tokens]
