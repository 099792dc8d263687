import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import t from 'tap'
import { loadConfig } from '../../../src/config/load.ts'

const ENTRY = `
      url: ldaps://dc1.example
      base: "dc=example,dc=org"
      bind_dn: "cn=search,dc=example,dc=org"
      bind_password: { env: LDAP_PASSWORD }`
const config = (entries: string, issuers = '') => `version: 1
listen: { proxy: 127.0.0.1:8080 }
identity:${issuers}
  ldap:${entries}
upstreams: [{ name: main, url: https://api.openai.com/v1, models: ["gpt-*"] }]
policies: [policy.yaml]
`
const SOUND = config(`
    - name: ad${ENTRY}`)

async function load(text: string, password = 'pass wörd ') {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  writeFileSync(join(folder, 'config.yaml'), text)
  writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
  writeFileSync(join(folder, 'ca.crt'), `${rootCertificates[0]}\n${rootCertificates[1]}\n`)
  writeFileSync(join(folder, 'no.crt'), 'nothing\n')
  const loaded = await loadConfig(join(folder, 'config.yaml'), { env: { LDAP_PASSWORD: password }, secrets: true })
  return {
    folder,
    ...loaded,
    said: loaded.problems.map(({ line, column, code }) => `${line}:${column} ${code}`).join(),
  }
}

t.test('a short entry has every default', async (t) => {
  const { settings, said, names } = await load(SOUND)
  t.equal(said, '')
  const { bind, ...rest } = settings?.ldap[0] ?? { bind: null }
  t.equal(bind?.password.reveal(), 'pass wörd ', 'a password of any characters')
  t.equal(bind?.dn, 'cn=search,dc=example,dc=org')
  t.same(rest, {
    name: 'ad',
    servers: [{ secure: true, host: 'dc1.example', port: 636 }],
    startTls: false,
    ca: null,
    base: 'dc=example,dc=org',
    groupBase: 'dc=example,dc=org',
    userFilter: '(sAMAccountName={username})',
    groupFilter: '(member={dn})',
    nestedGroups: 'detect',
    claims: { id: 'dn', name: 'cn', email: 'mail', groups: ['cn'], workspace: null },
    attributes: [],
    timeouts: { connectMs: 5000, operationMs: 5000, totalMs: 10_000, idleMs: 60_000 },
    maxConnections: 8,
    maxWaiting: 64,
    cacheMs: 60_000,
  })
  t.same(names.issuers, ['ad'], 'policies may name it')
})

t.test('several servers, and everything else that can be said', async (t) => {
  const more = `
      group_base: "ou=groups,dc=example,dc=org"
      user_filter: "(|(uid={username})(mail={username}))"
      group_filter: "(|(member={dn})(memberUid={uid}))"
      nested_groups: walk
      start_tls: true
      ca: { file: ca.crt }
      claims: { id: uid, groups: [cn, dn] }
      cache: 10m`
  const text = SOUND.replace('ldaps://dc1.example', '[ldap://dc1.example, "ldap://[::1]:3389"]')
  const { settings, said, folder, files } = await load(text.replace('\nupstreams', `${more}\nupstreams`))
  t.equal(said, '')
  t.match(settings?.ldap[0], {
    servers: [
      { secure: false, host: 'dc1.example', port: 389 },
      { secure: false, host: '::1', port: 3389 },
    ],
    startTls: true,
    ca: join(folder, 'ca.crt'),
    groupBase: 'ou=groups,dc=example,dc=org',
    nestedGroups: 'walk',
    claims: { id: 'uid', groups: ['cn', 'dn'] },
    cacheMs: 600_000,
  })
  t.ok(files.includes(join(folder, 'ca.crt')), 'it is watched')
})

