import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { newTokenKey } from '../../../src/serving/token-ring.ts'
import { openKeyStore } from '../../../src/stores/keys.ts'
import { commandIn, folderOf } from '../../support/cli.ts'
import { rsaPair } from '../../support/saml-provider.ts'

const IDENTITY = 'issuers: [{ name: corp, issuer: "https://idp.example", audience: [sallyport] }]'
const config = (tokens: string, isolation = 'workspace') => `version: 1
listen: { proxy: "127.0.0.1:0" }
identity:
  ${IDENTITY}
${tokens}
upstreams: [{ name: main, url: "http://127.0.0.1:9/v1", models: ["*"], isolation: "${isolation}" }]
policies: [policies]
store: sqlite:data/keys.db
`
const IN_STORE = '  tokens: {}'
const IN_FILES = '  tokens: { key: { file: new.pem }, previous: [{ file: old.pem }] }'

function scene(t: Test, text = config(IN_STORE)) {
  const cwd = folderOf(t, { 'sallyport.yaml': text })
  mkdirSync(join(cwd, 'policies'))
  const store = () => {
    const opened = openKeyStore(join(cwd, 'data/keys.db'))
    if (!opened.ok) throw new Error(opened.fault)
    t.teardown(() => opened.value.close())
    return opened.value
  }
  return { cwd, tokens: commandIn(cwd, 'tokens'), store }
}

t.test('a key is made, signs after a minute, and the old one is retired', async (t) => {
  const { tokens, store } = scene(t)
  t.match(await tokens('keys'), { code: 0, stdout: /^no keys yet/ })
  const first = JSON.parse((await tokens('rotate-key', '--json')).stdout)
  t.match(first.id, /^[A-Za-z0-9_-]{43}$/)
  t.ok(Date.parse(first.signs_from) <= Date.now(), 'the first one at once')
  const made = JSON.parse((await tokens('rotate-key', '--json')).stdout)
  t.ok(Date.parse(made.signs_from) > Date.now() + 50_000, 'the next one not: a fleet must know it first')
  const statuses = async () => {
    const { stdout } = await tokens('keys', '--json')
    return JSON.parse(stdout).map((one: { id: string; status: string }) => [one.id, one.status])
  }
  t.same(await statuses(), [
    [first.id, 'signs'],
    [made.id, 'waits'],
  ])
  t.match(await tokens('retire-key', first.id), { code: 2, stderr: /is the key that signs/ })
  const opened = store()
  // As if it had been made a while ago.
  const waited = newTokenKey(Date.now(), Date.now())
  opened.tokenKeys.add(waited)
  t.match(await tokens('retire-key', first.id), { code: 0, stdout: new RegExp(`^${first.id} is retired`) })
  t.same(new Map(await statuses()).get(first.id), 'retired')
  t.match((await tokens('keys')).stdout, /^ID +STATUS +CREATED +RETIRED\n/)
  const listed = (await tokens('keys')).stdout + (await tokens('keys', '--json')).stdout
  for (const { secret } of opened.tokenKeys.usable()) t.notOk(listed.includes(secret.reveal()), 'nothing of a key')
})

