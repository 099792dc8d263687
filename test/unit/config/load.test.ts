import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../src/config/load.ts'
import { loadAll } from '../../../src/config/load-all.ts'
import { problemsJson, renderProblems } from '../../../src/config/report.ts'

const SOUND = `version: 1
listen:
  proxy: 127.0.0.1:8080
identity:
  issuers:
    - name: corp
      issuer: https://idp.example/realms/main
      audience: [sallyport]
upstreams:
  - name: main
    url: https://api.openai.com/v1
    api_key: { env: KEY }
    models: ["gpt-*"]
policies: [policy.yaml]
`
const CANARY = 'sk-canary-0123456789abcdef'

function place(config: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  writeFileSync(join(folder, 'config.yaml'), config)
  writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
  writeFileSync(join(folder, 'key'), `${CANARY}\n`)
  writeFileSync(join(folder, 'empty'), '\n')
  writeFileSync(
    join(folder, 'jwks.json'),
    '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}',
  )
  return join(folder, 'config.yaml')
}

const load = (config: string, env: Record<string, string> = { KEY: CANARY }) =>
  loadConfig(place(config), { env, secrets: true })

t.test('a small config has every default', async (t) => {
  const { settings, problems, files } = await load(SOUND)
  t.same(problems, [])
  t.equal(settings?.upstreams[0]?.apiKey?.reveal(), CANARY)
  t.same(settings?.listen.admin, { host: '127.0.0.1', port: 8081 })
  t.same(settings?.issuers[0]?.algorithms, ['ES256', 'RS256', 'PS256', 'EdDSA'])
  t.same(settings?.issuers[0]?.jwks, { kind: 'discover', refreshMs: 600_000, maxStaleMs: 86_400_000 })
  t.equal(settings?.upstreams[0]?.isolation, 'workspace')
  t.same(settings?.apiKeys, { enabled: false })
  t.same(settings?.audit, { format: 'ecs', delivery: 'strict' })
  t.equal(files.length, 2)
})

