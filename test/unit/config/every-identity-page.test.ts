import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { rootCertificates } from 'node:tls'
import t from 'tap'
import { run } from '../../../src/cli/check.ts'
import { rsaPair } from '../../support/saml-provider.ts'

const FOLDER = join(import.meta.dirname, '../../../docs/identity')
const PROVIDERS = [
  ...['entra-id', 'okta', 'keycloak', 'google', 'ad-fs', 'active-directory', 'openldap', 'freeipa', 'kubernetes'],
].map((name) => `${name}.md`)
const SECRET = 'a-secret-of-the-tests-that-is-long-enough-for-all'
const KEYS = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}'
const idp = rsaPair()
const sp = rsaPair('/CN=sallyport')
const METADATA = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/entity"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${idp.cert.replace(/-----.*-----\n/g, '')}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></IDPSSODescriptor></EntityDescriptor>`

/** What stands in the files that pages name, by what they are called. */
function contentOf(file: string): string {
  if (file.endsWith('.json')) return KEYS
  if (file.endsWith('.xml')) return METADATA
  if (/^token-key/.test(file))
    return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  if (file === 'saml.key') return sp.key
  if (file === 'saml.crt' || file === 'proxy.crt') return sp.cert
  if (/^(?:idp|keycloak).*\.crt$/.test(file)) return idp.cert
  return file.endsWith('.crt') ? (rootCertificates[0] ?? '') : SECRET
}

const pages = readdirSync(FOLDER)
const blocks = pages.flatMap((page) =>
  [...readFileSync(join(FOLDER, page), 'utf8').matchAll(/^```ya?ml\n([\s\S]*?)^```$/gm)]
    .map(([, text = ''], index) => ({ name: `${page}, block ${index + 1}`, text }))
    .filter(({ text }) => /^ *["']?identity["']?:/m.test(text)),
)

t.test('each provider that people ask for has a page with a config', async (t) => {
  for (const page of PROVIDERS) t.ok(pages.includes(page), page)
  for (const page of PROVIDERS) t.ok(blocks.some(({ name }) => name.startsWith(`${page},`)) || linked(page), page)
})

/** A page may leave the config to another one that it names. */
function linked(page: string): boolean {
  return /\]\((?!https?:)[\w-]+\.md/.test(readFileSync(join(FOLDER, page), 'utf8'))
}

for (const { name, text } of blocks) {
  t.test(`${name} of YAML is a config that is sound`, async (t) => {
    t.match(text, /^# check: config\n/, 'a part of a config is checked by nobody: write all of it')
    const folder = t.testdir({ config: {}, policies: {}, data: {}, secrets: {}, tls: {} })
    for (const [, written = ''] of text.matchAll(/file: "?([^\s"},]+)/g)) {
      const file = join(folder, 'config', written)
      mkdirSync(join(file, '..'), { recursive: true })
      writeFileSync(file, contentOf(basename(file)), { mode: 0o600 })
    }
    writeFileSync(join(folder, 'config/sallyport.yaml'), text)
    const vouchers = [...text.matchAll(/- (?:\{ )?name: ([\w-]+)/g)].map(([, issuer = '']) => issuer)
    const others = [
      ...(/^ *local:/m.test(text) ? ['local'] : []),
      ...(/^ *mtls:/m.test(text) ? ['mtls'] : []),
      ...(/api_keys:/.test(text) ? ['api_keys'] : []),
    ]
    const upstreams = [...(text.split(/^upstreams:/m)[1] ?? '').matchAll(/name: ([\w-]+)/g)].map(([, one = '']) => one)
    const issuers = [...vouchers, ...others].filter((one) => !upstreams.includes(one))
    const members = issuers.map((issuer) => `{ issuer: ${issuer} }`).join(', ')
    writeFileSync(
      join(folder, 'policies/policy.yaml'),
      `version: 1\nroles: { staff: { members: [${members}] } }\nrules: [{ id: all, effect: allow, roles: [staff], operations: [chat] }]\n`,
    )
    const said: string[] = []
    const sink = { write: (words: string) => said.push(words) }
    const env = Object.fromEntries(
      [...text.matchAll(/env: (\w+)/g)].map(([, variable = '']) => [
        variable,
        variable === 'TLS_KEY' ? sp.key : SECRET,
      ]),
    )
    const io = { stdout: sink, stderr: sink, env, cwd: folder }
    const code = await run({ config: 'config/sallyport.yaml', secrets: true, json: true }, io)
    t.same([code, JSON.parse(said.join(''))], [0, []])
  })
}
