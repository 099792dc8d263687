import t, { type Test } from 'tap'
import { type LdapAnswer, startScriptedLdap } from '../../../support/ldap-server.ts'
import { polled } from '../../../support/proxy.ts'
import { SERVICE, SUFFIX } from '../../../support/slapd.ts'
import { basic, ldapSettings, openDirectories } from './scene.ts'

const ALICE = `uid=alice,ou=people,${SUFFIX}`
const QUICK = { connectMs: 500, operationMs: 500, totalMs: 3000, idleMs: 30_000 }
const GONE = 'directory_unavailable'

const scripted = async (t: Test, answers: (filter: string) => LdapAnswer | null, bind: LdapAnswer = {}) => {
  const server = await startScriptedLdap((request) => {
    if (request.kind === 'search') return request.base === '' ? {} : answers(request.filter)
    return request.kind === 'bind' && request.dn !== SERVICE.dn ? bind : {}
  })
  t.teardown(() => server.close())
  return server
}
const user = { entries: [{ dn: ALICE }] }
const forUser = (answer: LdapAnswer) => (filter: string) => (filter.startsWith('(uid=') ? answer : {})

const odd: readonly (readonly [string, LdapAnswer, LdapAnswer, string])[] = [
  ['a user', user, {}, 'verified'],
  ['references beside the user', { ...user, references: ['ldap://other/dc=x'] }, {}, 'verified'],
  ['references alone', { references: ['ldap://other/dc=x', 'ldap://127.0.0.1:1/dc=y'] }, {}, 'unknown_user'],
  ['a referral', { code: 10 }, {}, 'unknown_user'],
  ['a referral for the password', user, { code: 10 }, GONE],
  ['a user without a name', { entries: [{ dn: '' }] }, {}, GONE],
  ['a user with a name that is none', { entries: [{ dn: 'alice' }] }, {}, GONE],
  ['a name that is a mechanism', { entries: [{ dn: 'PLAIN' }] }, {}, GONE],
  ['more than the server gives', { ...user, code: 4 }, {}, 'ambiguous_user'],
  ['as far as the time went', { ...user, code: 3 }, {}, GONE],
  ['no BER', { raw: Buffer.from('HTTP/1.1 200 OK\r\n\r\n') }, {}, GONE],
  ['a length without end', { raw: Buffer.from('3080', 'hex') }, {}, GONE],
  ['a length of gigabytes', { raw: Buffer.from('30847fffffff', 'hex') }, {}, GONE],
  ['an answer of 9 MiB', { entries: [{ dn: ALICE, attributes: { x: Buffer.alloc(9 * 1024 * 1024) } }] }, {}, GONE],
  [
    'a password that is over (AD)',
    user,
    { code: 49, diagnostic: 'comment: AcceptSecurityContext error, data 532, v4563' },
    'password_expired',
  ],
  ['a busy server', user, { code: 51 }, GONE],
]

t.test('odd answers of a directory', async (t) => {
  for (const [name, found, bind, outcome] of odd) {
    const server = await scripted(t, forUser(found), bind)
    const { why } = openDirectories(t, ldapSettings(server.port, { timeouts: QUICK }))
    t.equal(await why('alice', 'alice-pw'), outcome, name)
    await server.close()
  }
})

t.test('no more connections than are allowed, and no more sign-ins that wait for one', async (t) => {
  const slow = await startScriptedLdap((request) => (request.kind === 'search' ? null : {}))
  t.teardown(() => slow.close())
  const limits = { maxConnections: 2, maxWaiting: 3, timeouts: { ...QUICK, operationMs: 1000 } }
  const { verify } = openDirectories(t, ldapSettings(slow.port, limits))
  const answers = Array.from({ length: 12 }, (_, index) => verify(`user${index}`, 'x', `10.0.0.${index}`))
  await polled(async () => slow.requests.filter(({ kind }) => kind === 'search').length === 2, 'two searches')
  t.equal(slow.sockets.size, 2, 'connections')
  const outcomes = (await Promise.all(answers)).map((one) => (one.outcome === 'verified' ? '' : one.reason))
  t.equal(outcomes.filter((reason) => reason === 'busy').length, 7, 'who finds no place to wait is told at once')
  t.equal(outcomes.filter((reason) => reason === GONE).length, 5)
})

t.test('connections are used again, and closed when nobody does', async (t) => {
  const server = await scripted(t, forUser(user))
  const { why, clock } = openDirectories(t, ldapSettings(server.port, { timeouts: { ...QUICK, idleMs: 200 } }))
  for (let round = 0; round < 3; round++) {
    t.equal(await why('alice', `pw-${round}`), 'verified')
    clock.skipMs += 15_000
  }
  t.equal(
    server.requests.filter((one) => one.kind === 'bind' && one.dn === SERVICE.dn).length,
    1,
    'one of them searches',
  )
  t.equal(server.sockets.size, 2, 'and one tries passwords')
  await polled(async () => server.sockets.size === 0, 'both to close')
})

t.test(
  'a password is tried once however many requests bring it, and again when it is no longer believed',
  async (t) => {
    const server = await scripted(t, forUser(user))
    const { identity, clock, why } = openDirectories(t, ldapSettings(server.port, { timeouts: QUICK }))
    const binds = () => server.requests.filter((one) => one.kind === 'bind' && one.dn === ALICE).length
    await Promise.all(Array.from({ length: 50 }, () => identity.authenticate(basic('alice', 'x'))))
    t.equal(binds(), 1)
    t.notOk(identity.authenticate(basic('alice', 'x')) instanceof Promise, 'remembered: without waiting')
    for (let second = 0; second < 56; second += 14) {
      clock.skipMs += 14_000
      await why('alice', 'x')
    }
    t.equal(binds(), 1, 'the account is read again, the password is believed')
    clock.skipMs += 5000
    await why('alice', 'x')
    t.equal(binds(), 2)
    await why('alice', 'y')
    t.equal(binds(), 3, 'another password is another sign-in')
  },
)

t.test('a refusal is not believed for long', async (t) => {
  let isThere = false
  const server = await scripted(t, (filter) => (filter.startsWith('(uid=') && isThere ? user : {}))
  const { why, clock } = openDirectories(t, ldapSettings(server.port, { timeouts: QUICK }))
  t.equal(await why('alice', 'x'), 'unknown_user')
  isThere = true
  t.equal(await why('alice', 'x'), 'unknown_user', 'the same, a moment later')
  clock.skipMs += 1000
  t.equal(await why('alice', 'x'), 'verified')
})