type Row = readonly [name: string, from: string, to: string, expected: string]
const changed: readonly Row[] = [
  ['an unknown key', 'version: 1', 'version: 1\nlogging: {}', '2:1 unknown_key'],
  ['a typing slip in a key', 'proxy: 127', 'prxoy: 127', '3:3 unknown_key,2:1 missing_key'],
  ['another version', 'version: 1', 'version: 2', '1:10 wrong_value'],
  ['a key of the contract that is not built', 'listen:\n', 'listen:\n  cors: {}\n', '3:3 not_built'],
  ['a list of SAML providers that names none', 'identity:\n', 'identity:\n  saml: []\n', '5:9 empty_list'],
  ['a kind that is not built', 'models: [', 'kind: azure\n    models: [', '13:11 not_built'],
  ['a kind that nobody knows', 'models: [', 'kind: openia\n    models: [', '13:11 wrong_value'],
  ['more workers', 'listen:\n', 'listen:\n  workers: auto\n', '3:12 not_built'],
  ['a store with a password', 'version: 1', `version: 1\nstore: postgres://u:${CANARY}@db/x`, '2:8 plain_secret'],
  ['a store that is referenced by nothing', 'version: 1', 'version: 1\nstore: { env: OTHER }', '2:8 secret_missing'],
  ['a store whose reference is no URL of one', 'version: 1', 'version: 1\nstore: { env: KEY }', '2:8 invalid_store'],
  ['a store by two references', 'version: 1', 'version: 1\nstore: { env: KEY, file: key }', '2:8 plain_secret'],
  ['a store of another kind', 'version: 1', 'version: 1\nstore: mysql://u@db/x', '2:8 wrong_value'],
  ['a store on a server without a user', 'version: 1', 'version: 1\nstore: postgres://db/x', '2:8 invalid_store'],
  ['a format that is not built', 'version: 1', 'version: 1\naudit: { format: ocsf }', '2:18 not_built'],
  ['content that is not built', 'version: 1', 'version: 1\naudit: { content: full }', '2:19 not_built'],
  ['counters that are not built', 'version: 1', 'version: 1\ncounters: { url: "redis://h" }', '2:18 not_built'],
  ['local users by a word', 'identity:\n', 'identity:\n  local: { enabled: yes }\n', '5:21 old_boolean'],
  ['a symmetric algorithm', 'audience:', 'algorithms: [HS256]\n      audience:', '8:20 wrong_value'],
  ['an empty audience', '[sallyport]', '[]', '8:17 empty_list'],
  ['an audience that is not a list', '[sallyport]', 'sallyport', '8:17 wrong_type'],
  ['no audience', '      audience: [sallyport]\n', '', '6:7 missing_key'],
  ['a duration without a unit', 'audience:', 'clock_skew: 30\n      audience:', '8:19 wrong_type'],
  ['a duration in words', 'audience:', 'clock_skew: 30 seconds\n      audience:', '8:19 wrong_value'],
  ['a plain http upstream', 'https://api', 'http://api', '11:10 insecure_url'],
  ['an upstream that is not http', 'https://api', 'ftp://api', '11:10 invalid_url'],
  ['a password in a URL', 'https://api', 'https://user:pw@api', '11:10 plain_secret'],
  ['a query in a URL', 'com/v1', 'com/v1?a=b', '11:10 invalid_url'],
  ['a secret in the file', '{ env: KEY }', CANARY, '12:14 plain_secret'],
  ['a secret that is a number', '{ env: KEY }', '12345678', '12:14 plain_secret'],
  ['a reference to nothing', '{ env: KEY }', '{ env: OTHER }', '12:14 secret_missing'],
  ['a reference to an inherited name', '{ env: KEY }', '{ env: constructor }', '12:14 secret_missing'],
  ['an empty secret', '{ env: KEY }', '{ file: empty }', '12:14 secret_empty'],
  ['a secret file that is not there', '{ env: KEY }', '{ file: none }', '12:14 secret_missing'],
  ['two references at once', '{ env: KEY }', '{ env: KEY, file: key }', '12:14 plain_secret'],
  ['a policy that is not there', 'policy.yaml', 'nothing.yaml', '14:12 file_missing'],
  ['a key set that is not there', 'audience:', 'jwks: { file: none.json }\n      audience:', '8:21 file_missing'],
  [
    'both ways to a key set',
    'audience:',
    'jwks: { file: jwks.json, url: "https://x" }\n      audience:',
    '8:15 two_key_sets',
  ],
  ['a port out of range', ':8080', ':80800', '3:10 invalid_address'],
  ['no port', '127.0.0.1:8080', '127.0.0.1', '3:10 invalid_address'],
  ['half an address', '127.0.0.1:8080', '127.0.0:8080', '3:10 invalid_address'],
  ['IPv6 without brackets', '127.0.0.1:8080', '"::1:8080"', '3:10 invalid_address'],
  ['one port for both', '127.0.0.1:8080', '127.0.0.1:8081', '3:3 same_port'],
  ['a network that is none', 'listen:\n', 'listen:\n  trusted_proxies: [10.0]\n', '3:21 number_form'],
  ['a prefix too long', 'listen:\n', 'listen:\n  trusted_proxies: [10.0.0.0/33]\n', '3:21 invalid_network'],
  [
    'nobody who may call',
    /identity:[\s\S]*?upstreams/.exec(SOUND)?.[0] ?? '',
    'identity: {}\nupstreams',
    '4:1 no_identity',
  ],
  ['an issuer named like our keys', 'name: corp', 'name: api_keys', '6:13 reserved_name'],
  ['a name with a space', 'name: main', 'name: my upstream', '10:11 wrong_value'],
]
for (const [name, from, to, expected] of changed) {
  t.test(`${name} is a problem`, async (t) => {
    t.ok(SOUND.includes(from))
    const { settings, problems } = await load(SOUND.replace(from, to))
    t.equal(problems.map(({ line, column, code }) => `${line}:${column} ${code}`).join(), expected)
    t.equal(settings, null)
  })
}

const fine: readonly Row[] = [
  ['plain http on loopback', 'https://api.openai.com', 'http://127.0.0.1:9', ''],
  ['plain http on IPv6 loopback', 'https://api.openai.com', 'http://[::1]:9', ''],
  ['plain http where it is allowed', 'https://api.openai.com/v1', 'http://api/v1\n    allow_insecure: true', ''],
  ['a secret in a file', '{ env: KEY }', '{ file: key }', ''],
  ['a key set in a file', 'audience:', 'jwks: { file: jwks.json }\n      audience:', ''],
  ['port 0 for both', '127.0.0.1:8080', '"[::1]:0"\n  admin: 127.0.0.1:0', ''],
  ['what the contract shows as off', 'version: 1', 'version: 1\ncounters: { url: memory, on_failure: deny }', ''],
  ['API keys alone', /issuers:[\s\S]*?upstreams/.exec(SOUND)?.[0] ?? '', 'api_keys: { enabled: true }\nupstreams', ''],
  ['a claim path with dots in a name', 'audience:', 'claims: { groups: ["https://x.y/g"] }\n      audience:', ''],
]
for (const [name, from, to] of fine) {
  t.test(`${name} is accepted`, async (t) => {
    t.ok(SOUND.includes(from))
    t.same((await load(SOUND.replace(from, to))).problems, [])
  })
}

