import t from 'tap'
import type { LdapSettings } from '../../../../src/model/identity-settings.ts'
import { type LdapAnswer, type LdapRequest, startScriptedLdap } from '../../../support/ldap-server.ts'
import { type Entries, noSlapd, person, SUFFIX } from '../../../support/slapd.ts'
import { ldapSettings, openDirectories, startSlapd } from './scene.ts'

const missing = noSlapd()
const user = (uid: string) => `uid=${uid},ou=people,${SUFFIX}`
const group = (cn: string) => `cn=${cn},ou=groups,${SUFFIX}`
const names = (cn: string, ...member: string[]) => ({ [group(cn)]: { objectClass: 'groupOfNames', cn, member } })

const TREE: Entries = {
  [user('alice')]: person('alice', {
    objectClass: ['inetOrgPerson', 'posixAccount'],
    uidNumber: '1000',
    gidNumber: '2000',
    homeDirectory: '/',
  }),
  [user('bob')]: person('bob'),
  ...names('analysts', user('alice')),
  ...names('staff', group('analysts')),
  ...names('everybody', group('staff')),
  ...names('bobs', user('bob')),
  ...names('circle-a', user('alice'), group('circle-c')),
  ...names('circle-b', group('circle-a')),
  ...names('circle-c', group('circle-b')),
  ...names('itself', group('itself'), user('alice')),
  [group('a*)(\\,b')]: { objectClass: 'groupOfNames', cn: 'a*)(,b', member: user('alice') },
  [group('posix')]: { objectClass: 'posixGroup', cn: 'posix', gidNumber: '3000', memberUid: 'alice' },
  [group('primary')]: { objectClass: 'posixGroup', cn: 'primary', gidNumber: '2000' },
  [`ou=lab,${SUFFIX}`]: { objectClass: 'organizationalUnit', ou: 'lab' },
  [`cn=analysts,ou=lab,${SUFFIX}`]: { objectClass: 'groupOfNames', cn: 'analysts', member: user('bob') },
}
const DIRECT = ['a*)(,b', 'analysts', 'circle-a', 'itself']
const ALL = [...DIRECT, 'circle-b', 'circle-c', 'everybody', 'staff'].sort()
const POSIX = '(|(member={dn})(memberUid={uid})(gidNumber={gidNumber}))'
const claims = (groups: readonly string[]) => ({ ...ldapSettings(0).claims, groups })

const rows: readonly (readonly [string, string, Partial<LdapSettings>, readonly string[] | undefined])[] = [
  ['groups of groups', 'alice', {}, ALL],
  ['step by step', 'alice', { nestedGroups: 'walk' }, ALL],
  ['what the filter finds alone', 'alice', { nestedGroups: 'off' }, DIRECT],
  [
    'another person',
    'bob',
    {},
    ['analysts', 'bobs', 'everybody', 'staff'].filter((one) => one === 'analysts' || one === 'bobs'),
  ],
  ['below one place', 'bob', { groupBase: `ou=groups,${SUFFIX}` }, ['bobs']],
  ['by their whole names', 'bob', { claims: claims(['dn']) }, [group('bobs'), `cn=analysts,ou=lab,${SUFFIX}`].sort()],
  ['by both', 'bob', { groupBase: `ou=groups,${SUFFIX}`, claims: claims(['cn', 'dn']) }, ['bobs', group('bobs')]],
  ['posix groups', 'alice', { groupFilter: '(memberUid={uid})' }, ['posix']],
  ['all kinds', 'alice', { groupFilter: POSIX, groupBase: `ou=groups,${SUFFIX}` }, [...ALL, 'posix', 'primary'].sort()],
  ['who lacks an attribute of the filter', 'bob', { groupFilter: POSIX, groupBase: `ou=groups,${SUFFIX}` }, ['bobs']],
  ['who lacks the only one', 'bob', { groupFilter: '(gidNumber={gidNumber})' }, undefined],
]

