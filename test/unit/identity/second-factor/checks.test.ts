import fc from 'fast-check'
import t from 'tap'
import { secondFactorChecks } from '../../../../src/identity/second-factor/checks.ts'
import { codesOf } from '../../../../src/model/accounts.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { NOW, open } from '../../stores/store-scene.ts'
import { actions } from '../../stores/store-table.ts'
import { ALICE, codeAt, RIGHT_OTP, STEP_MS, scene, WRONG } from './scene.ts'

const HOUR_MS = 3_600_000

t.test('who has a factor is known, of any source', async (t) => {
  const { checks, enroll, check, clock } = await scene(t)
  const of = { source: 'ad', account: 'cn=Alice,dc=example' }
  t.same(await checks.isEnrolled('local', 'alice'), { ok: true, value: true })
  for (const [source, account] of [
    ['local', 'Alice'],
    ['local', 'bob'],
    ['ad', 'alice'],
    ['ad', of.account],
  ] as const) {
    t.same(await checks.isEnrolled(source, account), { ok: true, value: false }, `${source} ${account}`)
  }
  t.same(await check(codeAt(NOW), '192.0.2.1', of), WRONG, 'no factor, no code')
  await enroll(of)
  t.same(await checks.isEnrolled(of.source, of.account), { ok: true, value: true })
  t.same(await check(codeAt(clock.now), '192.0.2.1', of), RIGHT_OTP)
})

t.test('a factor of a directory is that of the account, however its name is written', async (t) => {
  const { checks, enroll, check, codes, says, store } = await scene(t)
  await enroll({ source: 'ad', account: 'Alice.Example ' })
  for (const account of ['alice.example', 'ALICE.EXAMPLE', 'Ａlice.example']) {
    t.same(await checks.isEnrolled('ad', account), { ok: true, value: true }, account)
  }
  t.same(await checks.isEnrolled('ad', 'alice'), { ok: true, value: false })
  t.same(await checks.isEnrolled('other', 'alice.example'), { ok: true, value: false })
  const of = { source: 'ad', account: 'alice.example' }
  t.same(await check(codeAt(NOW), '192.0.2.1', of), RIGHT_OTP)
  t.same(await check(codeAt(NOW), '192.0.2.1', { ...of, account: 'Alice.Example' }), WRONG, 'once, by whichever name')
  t.equal(await says(codes[0]?.reveal() ?? '', '192.0.2.2', of), 'recovery')
  t.ok(await store.secondFactors.remove({ ...of, account: 'ALICE.example' }, NOW))
  t.same(await checks.isEnrolled('ad', 'Alice.Example'), { ok: true, value: false })
})

t.test('a code is right once, in every process', async (t) => {
  const { check, process, file, clock, checks } = await scene(t)
  const other = process(open(t, file))
  const code = codeAt(NOW)
  t.same(await check(code), RIGHT_OTP)
  t.same(await check(code), WRONG, 'the same once more')
  t.same(await check(code, '192.0.2.2', ALICE, other), WRONG, 'in another process')
  t.same(await check(codeAt(NOW - STEP_MS)), WRONG, 'an older one')
  t.same(await check(codeAt(NOW + STEP_MS), '192.0.2.2', ALICE, other), RIGHT_OTP, 'the next one')
  clock.now += 2 * STEP_MS
  const fresh = codeAt(clock.now)
  const both = [checks, other, checks, other].map((by, index) => check(fresh, `198.51.100.${index}`, ALICE, by))
  t.same((await Promise.all(both)).filter(({ outcome }) => outcome === 'right').length, 1, 'and of four at once one is')
})

t.test('any code is accepted once at most, whatever is tried in which order', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -2, max: 3 }), { maxLength: 9 }), async (offs) => {
      const { check } = await scene(t)
      const accepted: number[] = []
      for (const [index, off] of offs.entries()) {
        const verdict = await check(codeAt(NOW + off * STEP_MS), `192.0.2.${index}`)
        if (verdict.outcome === 'right') accepted.push(off)
      }
      t.same(accepted, [...new Set(accepted)].sort(), 'each once, and none that is older than another')
      t.ok(accepted.every((off) => Math.abs(off) <= 1))
    }),
    { numRuns: 25 },
  )
})

t.test('a recovery code is right once, however it is typed, and for its account alone', async (t) => {
  const { codes, says, store, enroll } = await scene(t)
  await enroll({ source: 'ad', account: 'alice' })
  const [one = new Secret(''), two = new Secret('')] = codes
  t.equal(await says(one.reveal().toUpperCase().replaceAll('-', ' ')), 'recovery')
  t.equal(await says(one.reveal()), 'wrong', 'once')
  t.equal(await says(one.reveal(), '192.0.2.1', { source: 'ad', account: 'alice' }), 'recovery', 'its own')
  const parallel = await Promise.all([two, two, two].map((code, index) => says(code.reveal(), `192.0.2.${index}`)))
  t.same(parallel.sort(), ['recovery', 'wrong', 'wrong'])
  t.equal((await store.secondFactors.find(ALICE))?.recoveryHashes.length, 8)
  for (const code of codes) t.notOk(JSON.stringify(await store.secondFactors.find(ALICE)).includes(code.reveal()))
})

