import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../../src/config/load.ts'

const KEY = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'

interface Parts {
  readonly listen?: string
  readonly issuer?: string
  readonly upstream?: string
  readonly models?: string
}

async function problemsOf(t: Test, { listen = '', issuer = '', upstream = '', models = 'gpt-*' }: Parts, keys = '') {
  const folder = t.testdir({ 'policy.yaml': 'version: 1\n' })
  if (keys !== '') writeFileSync(join(folder, 'keys.json'), keys)
  const file = join(folder, 'config.yaml')
  writeFileSync(
    file,
    `version: 1
listen: { proxy: 127.0.0.1:0, ${listen} }
identity: { issuers: [{ name: corp, issuer: "https://idp.example", audience: [a], ${issuer} }] }
upstreams: [{ name: main, url: "https://a.example/v1", models: ["${models}"], ${upstream} }]
policies: [policy.yaml]
`,
  )
  const { settings, problems } = await loadConfig(file, { env: {}, secrets: true })
  t.equal(settings === null, problems.length > 0)
  return problems.map(({ line, code, message }) => `${line} ${code} ${message}`)
}

/** What a timer of the platform can wait. Milliseconds. */
const LONGEST_MS = 2 ** 31 - 1

const timers: readonly (readonly [string, (written: string) => Parts])[] = [
  ...['head', 'body', 'keep_alive', 'drain'].map(
    (name) => [name, (written: string) => ({ listen: `timeouts: { ${name}: ${written} }` })] as const,
  ),
  ...['connect', 'first_byte', 'idle', 'total'].map(
    (name) => [name, (written: string) => ({ upstream: `timeouts: { ${name}: ${written} }` })] as const,
  ),
  ['refresh', (written) => ({ issuer: `jwks: { refresh: ${written}, max_stale: 25d }` })],
]
for (const [name, parts] of timers) {
  t.test(`\`${name}\` fits into a timer`, async (t) => {
    t.ok(24 * 86_400_000 < LONGEST_MS && 25 * 86_400_000 > LONGEST_MS)
    t.same(await problemsOf(t, parts('24d')), [])
    const [problem, ...more] = await problemsOf(t, parts('25d'))
    t.match(problem, new RegExp(`^\\d wrong_value \`${name}\` must be at most \`24d\`$`))
    t.same(more, [])
  })
}

const rows: readonly (readonly [name: string, wrong: Parts, fine: Parts, said: string])[] = [
  [
    'a clock that is off by more than minutes',
    { issuer: 'clock_skew: 301s' },
    { issuer: 'clock_skew: 5m' },
    '3 wrong_value `clock_skew` must be at most `5m`',
  ],
  [
    'keys that are fetched all the time',
    { issuer: 'jwks: { refresh: 99ms }' },
    { issuer: 'jwks: { refresh: 100ms }' },
    '3 wrong_value `refresh` must be at least `100ms`',
  ],
  [
    'keys that are void before they are fetched again',
    { issuer: 'jwks: { refresh: 10m, max_stale: 9m }' },
    { issuer: 'jwks: { refresh: 10m, max_stale: 600s }' },
    '3 stale_before_refresh `max_stale` (9m) must be no shorter than `refresh` (10m)',
  ],
  [
    'a body that no string can hold',
    { listen: 'max_body: 1GiB' },
    { listen: 'max_body: 500MiB' },
    '2 wrong_value `max_body` must be at most `500MiB`',
  ],
  [
    'a set of models in an upstream',
    { models: '@small' },
    { models: 'small@*' },
    '4 set_in_upstream sets of models belong to policies; name the models themselves, or write a pattern',
  ],
]
for (const [name, wrong, fine, said] of rows) {
  t.test(`${name} is refused`, async (t) => {
    t.same(await problemsOf(t, wrong), [said])
    t.same(await problemsOf(t, fine), [])
  })
}

const FILE: Parts = { issuer: 'jwks: { file: keys.json }' }
const keySets: readonly (readonly [string, string, RegExp])[] = [
  ['broken JSON', `{"keys":[${KEY}`, /invalid_key_set `keys.json`: the file is not valid JSON$/],
  ['a key twice in one object', `{"keys":[],"keys":[${KEY}]}`, /the file has a key twice in one object$/],
  ['a list', `[${KEY}]`, /the file must be a JSON object$/],
  ['one key alone', KEY, /the file is no key set; write `\{ "keys": \[ … \] \}`$/],
  ['no keys', '{"keys":[]}', /the key set has no public key/],
  ['a shared secret', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', /the key set has no public key/],
  ['a private key', `{"keys":[${KEY.replace('}', ',"d":"c2VjcmV0"}')}]}`, /the key set has no public key/],
  ['too many keys', `{"keys":[${Array(101).fill(KEY)}]}`, /more than 100 keys$/],
]
for (const [name, text, said] of keySets) {
  t.test(`a key set file that holds ${name} is a problem`, async (t) => {
    const [problem = '', ...more] = await problemsOf(t, FILE, text)
    t.match(problem, said)
    t.notMatch(problem, /c2VjcmV0/)
    t.same(more, [])
  })
}

t.test('a key set file with one public key among others is fine', async (t) => {
  t.same(await problemsOf(t, FILE, `{"keys":[{"kty":"oct","k":"c2VjcmV0"},${KEY}]}`), [])
})
