import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { openIdentity } from '../../../src/identity/authenticate.ts'
import { Secret } from '../../../src/model/secret.ts'
import { openKeyStore } from '../../../src/stores/keys.ts'
import { type CliRun, folderOf, runCli } from '../../support/cli.ts'
import { actions } from '../stores/store-table.ts'

const PASSWORD = 'lantern ravioli umbra quilt'
const config = (identity: string) => `version: 1
listen: { proxy: "127.0.0.1:0" }
identity: { ${identity} }
upstreams: [{ name: main, url: "http://127.0.0.1:9/v1", models: ["*"], api_key: { env: NOT_SET_HERE } }]
policies: [policy.yaml]
store: sqlite:users.db
`
const POLICY = 'version: 1\nroles: { analyst: {} }\nworkspaces: { research: {} }\n'
const DIRECTORY = 'ldap: [{ name: ad, url: ldaps://dc1.example, base: "dc=example" }]'

function scene(t: Test, identity = 'local: { enabled: true }') {
  const cwd = folderOf(t, { 'sallyport.yaml': config(identity), 'policy.yaml': POLICY })
  const users = (argv: readonly string[], typed = ''): Promise<CliRun> =>
    runCli(['users', ...argv, '--config', 'sallyport.yaml'], cwd, { stdin: Readable.from(typed === '' ? [] : [typed]) })
  const json = async (argv: readonly string[], typed = '') => {
    const { code, out, err } = await users([...argv, '--json'], typed)
    if (code !== 0) throw new Error(err)
    return JSON.parse(out)
  }
  const add = (name: string, ...argv: readonly string[]) => users(['add', name, ...argv], `${PASSWORD}\n`)
  const store = () => {
    const opened = openKeyStore(join(cwd, 'users.db'))
    if (!opened.ok) throw new Error(opened.fault)
    t.teardown(() => opened.value.close())
    return opened.value
  }
  /** What the proxy says of a password. */
  const verdict = async (name: string, password: string) => {
    const schedule = (_: number, run: () => void) => {
      queueMicrotask(run)
      return () => undefined
    }
    const ports = { clock: Date.now, keys: null, accounts: store(), report: () => undefined, schedule }
    const identity = openIdentity({ issuers: [], apiKeys: { enabled: false }, local: { enabled: true } }, ports)
    const answer = await identity.authenticate({ kind: 'basic', username: name, password: new Secret(password) }, '')
    identity.close()
    return answer.outcome === 'verified' ? 'verified' : answer.reason
  }
  return { cwd, users, json, add, store, verdict }
}

t.test('a user is added, signs in, and is listed without a secret', async (t) => {
  const { users, json, add, verdict, cwd } = scene(t)
  t.same(await users(['list']), { code: 0, out: 'no users\n', err: '' })
  const grant = ['--display', 'Alice A.', '--email', 'alice@example.org', '--role', 'analyst', '--role', 'analyst']
  const made = await add('alice', ...grant, '--group', 'g1', '--group', 'g2', '--workspace', 'research')
  t.same(made, { code: 0, out: 'alice is added\n', err: '' })
  t.equal(await verdict('alice', PASSWORD), 'verified')
  t.equal(await verdict('alice', `${PASSWORD}\n`), 'malformed', 'the end of the line is no part of it')
  const [record, ...more] = await json(['list'])
  t.same(more, [])
  t.match(record, {
    name: 'alice',
    display: 'Alice A.',
    email: 'alice@example.org',
    status: 'active',
    second_factor: false,
    recovery_codes: 0,
    roles: ['analyst'],
    groups: ['g1', 'g2'],
    workspace: 'research',
    created: /^\d{4}-.*Z$/,
    changed: /^\d{4}-.*Z$/,
  })
  const table = await users(['list'])
  t.match(
    table.out,
    /^NAME +STATUS .*\nalice +active +no +analyst +g1,g2 +research +alice@example.org +\d{4}-\d\d-\d\d\n$/,
  )
  for (const text of [JSON.stringify(record), table.out, readFileSync(join(cwd, 'users.db'), 'latin1')]) {
    t.notMatch(text, /lantern/)
  }
})

