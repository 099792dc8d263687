import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../src/config/load.ts'
import { rsaPair } from '../../support/saml-provider.ts'

const idp = rsaPair()
const sp = rsaPair('/CN=sallyport')
const small = rsaPair('/CN=small', 30, 1024)
const over = rsaPair('/CN=over', -1)
const elliptic = execFileSync(
  'openssl',
  ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '-', '-subj', '/CN=ec'],
  { stdio: ['ignore', 'pipe', 'ignore'] },
).toString()

const METADATA = `\ufeff<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/entity">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
${idp.cert.replace(/-----.*-----\n/g, '')}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
    <SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/slo"/>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example/post"/>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso?idpid=1"/>
  </IDPSSODescriptor>
</EntityDescriptor>`
const FILES: { readonly [name: string]: string } = {
  'idp.crt': idp.cert,
  'two.crt': `${idp.cert}${sp.cert}`,
  'sp.crt': sp.cert,
  'sp.key': sp.key,
  'other.key': idp.key,
  'small.crt': small.cert,
  'small.key': small.key,
  'over.crt': over.cert,
  'ec.crt': elliptic,
  'no.crt': 'nothing\n',
  'half.crt': idp.cert.replace(/\n[A-Za-z0-9+/]{10}/, '\nAAAAAAAAAA'),
  'idp.xml': METADATA,
  'federation.xml': '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>',
  'no-post.xml': METADATA.replace('HTTP-POST', 'HTTP-Artifact'),
  'no-cert.xml': METADATA.replace(/<KeyDescriptor[\s\S]*<\/KeyDescriptor>/, ''),
  'http.xml': METADATA.replace('https://idp.example/sso', 'http://idp.example/sso'),
  'comment.xml': METADATA.replace('<IDPSSODescriptor', '<!-- x --><IDPSSODescriptor'),
}

const ENTRY = `
    - name: adfs
      entry_point: https://idp.example/sso
      idp_issuer: https://idp.example/entity
      idp_cert: { file: idp.crt }
      issuer: sallyport`
const config = (entries: string, before = '') => `version: 1
listen: { proxy: 127.0.0.1:8080 }
identity:${before}
  saml:${entries}
upstreams: [{ name: main, url: https://api.openai.com/v1, models: ["gpt-*"] }]
policies: [policy.yaml]
`
const more = (...lines: string[]) => config(`${ENTRY}${lines.map((line) => `\n      ${line}`).join('')}`)
const without = (key: string, ...lines: string[]) => more(...lines).replace(new RegExp(`\n      ${key}: .*`), '')

const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
t.teardown(() => rmSync(folder, { recursive: true }))

async function load(text: string, secrets = true) {
  writeFileSync(join(folder, 'config.yaml'), text)
  const loaded = await loadConfig(join(folder, 'config.yaml'), { env: { SP_KEY: sp.key }, secrets })
  return { ...loaded, said: loaded.problems.map(({ line, column, code }) => `${line}:${column} ${code}`).join() }
}

t.test('a short entry has every default', async (t) => {
  const { settings, said, names, files } = await load(config(ENTRY))
  t.equal(said, '')
  t.same(settings?.saml, [
    {
      name: 'adfs',
      entryPoint: 'https://idp.example/sso',
      binding: 'redirect',
      issuer: 'sallyport',
      idpIssuer: 'https://idp.example/entity',
      idpCerts: [idp.cert],
      logoutUrl: null,
      signing: null,
      decryption: null,
      algorithms: ['rsa-sha256', 'rsa-sha512'],
      claims: { id: 'nameID', name: 'name', email: 'email', groups: 'groups', workspace: null, mfa: null },
      mfaAcr: [],
      acrValues: [],
      nameIdFormat: null,
      clockSkewMs: 30_000,
    },
  ])
  t.same(names.issuers, ['adfs'], 'policies may name it')
  t.ok(files.includes(join(folder, 'idp.crt')), 'its files are watched')
})

t.test('what a provider calls itself need not be written', async (t) => {
  const { settings, said } = await load(without('idp_issuer'))
  t.equal(said, '')
  t.match(settings?.saml, [{ idpIssuer: null, idpCerts: [idp.cert] }])
})

