import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../../src/config/load.ts'

const pkcs8 = { format: 'pem', type: 'pkcs8' } as const
const pair = generateKeyPairSync('ed25519')
const FILES: { readonly [name: string]: string } = {
  'good.pem': pair.privateKey.export(pkcs8).toString(),
  'other.pem': generateKeyPairSync('ed25519').privateKey.export(pkcs8).toString(),
  'public.pem': pair.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  'rsa.pem': generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pkcs8).toString(),
  'ec.pem': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pkcs8).toString(),
  'ed448.pem': generateKeyPairSync('ed448').privateKey.export(pkcs8).toString(),
  'locked.pem': pair.privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'secret' }).toString(),
  'empty.pem': '',
  'text.pem': 'no key\n',
}

interface Written {
  readonly tokens?: string
  readonly proxy?: string
  readonly more?: string
}

async function load(t: Test, { tokens, proxy = '127.0.0.1:8080', more = '' }: Written, secrets = true) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
  const file = join(folder, 'config.yaml')
  const written = tokens === undefined ? '' : `  tokens: ${tokens}\n`
  const text = `version: 1
listen: { proxy: "${proxy}" }
identity:
  api_keys: { enabled: true }
${written}${more}upstreams: [{ name: main, url: "https://api.openai.com/v1", models: ["gpt-*"] }]
policies: [policy.yaml]
`
  writeFileSync(file, text)
  return { folder, ...(await loadConfig(file, { env: {}, secrets })) }
}

const keyRows = [
  ['a key', '{ key: { file: good.pem } }', ''],
  ['a key and one of before', '{ key: { file: good.pem }, previous: [{ file: other.pem }] }', ''],
  ['one of before alone', '{ previous: [{ file: other.pem }] }', 'incomplete: `previous` means nothing without `key`'],
  ['no such file', '{ key: { file: none.pem } }', 'file_unreadable: `none.pem`: there is no such file'],
  ['a folder', '{ key: { file: . } }', 'file_unreadable: `.`: this is not a file'],
  [
    'an RSA key',
    '{ key: { file: rsa.pem } }',
    /^invalid_key: `rsa\.pem`: the key is of type `rsa`; it must be an Ed25519/,
  ],
  ['an EC key', '{ key: { file: ec.pem } }', /^invalid_key: `ec\.pem`: the key is of type `ec`/],
  ['a key of another curve', '{ key: { file: ed448.pem } }', /^invalid_key: .* the key is of type `ed448`/],
  ['a public key', '{ key: { file: public.pem } }', /^invalid_key: .* the file holds a public key alone/],
  ['an encrypted key', '{ key: { file: locked.pem } }', /^invalid_key: .* the key is encrypted/],
  ['an empty file', '{ key: { file: empty.pem } }', /^invalid_key: .* the file holds no private key in PEM/],
  ['another text', '{ key: { file: text.pem } }', /^invalid_key: .* the file holds no private key in PEM/],
  [
    'one key twice',
    '{ key: { file: good.pem }, previous: [{ file: good.pem }] }',
    /^duplicate: `good\.pem`: this key stands/,
  ],
  ['a wrong one of before', '{ key: { file: good.pem }, previous: [{ file: rsa.pem }] }', /^invalid_key: `rsa\.pem`/],
  ['a variable', '{ key: { env: TOKEN_KEY } }', /^unknown_key: /],
] as const

t.test('the keys that sign tokens are read and checked, and never repeated', async (t) => {
  for (const [name, tokens, want] of keyRows) {
    const { settings, problems } = await load(t, { tokens })
    const said = problems.map(({ code, message }) => `${code}: ${message}`)
    if (want === '') t.same(said, [], name)
    else t.match(said[0], want, name)
    t.equal(settings === null, want !== '', name)
    t.notMatch(said.join(), /PRIVATE KEY|MC4CAQ/, `${name}: nothing of a key`)
    if (want !== '')
      t.ok(
        problems.every(({ line }) => line === 5),
        `${name}: is placed`,
      )
  }
})

