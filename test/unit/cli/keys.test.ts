import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openIdentity } from '../../../src/identity/authenticate.ts'
import { Secret } from '../../../src/model/secret.ts'
import { openKeyStore } from '../../../src/stores/keys.ts'
import { commandIn, folderOf } from '../../support/cli.ts'

const DAY_MS = 86_400_000
const config = (enabled: boolean) => `version: 1
listen: { proxy: "127.0.0.1:0" }
identity:
  issuers: [{ name: corp, issuer: "https://idp.example", audience: [sallyport] }]
  api_keys: { enabled: ${enabled} }
upstreams: [{ name: main, url: "http://127.0.0.1:9/v1", models: ["*"], api_key: { env: NOT_SET_HERE } }]
policies: [policies]
store: sqlite:data/keys.db
`

function scene(t: Test, text = config(true)) {
  const cwd = folderOf(t, { 'sallyport.yaml': text })
  mkdirSync(join(cwd, 'policies'))
  const keys = commandIn(cwd, 'keys')
  /** What the proxy says of a key. */
  const verdict = async (key: string, client?: string) => {
    const store = openKeyStore(join(cwd, 'data', 'keys.db'))
    if (!store.ok) throw new Error(store.fault)
    const ports = { clock: Date.now, keys: store.value, report: () => undefined }
    const identity = openIdentity({ issuers: [], apiKeys: { enabled: true } }, ports)
    const answer = await identity.authenticate(
      { kind: 'token', place: 'authorization', token: new Secret(key) },
      client,
    )
    identity.close()
    store.value.close()
    return answer.outcome === 'verified' ? answer.principal : answer.reason
  }
  return { cwd, keys, verdict }
}

t.test('create answers what the contract says, and the key works', async (t) => {
  const { keys, verdict, cwd } = scene(t)
  const grant = ['--owner', 'ci', '--role', 'a', '--role', 'b', '--role', 'a', '--group', 'g', '--workspace', 'w']
  const before = Date.now()
  const { code, stdout, stderr } = await keys('create', ...grant, '--expires', '90d', '--json')
  t.equal(code, 0)
  t.equal(stderr, '', 'the secret of the upstream is not asked for')
  const answer = JSON.parse(stdout)
  t.same(Object.keys(answer), ['id', 'key', 'expires'])
  t.match(answer, { id: /^key_/, key: /^sp_/ })
  const life = Date.parse(answer.expires) - before
  t.ok(life >= 90 * DAY_MS && life < 90 * DAY_MS + 60_000)
  const expected = { id: 'ci', key: answer.id, roles: ['a', 'b'], groups: ['g'], workspaces: ['w'], issuer: 'api_keys' }
  t.match(await verdict(answer.key), expected)
  const files = ['keys.db', 'keys.db-wal'].map((name) => join(cwd, 'data', name)).filter((file) => existsSync(file))
  const secret = answer.key.slice(29, 69)
  for (const file of files) t.notOk(readFileSync(file).includes(secret), 'the secret is stored nowhere')
})

t.test('a key without an end says so, and is shown to people once', async (t) => {
  const { keys } = scene(t)
  t.equal(JSON.parse((await keys('create', '--owner', 'ci', '--json')).stdout).expires, null)
  const { stdout, stderr } = await keys('create', '--owner', 'ci')
  t.match(stdout, /^id {7}key_\w+\nkey {6}sp_\w+\nexpires {2}never\n$/)
  t.match(stderr, /not shown again/)
})

t.test('list shows everything but the secret', async (t) => {
  const { keys } = scene(t)
  t.same(JSON.parse((await keys('list', '--json')).stdout), [])
  t.equal((await keys('list')).stdout, 'no keys\n')
  const made = JSON.parse((await keys('create', '--owner', 'ci', '--role', 'a', '--expires', '1d', '--json')).stdout)
  const { stdout } = await keys('list', '--json')
  const [record, ...more] = JSON.parse(stdout)
  t.same(more, [])
  t.match(record, { id: made.id, owner: 'ci', status: 'active', roles: ['a'], expires: made.expires, revoked: null })
  const table = await keys('list')
  t.match(table.stdout, new RegExp(`${made.id} +ci +active +a +- +-`))
  for (const text of [stdout, table.stdout]) t.notMatch(text, /argon2|"hash"|"tag"|sp_/)
})

