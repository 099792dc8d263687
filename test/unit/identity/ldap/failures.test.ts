import t, { type Test } from 'tap'
import type { LdapSettings } from '../../../../src/model/identity-settings.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { polled } from '../../../support/proxy.ts'
import { noSlapd, person, SERVICE, SUFFIX } from '../../../support/slapd.ts'
import { ldapSettings, openDirectories, startSlapd } from './scene.ts'

const missing = noSlapd()
const ALICE = `uid=alice,ou=people,${SUFFIX}`
const PEOPLE = { [ALICE]: person('alice'), [`uid=bob,ou=people,${SUFFIX}`]: person('bob') }
const QUICK = { connectMs: 500, operationMs: 500, totalMs: 3000, idleMs: 30_000 }
const GONE = 'directory_unavailable'

/** How long it takes, in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}

async function serverAndClient(t: Test, more: Partial<LdapSettings> = {}) {
  const slapd = await startSlapd(t, PEOPLE)
  return { slapd, ...openDirectories(t, ldapSettings(slapd.port, { timeouts: QUICK, ...more })) }
}

if (missing !== null) t.test('OpenLDAP', { skip: missing }, async () => undefined)
else {
  t.test('a stopped server, and one that comes back', async (t) => {
    const { slapd, why, verify, clock, reports } = await serverAndClient(t)
    t.equal(await why('alice', 'alice-pw'), 'verified')
    await slapd.stop()
    t.match(await verify('alice', 'alice-pw'), { outcome: 'verified', cache: 'hit' }, 'what is remembered stands')
    clock.skipMs += 15_000
    t.match(await verify('alice', 'alice-pw'), { outcome: 'unavailable', reason: GONE, retryAfterSeconds: 5 })
    t.equal(await why('bob', 'bob-pw'), GONE)
    t.equal(await why('bob', 'wrong'), GONE, 'nobody is refused who was not asked about')
    t.same(reports, [{ kind: 'directory-failed', issuer: 'corp', reason: 'unreachable' }], 'told once')
    await slapd.start()
    await polled(async () => (await why('bob', 'bob-pw')) === 'verified', 'the recovery')
    t.equal(await why('alice', 'alice-pw'), 'verified')
    t.same(reports.at(-1), { kind: 'directory-recovered', issuer: 'corp' })
  })

  t.test('a hung server is waited for no longer than that, and then not by everybody', async (t) => {
    const { slapd, why, clock, reports } = await serverAndClient(t)
    t.equal(await why('alice', 'alice-pw'), 'verified')
    slapd.signal('SIGSTOP')
    t.equal(await why('alice', 'alice-pw'), 'verified', 'remembered')
    clock.skipMs += 15_000
    t.ok((await timed(async () => t.equal(await why('alice', 'alice-pw'), GONE))) < QUICK.totalMs + 1000, 'in time')
    t.ok((await timed(async () => t.equal(await why('bob', 'bob-pw'), GONE))) < 400, 'the next one at once')
    t.match(reports, [{ kind: 'directory-failed', reason: 'timeout' }])
    slapd.signal('SIGCONT')
    await polled(async () => (await why('alice', 'alice-pw')) === 'verified', 'the recovery')
  })

  t.test('where one server fails the next one is asked', async (t) => {
    const first = await startSlapd(t, PEOPLE)
    const second = await startSlapd(t, PEOPLE)
    const servers = [first, second].map(({ port }) => ({ secure: false, host: '127.0.0.1', port }))
    const { why, clock, reports } = openDirectories(t, ldapSettings(0, { servers, timeouts: QUICK }))
    t.equal(await why('alice', 'alice-pw'), 'verified')
    first.signal('SIGSTOP')
    clock.skipMs += 15_000
    t.equal(await why('alice', 'alice-pw'), 'verified', 'hung')
    t.equal(await why('bob', 'bob-pw'), 'verified')
    first.signal('SIGCONT')
    await first.stop()
    clock.skipMs += 15_000
    t.equal(await why('alice', 'alice-pw'), 'verified', 'stopped')
    t.same(reports, [])
    await second.stop()
    clock.skipMs += 15_000
    t.equal(await why('alice', 'alice-pw'), GONE, 'the twin: both')
  })

  t.test('a server that was restarted in between is noticed, not suffered', async (t) => {
    const { slapd, why } = await serverAndClient(t)
    t.equal(await why('alice', 'alice-pw'), 'verified')
    await slapd.stop()
    await slapd.start()
    t.equal(await why('bob', 'bob-pw'), 'verified')
  })

  t.test('what is disabled, changed or gone takes effect within 15 s', async (t) => {
    const { slapd, why, known, clock, verify } = await serverAndClient(t)
    const steps: readonly (readonly [string, () => void, string, string])[] = [
      [
        'another password, with the old one',
        () => slapd.replace(ALICE, 'userPassword', 'new-pw'),
        'alice-pw',
        'wrong_password',
      ],
      ['the new one', () => undefined, 'new-pw', 'verified'],
      [
        'locked by an administrator',
        () => slapd.replace(ALICE, 'pwdAccountLockedTime', '000001010000Z'),
        'new-pw',
        'account_locked',
      ],
      [
        'let in again',
        () => slapd.modify(`dn: ${ALICE}\nchangetype: modify\ndelete: pwdAccountLockedTime\n`),
        'new-pw',
        'verified',
      ],
      ['gone', () => slapd.modify(`dn: ${ALICE}\nchangetype: delete\n`), 'new-pw', 'unknown_user'],
    ]
    t.equal(await why('alice', 'alice-pw'), 'verified')
    for (const [name, change, password, outcome] of steps) {
      change()
      clock.skipMs += 15_000
      t.equal(await why('alice', password), outcome, name)
    }
    t.same((await known('bob', 'bob-pw')).groups, [])
    slapd.modify(
      `dn: cn=new,ou=groups,${SUFFIX}\nchangetype: add\nobjectClass: groupOfNames\ncn: new\nmember: uid=bob,ou=people,${SUFFIX}\n`,
    )
    clock.skipMs += 14_000
    t.match(await verify('bob', 'bob-pw'), { cache: 'hit', principal: { groups: [] } }, 'a moment before')
    clock.skipMs += 1000
    t.match(await verify('bob', 'bob-pw'), { cache: 'miss', principal: { groups: ['new'] } }, 'and then')
  })

  t.test('the account that searches', async (t) => {
    const slapd = await startSlapd(t, PEOPLE)
    const rows: readonly (readonly [string, Partial<LdapSettings>, string])[] = [
      ['the wrong password', { bind: { dn: SERVICE.dn, password: new Secret('wrong') } }, 'service_bind_refused'],
      ['nobody', { bind: { dn: `cn=nobody,${SUFFIX}`, password: new Secret('x') } }, 'service_bind_refused'],
      ['may read nothing', { bind: null }, 'search_refused'],
      ['asks below nothing', { base: `ou=nothing,${SUFFIX}` }, 'base_missing'],
      ['asks for groups below nothing', { groupBase: `ou=nothing,${SUFFIX}` }, 'base_missing'],
    ]
    for (const [name, more, reason] of rows) {
      const { why, reports } = openDirectories(t, ldapSettings(slapd.port, more))
      t.equal(await why('alice', 'alice-pw'), GONE, name)
      t.match(reports, [{ kind: 'directory-failed', reason }], name)
    }
  })
}
