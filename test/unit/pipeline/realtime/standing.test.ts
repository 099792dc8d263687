import t from 'tap'
import type { Decision, PolicyInput } from '../../../../src/model/decision.ts'
import type { Credential, Verification } from '../../../../src/model/identity.ts'
import { Standing } from '../../../../src/pipeline/realtime/standing.ts'
import type { Snapshot } from '../../../../src/pipeline/snapshot.ts'
import { openJudge } from '../../../support/message-judge.ts'

t.test('a check that breaks is thrown where somebody listens', async (t) => {
  const broken = new Error('a bug')
  const asked = Promise.withResolvers<Verification>()
  const judge = openJudge()
  Object.assign(judge, { principal: { expiresAt: null }, adopt: () => null })
  const snapshots = [judge.snapshot, { ...judge.snapshot, authenticate: () => asked.promise } as unknown as Snapshot]
  const standing = new Standing({} as Credential, judge, {
    clock: () => 0,
    current: () => snapshots.at(-1) as Snapshot,
  })
  t.equal(standing.fault(), null, 'it is checked because of the other snapshot')
  asked.reject(broken)
  await new Promise((resolve) => setImmediate(resolve))
  t.throws(() => standing.fault(), broken)
})

const ALLOWED = { effect: 'allow', rule: 'r', reason: 'allowed', roles: [] } as unknown as Decision
const NIGHT = { effect: 'deny', rule: null, reason: 'schedule', roles: [] } as unknown as Decision
const OLD = {
  ...{ effect: 'step_up', rule: 'r', reason: 'step_up_required', roles: [] },
  challenge: { acrValues: [], maxAgeSeconds: 60 },
} as unknown as Decision
const UNKNOWN = { effect: 'deny', rule: null, reason: 'role_missing', roles: [] } as unknown as Decision

const principal = (more: object) => ({ expiresAt: null, groups: ['a'], ...more })
const verified = (groups: readonly string[]) =>
  ({ outcome: 'verified', principal: principal({ groups }) }) as unknown as Verification
const unavailable = { outcome: 'unavailable' } as unknown as Verification
const byDay = ({ at }: PolicyInput) => (at < 1000 ? ALLOWED : NIGHT)

t.test('a session that says nothing is judged as it stands, every few seconds', async (t) => {
  const rows: readonly (readonly [string, (input: PolicyInput) => Decision, Verification, string])[] = [
    ['an hour is over', byDay, verified(['a']), 'policy_denied'],
    ['and nobody can check its caller', byDay, unavailable, 'policy_denied'],
    ['a sign-in is too old', ({ at }) => (at < 1000 ? ALLOWED : OLD), verified(['a']), 'step_up_required'],
    [
      'a group is lost',
      (input) => (input.principal.groups?.includes('a') ? ALLOWED : UNKNOWN),
      verified([]),
      'policy_denied',
    ],
  ]
  for (const [name, decide, later, code] of rows) {
    const now = { at: 0, verification: verified(['a']) }
    const judge = openJudge({}, () => now.at)
    let decided = 0
    Object.assign(judge, { principal: principal({}) })
    Object.assign(judge.snapshot, { authenticate: () => now.verification })
    Object.assign(judge.snapshot.policy, {
      decide: (input: PolicyInput) => {
        decided++
        return decide(input)
      },
    })
    const ports = { clock: () => now.at, current: () => judge.snapshot }
    const standing = new Standing({} as Credential, judge, ports)
    standing.tick(performance.now())
    t.equal(decided, 0, `${name}: not with each tick`)
    t.equal(standing.tick(performance.now() + 5000), null, `${name}: not yet`)
    t.equal(decided, 1, name)
    Object.assign(now, { at: 1000, verification: later })
    t.match(standing.tick(performance.now() + 5000), { code }, name)
  }
})

t.test('a check that comes to no end does not keep a session open', async (t) => {
  const now = { at: 0 }
  const judge = openJudge({}, () => now.at)
  Object.assign(judge, { principal: principal({}) })
  Object.assign(judge.snapshot, { authenticate: () => new Promise<never>(() => undefined) })
  Object.assign(judge.snapshot.policy, { decide: byDay })
  const open = () => new Standing({} as Credential, judge, { clock: () => now.at, current: () => judge.snapshot })
  const unchecked = open()
  const began = performance.now()
  t.equal(unchecked.tick(began + 5000), null, 'it is checked')
  t.equal(unchecked.tick(began + 19_000), null)
  t.match(unchecked.tick(began + 21_000), { code: 'identity_unavailable', reason: 'busy' })
  const atNight = open()
  t.equal(atNight.tick(performance.now() + 5000), null)
  now.at = 1000
  t.match(atNight.tick(performance.now() + 10_000), { code: 'policy_denied' }, 'nor do the hours wait for it')
})
