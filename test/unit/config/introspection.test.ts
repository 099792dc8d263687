import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../src/config/load.ts'

const CLIENT = 'client_id: proxy, client_secret: { env: ASKING }'
const config = (...issuers: readonly string[]) => `version: 1
listen: { proxy: 127.0.0.1:8080 }
identity:
  issuers:
${issuers.map((text, index) => `    - { name: i${index}, issuer: "https://i${index}.example", audience: [us], ${text} }\n`).join('')}
upstreams: [{ name: main, url: https://api.openai.com/v1, models: ["gpt-*"] }]
policies: [policy.yaml]
`

async function load(text: string, env: { readonly [name: string]: string } = { ASKING: 'pass wörd' }) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  writeFileSync(join(folder, 'config.yaml'), text)
  writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
  const loaded = await loadConfig(join(folder, 'config.yaml'), { env, secrets: true })
  return { ...loaded, said: loaded.problems.map(({ line, code }) => `${line} ${code}`).join() }
}

t.test('a short entry has every default', async (t) => {
  const { settings, said } = await load(config(`introspection: { ${CLIENT} }`, 'mfa_acr: []'))
  t.equal(said, '')
  const { clientSecret, ...rest } = settings?.issuers[0]?.introspection ?? { clientSecret: null }
  t.equal(clientSecret?.reveal(), 'pass wörd')
  t.same(rest, { clientId: 'proxy', url: null, cacheMs: 20_000, prefix: null })
  t.notOk(Object.hasOwn(settings?.issuers[1] ?? {}, 'introspection'), 'nobody else is asked')
})

t.test('another secret is another config', async (t) => {
  const text = config(`introspection: { ${CLIENT} }`)
  t.not((await load(text, { ASKING: 'one' })).digest, (await load(text, { ASKING: 'two' })).digest)
})

const asked = (more: string) => `introspection: { ${CLIENT}, ${more} }`
const table = [
  ['everything that can be said', [asked('url: "https://i0.example/i", cache: 10m, prefix: acme_at_')], ''],
  ['one without a prefix beside others', [asked('cache: 1s'), asked('prefix: a-'), asked('prefix: b-')], ''],
  ['two without a prefix', [asked('cache: 1s'), asked('cache: 2s')], '6 same_prefix'],
  ['the same prefix', [asked('prefix: a-'), asked('prefix: a-')], '6 same_prefix'],
  ['a prefix of a prefix', [asked('prefix: a-b-'), asked('prefix: a-')], '6 same_prefix'],
  ['a prefix of our own keys', [asked('prefix: sp_live')], '5 wrong_value'],
  ['a prefix of our own secrets', [asked('prefix: ek_1')], '5 wrong_value'],
  ['a prefix that no token can have', [asked('prefix: "a b"')], '5 wrong_value'],
  ['an answer that is believed too long', [asked('cache: 11m')], '5 wrong_value'],
  ['plain http', [asked('url: "http://i0.example/i"')], '5 insecure_url'],
  ['a URL with a password', [asked('url: "https://a:b@i0.example/i"')], '5 plain_secret'],
  ['no secret', ['introspection: { client_id: proxy }'], '5 missing_key'],
  ['a secret in the file', ['introspection: { client_id: proxy, client_secret: abc }'], '5 plain_secret'],
  ['a secret that is not there', ['introspection: { client_id: p, client_secret: { env: NONE } }'], '5 secret_missing'],
  ['an unknown key', [asked('scope: a')], '5 unknown_key'],
] as const
for (const [name, issuers, problems] of table) {
  t.test(name, async (t) => {
    t.same([name, (await load(config(...issuers))).said], [name, problems])
  })
}