t.test('metadata say what is not written', async (t) => {
  const entry = '\n    - { name: adfs, issuer: sallyport, metadata: { file: idp.xml } }'
  const { settings, said } = await load(config(entry))
  t.equal(said, '')
  t.match(settings?.saml[0], {
    entryPoint: 'https://idp.example/sso?idpid=1',
    idpIssuer: 'https://idp.example/entity',
    idpCerts: [idp.cert],
    logoutUrl: 'https://idp.example/slo',
  })
  const post = await load(config(entry.replace('issuer:', 'binding: post, issuer:')))
  t.equal(post.settings?.saml[0]?.entryPoint, 'https://idp.example/post')
  const written = await load(without('idp_cert', 'metadata: { file: idp.xml }'))
  t.match(written.settings?.saml[0], { entryPoint: 'https://idp.example/sso', idpCerts: [idp.cert] })
})

t.test('everything else that can be said', async (t) => {
  const {
    settings,
    said,
    config: shown,
  } = await load(
    more(
      'binding: post',
      'claims: { id: uid, name: displayName, email: mail, groups: memberOf, workspace: dept, mfa: methods }',
      'mfa_acr: ["urn:gold"]',
      'acr_values: ["urn:silver"]',
      'name_id_format: urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      'algorithms: [rsa-pss-sha256]',
      'signing_key: { env: SP_KEY }',
      'signing_cert: { file: sp.crt }',
      'decryption_key: { file: sp.key }',
      'decryption_cert: { file: sp.crt }',
      'logout_url: https://idp.example/slo?x=1',
      'clock_skew: 2m',
    ).replace('idp.crt', 'two.crt'),
  )
  t.equal(said, '')
  t.match(settings?.saml[0], {
    binding: 'post',
    idpCerts: [idp.cert, sp.cert],
    claims: { id: 'uid', workspace: 'dept', mfa: 'methods' },
    algorithms: ['rsa-pss-sha256'],
    logoutUrl: 'https://idp.example/slo?x=1',
    clockSkewMs: 120_000,
    signing: { cert: sp.cert },
    decryption: { cert: sp.cert },
  })
  t.equal(settings?.saml[0]?.signing?.key.reveal(), sp.key)
  t.equal(settings?.saml[0]?.decryption?.key.reveal(), sp.key)
  t.notMatch(JSON.stringify([settings, shown]), 'PRIVATE KEY')
})