t.test('keys are watched, and their content is part of the digest', async (t) => {
  const { files, folder, settings } = await load(t, { tokens: '{ key: { file: good.pem } }' })
  t.ok(files.includes(join(folder, 'good.pem')))
  t.match(settings?.tokens?.keys, { kind: 'files', files: [{ file: join(folder, 'good.pem') }] })
  t.equal(JSON.stringify(settings?.tokens).includes('PRIVATE'), false)
})

t.test('without secrets the key is not looked for', async (t) => {
  const { problems, settings } = await load(t, { tokens: '{ key: { file: none.pem } }' }, false)
  t.same(problems, [])
  t.match(settings?.tokens?.keys, { kind: 'files', files: [{ pem: null }] })
})

const MINE = 'https://llm.example'
const corp = (issuer: string) => `  issuers: [{ name: corp, issuer: "${issuer}", audience: [sallyport] }]\n`
const urlRows = [
  ['a name', { tokens: `{ issuer: "${MINE}" }`, proxy: '0.0.0.0:8080' }, MINE],
  ['a name with a slash', { tokens: `{ issuer: "${MINE}/" }` }, MINE],
  ['a name and a path', { tokens: `{ issuer: "${MINE}/llm/" }` }, `${MINE}/llm`],
  ['plain http on loopback', { tokens: '{ issuer: "http://localhost:8080" }' }, 'http://localhost:8080'],
  ['plain http beyond it', { tokens: '{ issuer: "http://llm.example" }' }, 'insecure_url'],
  ['a query', { tokens: `{ issuer: "${MINE}?a=b" }` }, 'invalid_url'],
  ['a fragment', { tokens: `{ issuer: "${MINE}#a" }` }, 'invalid_url'],
  ['a password', { tokens: '{ issuer: "https://user:secret@llm.example" }' }, 'plain_secret'],
  ['no URL', { tokens: '{ issuer: llm.example }' }, 'invalid_url'],
  ['nothing, on loopback', { tokens: '{}' }, 'http://127.0.0.1:8080'],
  ['nothing, on loopback of IPv6', { tokens: '{}', proxy: '[::1]:8080' }, 'http://[::1]:8080'],
  ['nothing, on localhost', { tokens: '{}', proxy: 'localhost:8080' }, 'http://localhost:8080'],
  ['nothing, on a port that is picked', { tokens: '{}', proxy: '127.0.0.1:0' }, null],
  ['nothing, beyond loopback', { tokens: '{}', proxy: '0.0.0.0:8080' }, 'issuer_missing'],
  ['no tokens at all, beyond loopback', { proxy: '0.0.0.0:8080' }, undefined],
  ['no tokens at all', {}, undefined],
  ['an issuer of the same URL', { tokens: `{ issuer: "${MINE}" }`, more: corp(MINE) }, 'duplicate'],
  [
    'an issuer of the same URL but for a slash',
    { tokens: `{ issuer: "${MINE}" }`, more: corp(`${MINE}/`) },
    'duplicate',
  ],
  ['an issuer of the URL that is taken by itself', { tokens: '{}', more: corp('http://127.0.0.1:8080') }, 'duplicate'],
  ['an issuer of another URL', { tokens: `{ issuer: "${MINE}" }`, more: corp('https://idp.example') }, MINE],
] as const

t.test('the issuer of tokens is the URL by which people come', async (t) => {
  for (const [name, written, want] of urlRows) {
    const { settings, problems } = await load(t, written)
    const got = problems.length > 0 ? problems.map(({ code }) => code).join() : settings?.tokens?.issuer
    t.equal(got, want, name)
  }
})

t.test('lifetimes', async (t) => {
  const table = [
    ['{}', 8 * 3_600_000],
    ['{ lifetime: 15m }', 900_000],
    ['{ lifetime: 7d }', 7 * 86_400_000],
    ['{ lifetime: 8d }', 'wrong_value'],
    ['{ lifetime: 1ms }', 'wrong_value'],
    ['{ lifetime: 8 }', 'wrong_type'],
  ] as const
  for (const [tokens, want] of table) {
    const { settings, problems } = await load(t, { tokens })
    t.equal(settings?.tokens?.lifetimeMs ?? problems.map(({ code }) => code).join(), want, tokens)
  }
})