t.test('a password can be made, and is shown once', async (t) => {
  const { users, json, verdict } = scene(t)
  const { name, password } = await json(['add', 'bob', '--generate'])
  t.equal(name, 'bob')
  t.equal(await verdict('bob', password), 'verified')
  const shown = await users(['passwd', 'bob', '--generate'])
  t.equal(shown.code, 0)
  const next = /^password {2}(\S{23})$/m.exec(shown.out)?.[1] ?? ''
  t.match(shown.err, /not shown again/)
  t.same([await verdict('bob', password), await verdict('bob', next)], ['wrong_password', 'verified'])
})

t.test('what is changed is audited with who has done it, and ends what was signed in before', async (t) => {
  const { users, add, verdict, store } = scene(t)
  await add('alice')
  const steps: readonly (readonly [argv: readonly string[], said: RegExp, verdict: string])[] = [
    [['disable', 'alice'], /is disabled; .* within 30 s/, 'account_disabled'],
    [['enable', 'alice'], /is enabled/, 'verified'],
    [['set', 'alice', '--group', 'g3', '--email', ''], /is changed/, 'verified'],
    [['unlock', 'alice'], /is not locked/, 'verified'],
    [['remove', 'alice'], /is removed/, 'unknown_user'],
  ]
  for (const [argv, said, expected] of steps) {
    const { code, out } = await users(argv)
    t.equal(code, 0, argv.join(' '))
    t.match(out, said)
    t.equal(await verdict('alice', PASSWORD), expected, argv.join(' '))
  }
  const file = store()
  const event = await file.userEvents.claim(Date.now())
  t.match(event, { action: 'user-created', account: 'alice', by: { host: String } })
  if (event !== null) await file.userEvents.settle(event, Date.now())
  t.same(await actions(file), [
    'user-changed alice',
    'token-revoked alice',
    'user-changed alice',
    'user-changed alice',
    'user-changed alice',
    'user-removed alice',
    'token-revoked alice',
  ])
  const token = { issuer: 'local', jti: null, subject: 'alice', key: null, issuedAt: Date.now() - 1000 }
  t.equal(file.revocations.isRevoked(token, Date.now()), true)
  t.equal(file.revocations.isRevoked({ ...token, subject: 'bob' }, Date.now()), false, 'the twin')
})

t.test('set leaves what it does not name, and takes away what is empty', async (t) => {
  const { json, add, users } = scene(t)
  await add('alice', '--group', 'g1', '--role', 'analyst', '--display', 'A')
  t.same(await json(['set', 'alice', '--group', 'g2', '--group', 'g3']), { name: 'alice' })
  t.match(await json(['list']), [{ groups: ['g2', 'g3'], roles: ['analyst'], display: 'A' }])
  await json(['set', 'alice', '--group', '', '--display', ''])
  t.match(await json(['list']), [{ groups: [], roles: ['analyst'], display: null }])
  t.match(await users(['set', 'alice']), { code: 2, err: /nothing to change/ })
})

t.test('another password ends a lock, and so does an operator', async (t) => {
  const { users, add, json, store, verdict } = scene(t)
  await add('alice')
  const file = store()
  const lock = () => file.accountFailures.failed(ALICE, Date.now(), { most: 1, windowMs: 1000, lockMs: 900_000 })
  for (const [argv, typed] of [
    [['unlock', 'alice'], ''],
    [['passwd', 'alice'], `${PASSWORD}\r\n`],
  ] as const) {
    lock()
    t.match(await json(['list']), [{ status: 'locked' }])
    t.equal(await verdict('alice', PASSWORD), 'account_locked')
    t.equal((await users(argv, typed)).code, 0)
    t.match(await json(['list']), [{ status: 'active' }])
    t.equal(await verdict('alice', PASSWORD), 'verified')
  }
})
const ALICE = { source: 'local', account: 'alice' }