const other = `${ENTRY.replace('adfs', 'other')}`
const rows: readonly (readonly [string, string, string])[] = [
  ['without an entry point', without('entry_point'), '5:7 incomplete'],
  ['without a certificate', without('idp_cert'), '5:7 incomplete'],
  ['without our own id', without('issuer'), '5:7 missing_key'],
  ['an unknown key', more('want_assertions_signed: false'), '10:7 unknown_key'],
  ['SHA-1', more('algorithms: [rsa-sha1]'), '10:20 wrong_value'],
  ['no algorithm', more('algorithms: []'), '10:19 empty_list'],
  ['plain http', config(ENTRY.replace('https://idp.example/sso', 'http://idp.example/sso')), '6:20 insecure_url'],
  ['a user in the address', config(ENTRY.replace('https://', 'https://me@')), '6:20 plain_secret'],
  ['a fragment in the address', config(ENTRY.replace('/sso', '/sso?a=1#x')), '6:20 invalid_url'],
  ['a message in the address', config(ENTRY.replace('/sso', '/sso?RelayState=1')), '6:20 invalid_url'],
  ['no address', config(ENTRY.replace('https://idp.example/sso', 'sso')), '6:20 invalid_url'],
  ['plain http for the answers to logouts', more('logout_url: http://idp.example/slo'), '10:19 insecure_url'],
  ['a name twice', config(ENTRY + ENTRY), '10:13 duplicate'],
  ['a name that is reserved', config(ENTRY.replace('adfs', 'local')), '5:13 reserved_name'],
  [
    'the name of an issuer',
    config(ENTRY, '\n  issuers: [{ name: adfs, issuer: "https://idp.example", audience: [a] }]'),
    '6:13 duplicate',
  ],
  ['a file that is not there', config(ENTRY.replace('idp.crt', 'absent.crt')), '8:25 file_missing'],
  ['a file without certificates', config(ENTRY.replace('idp.crt', 'no.crt')), '8:25 invalid_certificates'],
  ['half a certificate', config(ENTRY.replace('idp.crt', 'half.crt')), '8:25 invalid_certificates'],
  ['a key of 1024 bits', config(ENTRY.replace('idp.crt', 'small.crt')), '8:25 weak_certificate'],
  ['a key of another kind', config(ENTRY.replace('idp.crt', 'ec.crt')), '8:25 weak_certificate'],
  ['metadata of a federation', without('entry_point', 'metadata: { file: federation.xml }'), '9:25 invalid_metadata'],
  ['metadata with a comment', without('entry_point', 'metadata: { file: comment.xml }'), '9:25 invalid_metadata'],
  [
    'metadata without the binding',
    without('entry_point', 'metadata: { file: no-post.xml }', 'binding: post'),
    '9:25 invalid_metadata',
  ],
  ['metadata without a certificate', without('idp_cert', 'metadata: { file: no-cert.xml }'), '9:25 invalid_metadata'],
  ['metadata with plain http', without('entry_point', 'metadata: { file: http.xml }'), '9:25 insecure_url'],
  ['a certificate without its key', more('signing_cert: { file: sp.crt }'), '5:7 incomplete'],
  ['a decryption certificate without its key', more('decryption_cert: { file: sp.crt }'), '5:7 incomplete'],
  ['a key that is none', more('signing_key: { file: no.crt }'), '10:20 invalid_key'],
  ['a key of 1024 bits of ours', more('signing_key: { file: small.key }'), '10:20 invalid_key'],
  [
    'a key of another certificate',
    more('signing_key: { file: other.key }', 'signing_cert: { file: sp.crt }'),
    '10:20 key_mismatch',
  ],
  ['a variable that is not set', more('decryption_key: { env: ABSENT }'), '10:30 secret_missing'],
  ['a key that stands in the config', more('signing_key: secret'), '10:20 plain_secret'],
  [
    'two mistakes in two entries',
    config(ENTRY.replace('https:', 'http:') + other.replace('idp.crt', 'no.crt')),
    '6:20 insecure_url,13:25 invalid_certificates',
  ],
]
for (const [name, text, expected] of rows) {
  t.test(`refused: ${name}`, async (t) => {
    const { said, settings, problems } = await load(text)
    t.equal(said, expected)
    t.equal(settings, null)
    t.notMatch(problems.map(({ message }) => message).join(), 'PRIVATE')
  })
}

t.test('a certificate that is over is a warning: its key may still be meant', async (t) => {
  const { problems, settings } = await load(config(ENTRY.replace('idp.crt', 'over.crt')))
  t.match(problems, [{ severity: 'warning', code: 'certificate_expired', line: 8, column: 25 }])
  t.ok(settings)
})

t.test('plain http is accepted on loopback, and beyond it where the config says so', async (t) => {
  const loopback = ENTRY.replace('https://idp.example/sso', 'http://127.0.0.1:8080/sso')
  t.equal((await load(config(loopback))).said, '')
  t.equal(
    (await load(more('allow_insecure: true').replace('https://idp.example/sso', 'http://idp.example/sso'))).said,
    '',
  )
})

t.test('keys are not looked for where secrets are left out', async (t) => {
  const { said, settings } = await load(more('decryption_key: { env: ABSENT }'), false)
  t.equal(said, '')
  t.equal(settings?.saml[0]?.decryption, null)
})

t.test('a new certificate is another config', async (t) => {
  const before = await load(config(ENTRY))
  t.equal((await load(config(ENTRY))).digest, before.digest)
  writeFileSync(join(folder, 'idp.crt'), `${idp.cert}${sp.cert}`)
  t.not((await load(config(ENTRY))).digest, before.digest)
  writeFileSync(join(folder, 'idp.crt'), idp.cert)
})