t.test('two issuers are two people vouching', async (t) => {
  const again = SOUND.replace(
    'upstreams:',
    '    - { name: corp, issuer: "https://idp.example/realms/main", audience: [a] }\nupstreams:',
  )
  const { problems } = await load(again)
  t.same(
    problems.map(({ line, column, code }) => `${line}:${column} ${code}`),
    ['9:15 duplicate', '9:29 duplicate'],
  )
})

t.test('problems of every sort are reported at once', async (t) => {
  const wrong = SOUND.replace('version: 1', 'version: no\nstroe: x')
    .replace('https://api', 'ftp://api')
    .replace('env: KEY', 'env: NONE')
    .replace('policy.yaml', 'nothing.yaml')
  const { problems } = await load(wrong)
  t.same(
    problems.map(({ code }) => code),
    ['old_boolean', 'unknown_key', 'invalid_url', 'file_missing', 'secret_missing'],
  )
})

t.test('a secret that cannot stand in a header is a problem, and is never repeated', async (t) => {
  for (const bad of [`${CANARY}\r\nx: y`, `${CANARY}ü`, ` ${CANARY}`, `${CANARY}\u0000`]) {
    const { problems } = await load(SOUND, { KEY: bad })
    t.same(
      problems.map(({ code }) => code),
      ['secret_unsafe'],
    )
    t.notMatch(problemsJson(problems), CANARY)
  }
})

t.test('a secret in the file is in no output', async (t) => {
  for (const spelled of [
    `api_key: ${CANARY}`,
    `api_kye: ${CANARY}`,
    `{ api_key: "${CANARY}", x: 1 }`,
    `foo: ${CANARY}`,
  ]) {
    const text = SOUND.replace('api_key: { env: KEY }', spelled)
    const { problems } = await load(text)
    t.not(problems.length, 0)
    t.notMatch(
      renderProblems(problems, () => text),
      CANARY,
    )
    t.notMatch(problemsJson(problems), CANARY)
  }
})

t.test('without secrets nothing is resolved', async (t) => {
  const { settings, problems } = await loadConfig(place(SOUND), { env: {}, secrets: false })
  t.same(problems, [])
  t.equal(settings?.upstreams[0]?.apiKey, null)
})

t.test('the digest tells another secret and another text apart', async (t) => {
  const file = place(SOUND)
  const digest = async (key: string) => (await loadConfig(file, { env: { KEY: key }, secrets: true })).digest
  t.equal(await digest('a'), await digest('a'))
  t.not(await digest('a'), await digest('b'))
})

t.test('a file that is not there is one problem', async (t) => {
  const { problems, settings } = await loadConfig('/nonexistent/x.yaml', { env: {}, secrets: true })
  t.same(
    problems.map(({ code, line, column }) => ({ code, line, column })),
    [{ code: 'config_unreadable', line: 1, column: 1 }],
  )
  t.equal(settings, null)
})

t.test('config and policy are loaded as one', async (t) => {
  const compile = (sources: readonly { name: string; document: unknown }[]) => ({
    policy: sources.map(({ document }) => document),
    problems: [] as { path: string[]; severity: 'error'; code: string; message: string; file: string }[],
  })
  const options = { env: { KEY: 'k' }, secrets: true, compile }
  const sound = await loadAll(place(SOUND), options)
  t.same(sound.policy, [{ version: 1 }])
  t.not(sound.settings, null)
  const broken = await loadAll(place(SOUND), {
    ...options,
    compile: (sources) => ({
      policy: null,
      problems: sources.map(({ name }) => ({
        file: name,
        path: ['version'],
        severity: 'error',
        code: 'x',
        message: 'y',
      })),
    }),
  })
  t.equal(broken.settings, null)
  t.same(
    broken.problems.map(({ line, column, code }) => `${line}:${column} ${code}`),
    ['1:10 x'],
  )
  t.same(broken.configProblems, [])
})
