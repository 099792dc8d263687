import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../src/config/load.ts'
import { renderProblems } from '../../../src/config/report.ts'
import { Authority, noCertificates } from '../../support/certificates.ts'

const missing = noCertificates() ?? false

t.test('what `listen.tls` names is read and checked', { skip: missing }, async (t) => {
  const authority = new Authority()
  t.teardown(() => authority.close())
  const pair = authority.issue()
  const over = authority.issue({ days: -1 })
  const locked = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
  }).privateKey
  const good = { cert: '{ file: tls.crt }', key: '{ file: tls.key }' }
  const rows: readonly (readonly [name: string, tls: object, expected: string])[] = [
    ['both belong together', {}, ''],
    ['the key is in the environment', { key: '{ env: TLS_KEY }' }, ''],
    ['a newer least version', { min_version: 'TLSv1.3' }, ''],
    ['a certificate that is over', { cert: '{ file: over.crt }', key: '{ file: over.key }' }, 'certificate_expired'],
    ['no such certificate', { cert: '{ file: none.crt }' }, 'file_unreadable'],
    ['no such key', { key: '{ file: none.key }' }, 'file_unreadable'],
    ['no such variable', { key: '{ env: NONE }' }, 'secret_missing'],
    ['no certificate in the file', { cert: '{ file: tls.key }' }, 'invalid_certificate,key_mismatch'],
    ['no key in the file', { key: '{ file: tls.crt }' }, 'invalid_key'],
    ['a key with a passphrase', { key: '{ file: locked.key }' }, 'invalid_key'],
    ['the key of another one', { key: '{ file: over.key }' }, 'key_mismatch'],
    ['no key', { key: undefined }, 'missing_key'],
    ['an older version', { min_version: 'TLSv1.1' }, 'wrong_value'],
    ['a key written out', { key: 'PEM' }, 'plain_secret'],
    ['authorities of clients', { client_ca: '{ file: ca.crt }' }, ''],
    ['authorities that are none', { client_ca: '{ file: tls.crt }' }, 'no_authority'],
  ]
  for (const [name, tls, expected] of rows) {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
    const written = { 'tls.crt': pair.cert, 'tls.key': pair.key, 'over.crt': over.cert, 'over.key': over.key }
    for (const [file, text] of Object.entries({ ...written, 'locked.key': locked, 'ca.crt': authority.cert })) {
      writeFileSync(join(folder, file), text)
    }
    writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
    const lines = Object.entries({ ...good, ...tls }).filter(([, value]) => value !== undefined)
    const config = join(folder, 'config.yaml')
    writeFileSync(config, configWith(lines.map(([key, value]) => `    ${key}: ${value}\n`).join('')))
    const env = { TLS_KEY: pair.key }
    const { settings, problems, files } = await loadConfig(config, { env, secrets: true })
    t.equal(problems.map(({ code }) => code).join(), expected, name)
    const isServed = problems.every(({ severity }) => severity === 'warning')
    t.equal(settings?.listen.tls?.key.reveal() !== undefined, isServed, name)
    t.notMatch(
      renderProblems(problems, () => null),
      /PRIVATE KEY/,
      name,
    )
    t.ok(
      files.some((file) => file.endsWith('.crt') || file.endsWith('tls.key')),
      `${name}: is watched`,
    )
  }
})

t.test('without secrets the key is not looked for', { skip: missing }, async (t) => {
  const authority = new Authority()
  t.teardown(() => authority.close())
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  writeFileSync(join(folder, 'tls.crt'), authority.issue().cert)
  chmodSync(join(folder, 'tls.crt'), 0o600)
  writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
  const config = join(folder, 'config.yaml')
  writeFileSync(config, configWith('    cert: { file: tls.crt }\n    key: { env: NONE }\n'))
  t.same((await loadConfig(config, { env: {}, secrets: false })).problems, [])
  t.same(
    (await loadConfig(config, { env: {}, secrets: true })).problems.map(({ code }) => code),
    ['secret_missing'],
  )
})

function configWith(tls: string): string {
  return `version: 1
listen:
  proxy: 127.0.0.1:8080
  tls:
${tls}identity: { api_keys: { enabled: true } }
upstreams: [{ name: main, url: "https://api.openai.com/v1", models: ["gpt-*"] }]
policies: [policy.yaml]
`
}