const refused: readonly (readonly [name: string, argv: readonly string[], typed: string, said: RegExp])[] = [
  ['no password', ['add', 'bob'], '', /nothing was typed/],
  ['a short one', ['add', 'bob'], 'short\n', /at least 15/],
  ['a common one', ['add', 'bob'], 'passwordpassword\n', /guessed first/],
  ['one made of the name', ['add', 'robert-smithson'], 'robert-smithson-1\n', /guessed first/],
  ['a password as an argument', ['add', 'bob', PASSWORD], '', /too many arguments/],
  ['an option that takes one', ['add', 'bob', '--password', PASSWORD], '', /unknown option/],
  ['a name with a slash', ['add', 'ad/bob'], `${PASSWORD}\n`, /a user name has/],
  ['a name with a source', ['add', 'local\\bob'], `${PASSWORD}\n`, /a user name has/],
  ['a name with a colon', ['add', 'bob:x'], `${PASSWORD}\n`, /a user name has/],
  ['a name with an escape', ['add', 'bob\u001b[31m'], `${PASSWORD}\n`, /a user name has/],
  ['a name with what is not seen', ['add', 'bo\u200bb'], `${PASSWORD}\n`, /a user name has/],
  ['a name that turns the writing', ['add', 'bob\u202e'], `${PASSWORD}\n`, /a user name has/],
  ['a name with spaces around it', ['add', ' bob'], `${PASSWORD}\n`, /a user name has/],
  ['an empty name', ['add', ''], `${PASSWORD}\n`, /a user name has/],
  ['an endless name', ['add', 'b'.repeat(257)], `${PASSWORD}\n`, /a user name has/],
  ['a name that is there', ['add', 'alice'], `${PASSWORD}\n`, /`alice` is there already/],
  ['in other letters', ['add', 'Alice'], `${PASSWORD}\n`, /`alice` is there already, and `Alice` looks like it/],
  ['in full width', ['add', '\uff41lice'], `${PASSWORD}\n`, /`alice` is there already, and/],
  ['a role with a line break', ['add', 'bob', '--role', 'a\nb'], `${PASSWORD}\n`, /`--role` must be/],
  ['another password for nobody', ['passwd', 'bob'], `${PASSWORD}\n`, /there is no user `bob`/],
  ['another password that is short', ['passwd', 'alice'], 'short\n', /at least 15/],
  ['nobody to remove', ['remove', 'Alice'], '', /there is no user `Alice`/],
  ['nobody to disable', ['disable', 'bob'], '', /there is no user `bob`/],
  ['nobody to change', ['set', 'bob', '--group', 'g'], '', /there is no user `bob`/],
  ['nobody to unlock', ['unlock', '\ud800'], '', /there is no user/],
]
t.test('what is refused changes nothing and exits 2', async (t) => {
  const { users, add, json, verdict } = scene(t)
  await add('alice')
  const before = await json(['list'])
  for (const [name, argv, typed, said] of refused) {
    const { code, out, err } = await users(argv, typed)
    t.same([code, out], [2, ''], name)
    t.match(err, said, name)
    if (typed !== '') t.notOk(err.includes(typed.trim()) && !argv.includes(typed.trim()), `${name}: it is not repeated`)
  }
  t.same(await json(['list']), before)
  t.equal(await verdict('alice', PASSWORD), 'verified')
})

t.test('names of other letters than ASCII are one, however they are written', async (t) => {
  const { add, json, verdict, users } = scene(t)
  t.equal((await add('Zoe\u0308 M\u00fcller')).code, 0)
  t.match(await json(['list']), [{ name: 'Zo\u00eb M\u00fcller' }])
  t.equal(await verdict('Zo\u00eb M\u00fcller', PASSWORD), 'verified')
  t.equal(await verdict('Zoe\u0308 Mu\u0308ller', PASSWORD), 'verified')
  t.equal((await users(['remove', 'Zoe\u0308 Mu\u0308ller'])).code, 0)
})

t.test('what does not fit the config is said', async (t) => {
  const off = scene(t, `${DIRECTORY}`)
  const { code, out, err } = await off.add('alice')
  t.same([code, out], [0, 'alice is added\n'])
  t.match(err, /signs in as `local\\alice`/)
  t.match(err, /`identity.local.enabled` is false in this config/)
  const on = scene(t)
  const strange = await on.add('alice', '--role', 'anlyst', '--workspace', 'lab')
  t.equal(
    strange.err,
    'warning: the policies have no role `anlyst`: the user has nothing of it; did you mean `analyst`?\n' +
      'warning: the policies have no workspace `lab`: the user has nothing of it\n',
  )
})

t.test('every command says what it does', async (t) => {
  const { users } = scene(t)
  for (const name of ['add', 'list', 'set', 'passwd', 'totp', 'disable', 'enable', 'unlock', 'remove']) {
    t.match(await users([name, '--help']), { code: 0, out: new RegExp(`Example:\n {2}\\$ sallyport users ${name}`) })
  }
})
