import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../../src/config/load.ts'

const TOKEN = 'x'.repeat(32)
const config = (scim: string) => `version: 1
listen: { proxy: 127.0.0.1:8080 }
identity:
  issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }]
  ldap: [{ name: ad, url: ldaps://dc1.example, base: "dc=x", user_filter: "(uid={username})" }]
  scim: ${scim}
upstreams: [{ name: main, url: https://api.openai.com/v1, models: ["gpt-*"] }]
policies: [policy.yaml]
`

async function load(t: Test, scim: string, token: string | undefined = TOKEN, secrets = true) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-scim-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'config.yaml'), config(scim))
  writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
  writeFileSync(join(folder, 'token'), `${TOKEN}\n`)
  const { settings, problems, digest } = await loadConfig(join(folder, 'config.yaml'), {
    env: { SCIM_TOKEN: token },
    secrets,
  })
  return { settings, codes: problems.map(({ code }) => code), said: JSON.stringify(problems), digest }
}

t.test('a sound config', async (t) => {
  const { settings, codes } = await load(t, '{ token: { env: SCIM_TOKEN }, source: corp }')
  t.same(codes, [])
  t.match(settings?.scim, { source: 'corp', match: 'userName', required: false })
  t.equal(settings?.scim?.token?.reveal(), TOKEN)
  const other = await load(t, '{ token: { file: token }, source: ad, match: externalId, required: true }')
  t.match(other.settings?.scim, { source: 'ad', match: 'externalId', required: true })
  t.equal(other.settings?.scim?.token?.reveal(), TOKEN)
})

const table: readonly (readonly [name: string, scim: string, code: string, token?: string])[] = [
  ['a source that nobody is', '{ token: { env: SCIM_TOKEN }, source: crop }', 'unknown_source'],
  ['local users where there are none', '{ token: { env: SCIM_TOKEN }, source: local }', 'unknown_source'],
  ['keys as a source', '{ token: { env: SCIM_TOKEN }, source: api_keys }', 'unknown_source'],
  ['a token that can be guessed', '{ token: { env: SCIM_TOKEN }, source: corp }', 'weak_secret', 'x'.repeat(31)],
  ['a token that is not there', '{ token: { env: OTHER }, source: corp }', 'secret_missing'],
  ['an attribute that is no id', '{ token: { env: SCIM_TOKEN }, source: corp, match: emails }', 'wrong_value'],
  ['a token in the file', `{ token: ${'y'.repeat(40)}, source: corp }`, 'plain_secret'],
  ['no token', '{ source: corp }', 'missing_key'],
  ['no source', '{ token: { env: SCIM_TOKEN } }', 'missing_key'],
  ['a key that nobody knows', '{ token: { env: SCIM_TOKEN }, source: corp, groups: true }', 'unknown_key'],
]

t.test('what is refused', async (t) => {
  for (const [name, scim, code, token] of table) {
    const { settings, codes, said } = await load(t, scim, token)
    t.equal(settings, null, name)
    t.same(codes, [code], `${name}: ${said}`)
    t.notMatch(said, /x{20}|y{20}/, `${name}: a secret is not repeated`)
  }
})

t.test('another token is another config', async (t) => {
  const written = '{ token: { env: SCIM_TOKEN }, source: corp }'
  const [one, other] = [await load(t, written), await load(t, written, 'z'.repeat(40))]
  t.not(one.digest, other.digest)
  t.equal((await load(t, written, undefined, false)).settings?.scim?.token, null)
})