if (missing === null) {
  t.test('groups of a person', async (t) => {
    const slapd = await startSlapd(t, TREE)
    for (const [name, username, more, groups] of rows) {
      const { known } = openDirectories(t, ldapSettings(slapd.port, more))
      const found = (await known(username, `${username}-pw`)).groups
      t.same(found && [...found].sort(), groups, name)
    }
  })

  t.test('more groups, or more levels of them, than there may be cannot be told', async (t) => {
    const many = Array.from({ length: 2001 }, (_, index) => names(`g${index}`, user('bob')))
    const chain = Array.from({ length: 40 }, (_, index) =>
      names(`level${index}`, index === 0 ? user('carol') : group(`level${index - 1}`)),
    )
    const people = { [user('bob')]: person('bob'), [user('carol')]: person('carol'), [user('dan')]: person('dan') }
    const more = Array.from({ length: 700 }, (_, index) => names(`d${index}`, user('dan')))
    const slapd = await startSlapd(t, Object.assign({}, people, ...many, ...chain, ...more))
    const { known } = openDirectories(t, ldapSettings(slapd.port))
    t.equal((await known('bob', 'bob-pw')).groups, undefined, 'too many')
    t.equal((await known('carol', 'carol-pw')).groups, undefined, 'too deep')
    t.equal((await known('dan', 'dan-pw')).groups?.length, 700, 'the twin: more than one page of them')
    const strict = await startSlapd(t, Object.assign({}, people, ...more), { sizeLimit: '600' })
    const limited = openDirectories(t, ldapSettings(strict.port))
    t.equal((await limited.known('dan', 'dan-pw')).groups, undefined, 'more than the server gives')
    t.same((await limited.known('bob', 'bob-pw')).groups, [], 'the twin: none')
  })
} else t.test('OpenLDAP', { skip: missing }, async () => undefined)

const SID = Buffer.from('010500000000000515000000010000000200000003000000e8030000', 'hex')
const PRIMARY = Buffer.from('0105000000000005150000000100000002000000030000000102 0000'.replaceAll(' ', ''), 'hex')
const CHAIN = '1.2.840.113556.1.4.1941'
const DN = 'CN=Alice,CN=Users,DC=corp,DC=example'

/** Active Directory, as far as groups go. */
const activeDirectory = (request: LdapRequest): LdapAnswer => {
  if (request.kind !== 'search') return {}
  const asked = request.filter
  if (request.base === '') {
    return {
      entries: [
        { dn: '', attributes: { supportedCapabilities: ['1.2.840.113556.1.4.800', '1.2.840.113556.1.4.1670'] } },
      ],
    }
  }
  if (asked === '(sAMAccountName=alice)') {
    const attributes = { sAMAccountName: 'Alice', objectSid: SID, primaryGroupID: '513', userAccountControl: '512' }
    return { entries: [{ dn: DN, attributes }], references: ['ldap://forestdnszones.corp.example/DC=x'] }
  }
  if (asked === `(member:${CHAIN}:=${DN})`)
    return { entries: groupsNamed('Analysts', 'Staff'), references: ['ldap://x'] }
  if (asked === `(objectSid=#${PRIMARY.toString('hex')})`) return { entries: groupsNamed('Domain Users') }
  if (asked === `(member:${CHAIN}:=CN=Domain Users,DC=corp,DC=example)`) return { entries: groupsNamed('Users') }
  return {}
}
const groupsNamed = (...all: string[]) => all.map((cn) => ({ dn: `CN=${cn},DC=corp,DC=example`, attributes: { cn } }))

t.test('Active Directory follows groups itself, and names the primary one by its SID', async (t) => {
  const server = await startScriptedLdap(activeDirectory)
  t.teardown(() => server.close())
  const settings = ldapSettings(server.port, {
    base: 'DC=corp,DC=example',
    groupBase: 'DC=corp,DC=example',
    userFilter: '(sAMAccountName={username})',
  })
  const { known } = openDirectories(t, settings)
  t.same((await known('alice', 'x')).groups, ['Analysts', 'Staff', 'Domain Users', 'Users'])
  const searches = server.requests.filter(({ kind }) => kind === 'search').length
  t.equal(searches, 5, 'the user, what the directory can, the groups, the primary one, and those that it is in')
  const { known: again } = openDirectories(t, { ...settings, nestedGroups: 'off' })
  t.same((await again('alice', 'x')).groups, ['Domain Users'], 'asked plainly, it finds the primary one alone here')
})
