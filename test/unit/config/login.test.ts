import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../src/config/load.ts'

const SOUND = `version: 1
listen: { proxy: 127.0.0.1:8080 }
identity:
  issuers:
    - name: corp
      issuer: https://idp.example
      audience: [sallyport]
      login:
        client_id: sallyport-login
        client_secret: { env: CLIENT_SECRET }
        scopes: [openid, groups]
upstreams: [{ name: main, url: https://api.openai.com/v1, models: ["gpt-*"] }]
policies: [policy.yaml]
`

async function load(text: string, secret = 'pass wörd') {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  writeFileSync(join(folder, 'config.yaml'), text)
  writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
  writeFileSync(join(folder, 'secret'), `${secret} of a file\n`)
  writeFileSync(
    join(folder, 'jwks.json'),
    '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}',
  )
  const loaded = await loadConfig(join(folder, 'config.yaml'), { env: { CLIENT_SECRET: secret }, secrets: true })
  const said = loaded.problems.map(({ line, column, code }) => `${line}:${column} ${code}`).join()
  return { ...loaded, folder, said }
}

t.test('a login as it is read', async (t) => {
  const { settings, said, digest } = await load(SOUND)
  t.equal(said, '')
  const { clientSecret, ...login } = settings?.issuers[0]?.login ?? { clientSecret: null }
  t.same(login, { clientId: 'sallyport-login', scopes: ['openid', 'groups'], claimsFrom: 'userinfo' })
  t.equal(clientSecret?.reveal(), 'pass wörd')
  t.notMatch(JSON.stringify(settings), /w.rd/, 'which prints nowhere')
  t.not((await load(SOUND, 'another one')).digest, digest, 'a changed secret is a changed config')
})

t.test('the shortest login, and one that says everything', async (t) => {
  const [, head = '', tail = ''] = /^([\s\S]*login:\n)[\s\S]*(upstreams[\s\S]*)$/.exec(SOUND) ?? []
  const short = await load(`${head}        client_id: public\n${tail}`)
  t.same(short.settings?.issuers[0]?.login, {
    clientId: 'public',
    clientSecret: null,
    scopes: ['openid'],
    claimsFrom: 'userinfo',
  })
  const long = await load(SOUND.replace('{ env: CLIENT_SECRET }', '{ file: secret }\n        claims_from: id_token'))
  t.equal(long.settings?.issuers[0]?.login?.clientSecret?.reveal(), 'pass wörd of a file')
  t.equal(long.settings?.issuers[0]?.login?.claimsFrom, 'id_token')
  t.ok(long.files.includes(join(long.folder, 'secret')), 'it is watched')
  const without = await load(SOUND.replace(/ {6}login:\n( {8}.*\n)+/, ''))
  t.equal(without.said, '')
  t.notOk('login' in (without.settings?.issuers[0] ?? {}), 'nobody signs in')
})

type Row = readonly [name: string, from: string, to: string, said: string]
const rows: readonly Row[] = [
  ['no client', '        client_id: sallyport-login\n', '', '8:7 missing_key'],
  ['an unknown key', 'client_id:', 'client:', '9:9 unknown_key,8:7 missing_key'],
  ['a secret that is written out', '{ env: CLIENT_SECRET }', 'secret', '10:24 plain_secret'],
  ['a secret that is not there', 'CLIENT_SECRET', 'OTHER', '10:24 secret_missing'],
  ['scopes without openid', '[openid, groups]', '[groups]', '11:17 openid_missing'],
  ['scopes in one text', '[openid, groups]', '["openid groups"]', '11:18 wrong_value'],
  ['no scopes', '[openid, groups]', '[]', '11:17 empty_list,11:17 openid_missing'],
  ['a scope twice', '[openid, groups]', '[openid, openid]', '11:26 duplicate'],
  ['claims from elsewhere', '        scopes', '        claims_from: both\n        scopes', '11:22 wrong_value'],
  ['keys of a file', '      login:', '      jwks: { file: jwks.json }\n      login:', '9:7 login_without_discovery'],
  ['the twin: keys of a URL', '      login:', '      jwks: { url: "https://idp.example/keys" }\n      login:', ''],
  ['an issuer in plain http', 'https://idp', 'http://idp', '6:15 insecure_url'],
  ['the twin: on loopback', 'https://idp.example', 'http://127.0.0.1:8443', ''],
  ['the twin: by permission', '      login:', '      allow_insecure: true\n      login:', ''],
]
t.test('what is refused', async (t) => {
  for (const [name, from, to, want] of rows) {
    t.ok(SOUND.includes(from), from)
    t.equal((await load(SOUND.replace(from, to))).said, want, name)
  }
})
