import t from 'tap'
import type { LdapSettings } from '../../../../src/model/identity-settings.ts'
import { type Entries, noSlapd, person, SUFFIX } from '../../../support/slapd.ts'
import { ldapSettings, openDirectories, startSlapd } from './scene.ts'

const missing = noSlapd()
const at = (uid: string) => `uid=${uid},ou=people,${SUFFIX}`
const DAY = 86_400_000
const windows = (ms: number) => String((BigInt(ms) + 11_644_473_600_000n) * 10_000n)

/** Names that mean something to a filter or a DN, and that somebody may really have. */
const HOSTILE = [
  'a*',
  'a)(uid=*',
  'a\\2a',
  '(|(uid=*))',
  'a,ou=people',
  'a+b=c',
  '"a"',
  '#a',
  'é*ß',
  'x{dn}',
  '$&',
  'a;b',
  '=',
]
const escaped = (text: string) => text.replace(/["+,;<=>\\#]/g, (sign) => `\\${sign.charCodeAt(0).toString(16)}`)

const state = (more: { readonly [attribute: string]: string }) => ({
  objectClass: ['inetOrgPerson', 'account2', 'shadowAccount'],
  ...more,
})

const PEOPLE: Entries = {
  [at('alice')]: person('alice', {
    objectClass: ['inetOrgPerson', 'account2'],
    department2: ['a', 'b'],
    employeeType: 'staff',
    cn: 'Alice Ärmel',
  }),
  [at('bob')]: person('bob'),
  ...Object.fromEntries(HOSTILE.map((name) => [at(escaped(name)), person(name)])),
  [`cn=one,ou=people,${SUFFIX}`]: person('twin', { cn: 'one' }),
  [`cn=two,ou=people,${SUFFIX}`]: person('twin', { cn: 'two' }),
  [at('nomail')]: {
    objectClass: ['inetOrgPerson'],
    uid: 'nomail',
    cn: 'nomail',
    sn: 'nomail',
    userPassword: 'nomail-pw',
  },
  [at('uac-normal')]: person('uac-normal', state({ userAccountControl: '512' })),
  [at('uac-disabled')]: person('uac-disabled', state({ userAccountControl: '514' })),
  [at('later')]: person('later', state({ accountExpires: windows(Date.now() + DAY) })),
  [at('over')]: person('over', state({ accountExpires: windows(Date.now() - DAY) })),
  [at('must-change')]: person('must-change', state({ userAccountControl: '512', pwdLastSet: '0' })),
  [at('shadow-ok')]: person('shadow-ok', state({ shadowExpire: String(Math.floor(Date.now() / DAY) + 2) })),
  [at('shadow-over')]: person('shadow-over', state({ shadowExpire: String(Math.floor(Date.now() / DAY) - 2) })),
  [at('unlocked')]: person('unlocked', state({ nsAccountLock: 'FALSE' })),
  [at('locked')]: person('locked', state({ nsAccountLock: 'TRUE' })),
  [at('reset')]: person('reset', { pwdReset: 'TRUE' }),
  [at('held')]: person('held', { pwdAccountLockedTime: '000001010000Z' }),
}

type Row = readonly [name: string, username: string, password: string, outcome: string, more?: Partial<LdapSettings>]

const MAIL = { userFilter: '(|(uid={username})(mail={username}))' }
const NAME = { userFilter: `(entryDN=uid={username},ou=people,${SUFFIX})` }

const rows: readonly Row[] = [
  ['who signs in', 'alice', 'alice-pw', 'verified'],
  ['in capitals', 'ALICE', 'alice-pw', 'verified'],
  ['with spaces around it', ' alice  ', 'alice-pw', 'verified'],
  ['with the name of the directory', 'corp\\alice', 'alice-pw', 'verified'],
  ['and a slash', 'corp/alice', 'alice-pw', 'verified'],
  ['a wrong password', 'alice', 'bob-pw', 'wrong_password'],
  ['a password in capitals', 'alice', 'ALICE-PW', 'wrong_password'],
  ['nobody', 'nobody', 'alice-pw', 'unknown_user'],
  ['a star', '*', 'alice-pw', 'unknown_user'],
  ['a star behind a letter', 'al*', 'alice-pw', 'unknown_user'],
  ['a filter', 'alice)(objectClass=*', 'alice-pw', 'unknown_user'],
  ['an escape', '\\61lice', 'alice-pw', 'unknown_user'],
  ['a place of the template', '{username}', 'alice-pw', 'unknown_user'],
  ['another directory', 'other\\alice', 'alice-pw', 'unknown_user'],
  ...HOSTILE.map((name): Row => [`the user ${name}`, name, `${name}-pw`, 'verified']),
  ...HOSTILE.map((name): Row => [`the user ${name}, the password of another`, name, 'alice-pw', 'wrong_password']),
  ['no password', 'alice', '', 'malformed'],
  ['a zero byte in the password', 'alice', 'alice-pw\0', 'malformed'],
  ['a zero byte alone', 'alice', '\0', 'malformed'],
  ['a long password', 'alice', 'x'.repeat(1025), 'malformed'],
  ['one as long as may be', 'alice', 'x'.repeat(1024), 'wrong_password'],
  ['no name', '', 'alice-pw', 'malformed'],
  ['spaces', '  ', 'alice-pw', 'malformed'],
  ['a zero byte in the name', 'alice\0', 'alice-pw', 'malformed'],
  ['a line', 'alice\nbob', 'alice-pw', 'malformed'],
  ['half a character', 'alice\ud800', 'alice-pw', 'malformed'],
  ['a long name', 'a'.repeat(257), 'alice-pw', 'malformed'],
  ['one as long as may be', 'a'.repeat(256), 'alice-pw', 'unknown_user'],
  ['two of one name', 'twin', 'twin-pw', 'ambiguous_user'],
  ['by mail', 'bob@example.org', 'bob-pw', 'verified', MAIL],
  ['a name within a DN', 'alice', 'alice-pw', 'verified', NAME],
  ['a DN within a DN', `alice,ou=people,${SUFFIX}`, 'alice-pw', 'unknown_user', NAME],
  ['enabled', 'uac-normal', 'uac-normal-pw', 'verified'],
  ['disabled', 'uac-disabled', 'uac-disabled-pw', 'account_disabled'],
  ['expires tomorrow', 'later', 'later-pw', 'verified'],
  ['expired', 'over', 'over-pw', 'account_expired'],
  ['must change the password', 'must-change', 'must-change-pw', 'password_expired'],
  ['shadow: not yet', 'shadow-ok', 'shadow-ok-pw', 'verified'],
  ['shadow: over', 'shadow-over', 'shadow-over-pw', 'account_expired'],
  ['not locked', 'unlocked', 'unlocked-pw', 'verified'],
  ['locked', 'locked', 'locked-pw', 'account_disabled'],
  ['ppolicy: change after reset', 'reset', 'reset-pw', 'password_expired'],
  ['ppolicy: locked for good', 'held', 'held-pw', 'account_locked'],
  ['an id that is there', 'alice', 'alice-pw', 'verified', { claims: { ...ldapSettings(0).claims, id: 'mail' } }],
  [
    'an id that is missing',
    'nomail',
    'nomail-pw',
    'claim_missing',
    { claims: { ...ldapSettings(0).claims, id: 'mail' } },
  ],
  [
    'an id with two values',
    'alice',
    'alice-pw',
    'claim_missing',
    { claims: { ...ldapSettings(0).claims, id: 'department2' } },
  ],
]

if (missing !== null) t.plan(0, missing)
else {
  t.test('who may sign in, and why not', async (t) => {
    const slapd = await startSlapd(t, PEOPLE)
    for (const [name, username, password, outcome, more] of rows) {
      const { why, identity } = openDirectories(t, ldapSettings(slapd.port, more))
      t.equal(await why(username, password), outcome, name)
      identity.close()
    }
  })

  t.test('who somebody is', async (t) => {
    const slapd = await startSlapd(t, PEOPLE)
    const claims = { id: 'uid', name: 'cn', email: 'mail', groups: ['cn'], workspace: 'department2' }
    const attributes = ['employeeType', 'department2', 'title']
    const { known, now } = openDirectories(t, ldapSettings(slapd.port, { claims, attributes }))
    const before = Math.floor(now() / 1000)
    const alice = await known('ALICE', 'alice-pw')
    const { authTime, ...rest } = alice
    t.ok(
      authTime !== undefined && authTime >= before && authTime <= now() / 1000,
      'as recent as the password was tried',
    )
    t.same(rest, {
      id: 'alice',
      issuer: 'corp',
      method: 'ldap',
      name: 'Alice Ärmel',
      email: 'alice@example.org',
      groups: [],
      roles: [],
      workspaces: ['a', 'b'],
      claims: { employeeType: 'staff', department2: ['a', 'b'] },
      mfa: 'no',
      acr: undefined,
      key: null,
      tokenId: null,
      expiresAt: null,
    })
    t.equal((await known('corp\\Alice ', 'alice-pw')).id, 'alice', 'however it is written')
  })

  t.test('the id is the name of the entry unless it is said otherwise', async (t) => {
    const slapd = await startSlapd(t, PEOPLE)
    const { known } = openDirectories(t, ldapSettings(slapd.port))
    for (const name of ['alice', 'Alice', ' ALICE ']) t.equal((await known(name, 'alice-pw')).id, at('alice'))
    t.equal((await known('a,ou=people', 'a,ou=people-pw')).id, `uid=a\\,ou\\=people,ou=people,${SUFFIX}`)
  })

  t.test('of two directories the first one is asked about plain names, and no other is tried', async (t) => {
    const first = await startSlapd(t, { [at('alice')]: person('alice', { userPassword: 'one' }) })
    const second = await startSlapd(t, {
      [at('alice')]: person('alice', { userPassword: 'two' }),
      [at('bob')]: person('bob'),
    })
    const both = openDirectories(t, ldapSettings(first.port), ldapSettings(second.port, { name: 'other' }))
    t.equal((await both.known('alice', 'one')).issuer, 'corp')
    t.equal((await both.known('other\\alice', 'two')).issuer, 'other')
    t.equal((await both.known('other/bob', 'bob-pw')).issuer, 'other')
    t.equal(await both.why('alice', 'two'), 'wrong_password')
    t.equal(await both.why('bob', 'bob-pw'), 'unknown_user')
    t.equal(await both.why('local\\alice', 'one'), 'unsupported_scheme', 'a user of the store is nobody here')
    t.equal(await both.why('OTHER\\bob', 'bob-pw'), 'unknown_user', 'names of directories compare exactly')
  })
}