t.test('keys in files are listed, and are nothing to rotate here', async (t) => {
  const { cwd, tokens } = scene(t, config(IN_FILES))
  const pem = () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })
  t.match(await tokens('keys'), { code: 2, stderr: /new\.pem`: there is no such file/ })
  for (const name of ['new.pem', 'old.pem']) writeFileSync(join(cwd, name), pem())
  const listed = JSON.parse((await tokens('keys', '--json')).stdout)
  t.match(listed, [
    { status: 'signs', file: join(cwd, 'new.pem'), retired: null },
    { status: 'verifies', file: join(cwd, 'old.pem') },
  ])
  t.match(await tokens('rotate-key'), { code: 2, stderr: /the keys stand in files/ })
  t.match(await tokens('retire-key', listed[1].id), { code: 2, stderr: /the keys stand in files/ })
})

const DIGEST = 'a'.repeat(64)
const revoked: readonly (readonly [string, readonly string[], object])[] = [
  ['a token', ['--token-id', DIGEST], { kind: 'token', issuer: null, value: DIGEST, issued_before: null }],
  ['a token of an issuer', ['--token-id', DIGEST, '--issuer', 'corp'], { kind: 'token', issuer: 'corp' }],
  ['a person', ['--issuer', 'corp', '--user', 'alice'], { kind: 'user', issuer: 'corp', value: 'alice' }],
  ['a user of the store', ['--issuer', 'local', '--user', 'bob'], { kind: 'user', issuer: 'local', value: 'bob' }],
  ['a session', ['--issuer', 'corp', '--session', 's-1'], { kind: 'session', issuer: 'corp', value: 's-1' }],
]

t.test('what is revoked stands in the store, and is told to the audit', async (t) => {
  for (const [name, argv, want] of revoked) {
    const { tokens, store } = scene(t)
    const done = await tokens('revoke', ...argv, '--json')
    t.match(done, { code: 0, stderr: argv.includes('--user') ? /API keys go on/ : '' }, name)
    t.match(JSON.parse(done.stdout), want, name)
    t.match(JSON.parse((await tokens('revocations', '--json')).stdout), [want], name)
    t.match((await tokens('revocations')).stdout, /^KIND +ISSUER +REVOKED +FORGOTTEN +VALUE\n/, name)
    t.match(store().userEvents.claim(Date.now()), { action: 'token-revoked', by: { user: /./ } }, name)
  }
})

t.test('a name that nobody has is told of', async (t) => {
  const saml =
    'saml: [{ name: adfs, entry_point: "https://adfs.example", idp_issuer: "https://adfs.example", idp_cert: { file: idp.pem }, issuer: sallyport, claims: { id: nameID } }]'
  const { cwd, tokens } = scene(t, config(`${IN_STORE}\n  local: { enabled: true }\n  ${saml}`))
  writeFileSync(join(cwd, 'idp.pem'), rsaPair().cert)
  const of = (issuer: string) => tokens('revoke', '--issuer', issuer, '--user', 'alice')
  for (const issuer of ['crop', 'adsf', 'ADFS']) {
    t.match(await of(issuer), { code: 0, stderr: `warning: \`${issuer}\` is no issuer of this config\n` })
  }
  for (const issuer of ['mtls', 'api_keys', 'tokens']) {
    t.match(await of(issuer), { code: 2, stderr: new RegExp(`\`${issuer}\` has no tokens: `) }, issuer)
  }
  for (const issuer of ['corp', 'adfs', 'local']) {
    t.match(await of(issuer), { code: 0, stderr: /^API keys go on/ }, issuer)
  }
})

t.test('a SAML provider is somebody', async (t) => {
  const entry =
    '{ name: adfs, entry_point: "https://idp.example/sso", idp_issuer: idp, idp_cert: { file: idp.crt }, issuer: sallyport }'
  const { cwd, tokens } = scene(t, config(`  saml: [${entry}]\n${IN_STORE}`))
  writeFileSync(join(cwd, 'idp.crt'), rsaPair().cert)
  const done = await tokens('revoke', '--issuer', 'adfs', '--user', 'alice')
  t.match(done, { code: 0, stderr: /^API keys go on/ })
})

const refused: readonly (readonly [string, readonly string[], RegExp, string?])[] = [
  ['nothing to revoke', ['revoke'], /say what to revoke by one of/],
  ['two things', ['revoke', '--token-id', DIGEST, '--user', 'alice'], /say what to revoke by one of/],
  ['a person of nobody', ['revoke', '--user', 'alice'], /say by `--issuer` who vouches/],
  ['a session of nobody', ['revoke', '--session', 's-1'], /say by `--issuer` who vouches/],
  ['a person without a name', ['revoke', '--issuer', 'corp', '--user', ''], /has a name/],
  ['a key', ['revoke', '--issuer', 'api_keys', '--user', 'alice'], /`sallyport keys revoke` ends a key/],
  ['a certificate', ['revoke', '--issuer', 'mtls', '--user', 'alice'], /the authority revokes a certificate/],
  ['who signed in by nobody', ['revoke', '--issuer', 'tokens', '--user', 'alice'], /name who vouched/],
  ['the token itself', ['revoke', '--token-id', 'eyJhbGciOi'], /64 hexadecimal digits/],
  ['a digest in capitals', ['revoke', '--token-id', 'A'.repeat(64)], /64 hexadecimal digits/],
  ['an unknown key', ['retire-key', 'zzzzzz'], /there is no such key `zzzzzz`/],
  ['no key', ['retire-key'], /missing required argument/],
  ['another word', ['keys', 'x'], /too many arguments/],
  ['keys that nobody asks for', ['rotate-key'], /write `identity\.tokens`/, config('')],
  ['a store that nobody opens', ['revoke', '--token-id', DIGEST], /no proxy of this config/, config('', 'off')],
]

t.test('what is refused changes nothing', async (t) => {
  for (const [name, argv, message, text] of refused) {
    const { tokens, store } = scene(t, text)
    t.match(await tokens(...argv), { code: 2, stderr: message, stdout: '' }, name)
    t.equal(store().userEvents.claim(Date.now()), null, `${name}: there is nothing to audit`)
  }
})

t.test('the last key stays', async (t) => {
  const { tokens } = scene(t)
  const { id } = JSON.parse((await tokens('rotate-key', '--json')).stdout)
  t.match(await tokens('retire-key', id), { code: 2, stderr: /the last key cannot be retired/ })
})