t.test('revoke ends a key, and may be said twice', async (t) => {
  const { keys, verdict } = scene(t)
  const { id, key } = JSON.parse((await keys('create', '--owner', 'ci', '--json')).stdout)
  t.match(await verdict(key), { id: 'ci' })
  const first = await keys('revoke', id, '--json')
  t.equal(first.code, 0)
  t.match(JSON.parse(first.stdout), { id, revoked: /^\d{4}-.*Z$/ })
  t.equal(await verdict(key), 'revoked')
  const second = await keys('revoke', id)
  t.same([second.code, second.stdout], [0, `${id} was revoked before\n`])
})

t.test('rotate gives a new key to the same owner and ends the old one', async (t) => {
  const { keys, verdict } = scene(t)
  const grant = ['--owner', 'ci', '--role', 'a', '--group', 'g', '--workspace', 'w', '--expires', '30d']
  const old = JSON.parse((await keys('create', ...grant, '--json')).stdout)
  const next = JSON.parse((await keys('rotate', old.id, '--json')).stdout)
  t.match(next, { key: /^sp_/, rotated_from: old.id })
  t.not(next.id, old.id)
  t.match(await verdict(next.key), { id: 'ci', key: next.id, roles: ['a'], groups: ['g'], workspaces: ['w'] })
  t.equal(await verdict(old.key), 'revoked')
  const life = Date.parse(next.expires) - Date.parse(old.expires)
  t.ok(life >= 0 && life < 600_000, 'it lives as long as the old one was to')
  const again = await keys('rotate', old.id)
  t.equal(again.code, 2)
  t.match(again.stderr, /^error: the key `key_\w+` is revoked/)
})

t.test('rotate with an overlap keeps the old one for a while', async (t) => {
  const { keys, verdict } = scene(t)
  const old = JSON.parse((await keys('create', '--owner', 'ci', '--json')).stdout)
  const argv = ['rotate', old.id, '--overlap', '1h', '--expires', '2h', '--json']
  const next = JSON.parse((await keys(...argv)).stdout)
  t.match(await verdict(old.key), { id: 'ci', expiresAt: Number })
  t.match(await verdict(next.key), { id: 'ci' })
  t.equal((await keys('rotate', old.id, '--overlap', '1h')).code, 2, 'one key is replaced once')
})