t.test('who guesses is slowed down by account and by address, and told of', async (t) => {
  const { check, reports, clock } = await scene(t)
  for (let guess = 0; guess < 4; guess++) t.same(await check(`00000${guess}`, `192.0.2.${guess}`), WRONG)
  t.same(await check('000004', '192.0.2.4'), { outcome: 'wrong', retryAfterSeconds: 1 })
  t.same(await check(codeAt(NOW), '192.0.2.5'), { outcome: 'wrong', retryAfterSeconds: 1 }, 'the right one waits, too')
  t.match(reports, [
    { kind: 'authentication-throttled', issuer: 'local', method: 'local', scope: 'account', account: 'alice' },
  ])
  clock.now += 1000
  t.same(await check(codeAt(clock.now), '192.0.2.5'), RIGHT_OTP)
})

t.test('what cannot be a code is no guess', async (t) => {
  const { says, store } = await scene(t)
  const texts = ['', '12345', '1234567', 'abcdef', '１２３４５６', '0123-4567', '\0'.repeat(6), '9'.repeat(100_000)]
  for (const code of [...texts, ...texts]) t.equal(await says(code), 'wrong', code.slice(0, 9))
  t.equal((await store.accountFailures.failed(codesOf(ALICE), NOW, { most: 9, windowMs: 9, lockMs: 9 })).failures, 1)
  t.equal(await says(` ${codeAt(NOW).slice(0, 3)} ${codeAt(NOW).slice(3)} `), 'otp')
})

t.test('ten wrong codes of a fleet lock the codes of an account for an hour, and nothing else', async (t) => {
  const { check, process, store, enroll, clock } = await scene(t)
  await enroll({ source: 'local', account: 'bob' })
  // Each process slows down by itself; what is counted for all of them is in the store.
  for (let guess = 0; guess < 9; guess++) t.same(await check(`00000${guess}`, '192.0.2.1', ALICE, process()), WRONG)
  t.same(await check(codeAt(NOW), '192.0.2.1', ALICE, process()), { outcome: 'wrong', retryAfterSeconds: 3600 })
  t.equal(store.accountFailures.lockedUntil(ALICE, NOW), null, 'passwords are counted apart')
  t.same(await actions(store), ['second-factor-enrolled alice', 'second-factor-enrolled bob', 'account-locked alice'])
  t.same(await check(codeAt(NOW), '192.0.2.1', { source: 'local', account: 'bob' }, process()), RIGHT_OTP, 'the twin')
  clock.now += HOUR_MS
  t.same(await check(codeAt(clock.now), '192.0.2.1', ALICE, process()), RIGHT_OTP, 'over by itself')
})

t.test('of wrong codes that are tried at once in a fleet none is looked at beyond the limit', async (t) => {
  const { check, process, clock } = await scene(t)
  const tries = Array.from({ length: 9 }, (_, index) => check(`00000${index}`, '192.0.2.1', ALICE, process()))
  await Promise.all([...tries, check('000009', '192.0.2.1', ALICE, process())])
  t.match(await check(codeAt(clock.now), '192.0.2.1', ALICE, process()), { retryAfterSeconds: 3600 })
})

t.test('right codes leave nothing that adds up, and take nothing back of what others did', async (t) => {
  const { says, clock, process, check } = await scene(t)
  for (let day = 0; day < 30; day++) {
    clock.now += STEP_MS
    t.equal(await says(codeAt(clock.now)), 'otp')
  }
  for (let guess = 0; guess < 8; guess++) await check(`00000${guess}`, '192.0.2.9', ALICE, process())
  clock.now += STEP_MS
  t.equal(await says(codeAt(clock.now)), 'otp')
  t.match(await check('000008', '192.0.2.9', ALICE, process()), WRONG)
  t.match(await check('000009', '192.0.2.9', ALICE, process()), { retryAfterSeconds: Number }, 'the tenth of them')
})

t.test('where nobody can tell, that is what is said, and nothing is thrown', async (t) => {
  const { checks, check, store } = await scene(t)
  const none = secondFactorChecks({ store: () => null, clock: () => NOW, report: () => undefined })
  t.same(await none.isEnrolled('local', 'alice'), { ok: false, fault: 'unavailable' })
  t.same(await none.check('local', 'alice', new Secret('123456'), ''), { outcome: 'unavailable' })
  const odd = { source: 'local', account: 'odd', secret: new Secret('!!'), lastStep: null, createdAt: NOW }
  await store.secondFactors.enroll({ ...odd, recoveryHashes: [] })
  t.same(await check('123456', '', { source: 'local', account: 'odd' }), { outcome: 'unavailable' })
  t.same(await check(codeAt(NOW)), RIGHT_OTP, 'the twin')
  store.close()
  t.same(await checks.isEnrolled('local', 'alice'), { ok: false, fault: 'unavailable' })
  t.same(await check('123456'), { outcome: 'unavailable' })
})

t.test('a store that another process writes to is asked again', async (t) => {
  const { store } = await scene(t)
  let busy = 3
  const held = () => {
    if (busy-- > 0) throw Object.assign(new Error('held'), { code: 'SQLITE_BUSY' })
  }
  const failing = {
    ...store,
    accountFailures: {
      ...store.accountFailures,
      failed: (...args: Parameters<typeof store.accountFailures.failed>) => {
        held()
        return store.accountFailures.failed(...args)
      },
    },
  }
  const checks = secondFactorChecks({ store: () => failing, clock: () => NOW, report: () => undefined })
  t.same(await checks.check('local', 'alice', new Secret(codeAt(NOW)), ''), RIGHT_OTP)
  busy = 1000
  t.same(await checks.check('local', 'alice', new Secret(codeAt(NOW)), ''), { outcome: 'unavailable' }, 'not for ever')
})