type Row = readonly [name: string, from: string, to: string, said: string]
const insert = (line: string) => `      base: "dc=example,dc=org"\n      ${line}`
const BASE = '      base: "dc=example,dc=org"'
const rows: readonly Row[] = [
  ['none', `\n    - name: ad${ENTRY}`, ' []', '4:9 empty_list,3:1 no_identity'],
  ['without a name', 'name: ad\n      ', '', '5:7 missing_key'],
  ['an unknown key', BASE, insert('bsae: x'), '8:7 unknown_key'],
  ['a reserved name', 'name: ad', 'name: local', '5:13 reserved_name'],
  ['another reserved name', 'name: ad', 'name: tokens', '5:13 reserved_name'],
  ['a name that means something to a URL', 'name: ad', 'name: a\\b', '5:13 wrong_value'],
  ['plain ldap beyond loopback', 'ldaps://dc1', 'ldap://dc1', '6:12 insecure_url'],
  ['the twin: on loopback', 'ldaps://dc1.example', 'ldap://127.0.0.1:3389', ''],
  ['the twin: with StartTLS', 'ldaps://dc1.example', 'ldap://dc1.example\n      start_tls: true', ''],
  ['the twin: by permission', 'ldaps://dc1.example', 'ldap://dc1.example\n      allow_insecure: true', ''],
  [
    'one of several that is plain',
    'ldaps://dc1.example',
    '[ldaps://dc1.example, ldap://dc2.example]',
    '6:34 insecure_url',
  ],
  ['TLS twice', 'ldaps://dc1.example', 'ldaps://dc1.example\n      start_tls: true', '7:18 tls_twice'],
  ['a password in the URL', 'ldaps://dc1', 'ldaps://a:b@dc1', '6:12 plain_secret'],
  ['another scheme', 'ldaps://dc1', 'https://dc1', '6:12 invalid_url'],
  ['a path', 'dc1.example', 'dc1.example/dc=x', '6:12 invalid_url'],
  ['a query', 'dc1.example', 'dc1.example/??sub', '6:12 invalid_url'],
  ['a port too high', 'dc1.example', 'dc1.example:70000', '6:12 invalid_url'],
  ['no server', 'ldaps://dc1.example', '[]', '6:12 empty_list'],
  ['a base that is no name', '"dc=example,dc=org"\n      bind', 'example\n      bind', '7:13 invalid_dn'],
  ['a place in the base', '"dc=example,dc=org"\n      bind', '"ou={username,dc=x"\n      bind', ''],
  ['an account without a password', '\n      bind_password: { env: LDAP_PASSWORD }', '', '5:7 incomplete'],
  ['a password without an account', '\n      bind_dn: "cn=search,dc=example,dc=org"', '', '5:7 incomplete'],
  ['an account that is no name', '"cn=search,dc=example,dc=org"', 'search', '8:16 invalid_dn'],
  ['the twin: of Active Directory', '"cn=search,dc=example,dc=org"', 'search@example.org', ''],
  ['a plain password', '{ env: LDAP_PASSWORD }', 'hunter2', '9:22 plain_secret'],
  ['a user filter without a place', BASE, insert('user_filter: "(uid=alice)"'), '8:20 invalid_filter'],
  ['a user filter with another one', BASE, insert('user_filter: "(|(uid={username})(x={dn}))"'), '8:20 invalid_filter'],
  ['a user filter that is none', BASE, insert('user_filter: "uid={username}"'), '8:20 invalid_filter'],
  ['a group filter without a place', BASE, insert('group_filter: "(cn=x)"'), '8:21 invalid_filter'],
  ['a group filter by what people type', BASE, insert('group_filter: "(memberUid={username})"'), '8:21 invalid_filter'],
  ['the twin: by an attribute', BASE, insert('group_filter: "(memberUid={uid})"'), ''],
  ['a group base that is no name', BASE, insert('group_base: groups'), '8:19 invalid_dn'],
  ['a cache for too long', BASE, insert('cache: 11m'), '8:14 wrong_value'],
  ['another way to nest', BASE, insert('nested_groups: maybe'), '8:22 wrong_value'],
  ['an attribute that is none', BASE, insert('claims: { id: "a b" }'), '8:21 wrong_value'],
  ['certificates that are not there', BASE, insert('ca: { file: gone.crt }'), '8:19 file_missing'],
  ['certificates that are none', BASE, insert('ca: { file: no.crt }'), '8:19 invalid_certificates'],
  ['the twin: that are', BASE, insert('ca: { file: ca.crt }'), ''],
]

t.test('what is wrong with an entry', async (t) => {
  for (const [name, from, to, said] of rows) {
    t.ok(SOUND.includes(from), name)
    t.equal((await load(SOUND.replace(from, to))).said, said, name)
  }
  t.match((await load(SOUND, 'a\nb')).problems, [{ code: 'secret_unsafe' }], 'a password of two lines')
  t.match((await load(SOUND, '')).problems, [{ code: 'secret_empty' }], 'an empty one')
})

t.test('directories and issuers share no name', async (t) => {
  const two = config(`\n    - name: ad${ENTRY}\n    - name: ad${ENTRY}`)
  t.equal((await load(two)).said, '10:13 duplicate')
  const issuer = '\n  issuers: [{ name: ad, issuer: https://idp.example, audience: [x] }]'
  t.equal((await load(config(`\n    - name: ad${ENTRY}`, issuer))).said, '6:13 duplicate')
  t.equal((await load(config(`\n    - name: other${ENTRY}`, issuer))).said, '', 'the twin')
})