const refused: readonly (readonly [string, string[], RegExp])[] = [
  ['an unknown key to revoke', ['revoke', 'key_X'], /there is no key `key_X`/],
  ['an unknown key to rotate', ['rotate', 'key_X'], /there is no key `key_X`/],
  ['no owner', ['create'], /--owner/],
  ['an empty owner', ['create', '--owner', ''], /`--owner` must be/],
  ['an owner with a line break', ['create', '--owner', 'a\nb'], /`--owner` must be/],
  ['a group with an escape', ['create', '--owner', 'a', '--group', '\u001b[31m'], /`--group` must be/],
  ['a life without a unit', ['create', '--owner', 'a', '--expires', '90'], /`--expires` must be a duration/],
  ['a life of nothing', ['create', '--owner', 'a', '--expires', '0d'], /`--expires` must be a duration/],
  ['a network that is none', ['create', '--owner', 'a', '--network', '10.0.0.0/33'], /`--network` must be an address/],
  ['a network in octal', ['create', '--owner', 'a', '--network', '010.0.0.0/8'], /`--network` must be an address/],
  ['a network without a name', ['create', '--owner', 'a', '--network', ''], /`--network` must be an address/],
  ['a set of models', ['create', '--owner', 'a', '--model', '@small'], /not the policy's sets \(`@small`\)/],
  ['an empty model', ['create', '--owner', 'a', '--model', ''], /`--model` must be/],
  [
    'very many models',
    ['create', '--owner', 'a', ...Array.from({ length: 65 }, (_, index) => ['--model', `m${index}`]).flat()],
    /`--model` may be given 64 times at most/,
  ],
  ['a life of ages', ['create', '--owner', 'a', '--expires', '99999d'], /100 years/],
]
t.test('what is refused changes nothing and exits 2', async (t) => {
  const { keys } = scene(t)
  for (const [name, argv, message] of refused) {
    const { code, stdout, stderr } = await keys(...argv)
    t.same([code, stdout], [2, ''], name)
    t.match(stderr, message, name)
  }
  t.same(JSON.parse((await keys('list', '--json')).stdout), [])
})

t.test('a key may be limited to networks and models, and its successor is, too', async (t) => {
  const { keys, verdict } = scene(t)
  const limits = ['--network', '127.0.0.0/8', '--network', '::1', '--model', 'gpt-*', '--model', 'o1', '--model', 'o1']
  const old = JSON.parse((await keys('create', '--owner', 'ci', ...limits, '--json')).stdout)
  const next = JSON.parse((await keys('rotate', old.id, '--json')).stdout)
  const records = JSON.parse((await keys('list', '--json')).stdout)
  for (const record of records) {
    t.match(record, { networks: ['127.0.0.0/8', '::1'], models: ['gpt-*', 'o1'] })
  }
  t.equal(records.length, 2)
  t.match((await keys('list')).stdout, /127\.0\.0\.0\/8,::1 +gpt-\*,o1 /)
  t.equal(await verdict(next.key), 'network_not_allowed', 'nobody knows where it comes from')
  t.match(await verdict(next.key, '127.0.0.1'), { id: 'ci', models: ['gpt-*', 'o1'] })
})

t.test('an alias is no model of a key', async (t) => {
  const { keys, cwd } = scene(t)
  writeFileSync(join(cwd, 'policies', 'policy.yaml'), 'version: 1\naliases: { fast: gpt-4o-mini }\n')
  const create = ['create', '--owner', 'ci', '--json', '--model']
  const alias = 'warning: `fast` is an alias: name the model that it stands for in `--model`\n'
  t.equal((await keys(...create, 'fast')).stderr, alias)
  t.equal((await keys(...create, 'gpt-4o-mini')).stderr, '')
})

t.test('a role or workspace that no policy has is warned of', async (t) => {
  const { keys, cwd } = scene(t)
  const create = ['create', '--owner', 'ci', '--json']
  const strange = [...create, '--role', 'anlyst', '--role', 'staff', '--workspace', 'lab']
  t.equal((await keys(...strange)).stderr, '', 'the policies do not load')
  const policy = 'version: 1\nroles: { analyst: {}, staff: {} }\nworkspaces: { research: {} }\n'
  writeFileSync(join(cwd, 'policies', 'policy.yaml'), policy)
  const { code, stdout, stderr } = await keys(...strange)
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { key: /^sp_/ })
  t.equal(
    stderr,
    'warning: the policies have no role `anlyst`: the key has nothing of it; did you mean `analyst`?\n' +
      'warning: the policies have no workspace `lab`: the key has nothing of it\n',
  )
  const known = await keys(...create, '--role', 'analyst', '--workspace', 'research')
  t.same([known.code, known.stderr], [0, ''])
})

t.test('a config that accepts no keys is said', async (t) => {
  const { keys } = scene(t, config(false))
  const { code, stdout, stderr } = await keys('create', '--owner', 'ci', '--json')
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { key: /^sp_/ })
  t.match(stderr, /`identity.api_keys.enabled` is false/)
})

t.test('an unusable config or store exits 2 and says where', async (t) => {
  const broken = scene(t, config(true).replace('version: 1', 'version: 2'))
  t.match(await broken.keys('list'), { code: 2, stdout: '', stderr: /^sallyport\.yaml:1:/ })
  const blocked = scene(t)
  writeFileSync(join(blocked.cwd, 'data'), '')
  t.match(await blocked.keys('list'), { code: 2, stdout: '', stderr: /^error: the store `/ })
})
