import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../../../src/cli/check.ts'
import { rsaPair } from '../../support/saml-provider.ts'

const FOLDER = join(import.meta.dirname, '../../../docs/identity')
const read = (page: string) => readFileSync(join(FOLDER, page), 'utf8')
const idp = rsaPair()
const sp = rsaPair('/CN=sallyport')
const metadata = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/entity"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${idp.cert.replace(/-----.*-----\n/g, '')}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></IDPSSODescriptor></EntityDescriptor>`
const FILES = {
  'idp.crt': idp.cert,
  'keycloak.crt': idp.cert,
  'saml.key': sp.key,
  'saml.crt': sp.cert,
  'FederationMetadata.xml': metadata,
  'entra.xml': metadata,
}

const blocks = ['saml.md', 'saml-providers.md'].flatMap((page) =>
  [...read(page).matchAll(/^```yaml\n(# check: config\n[\s\S]*?)^```$/gm)].map(([, text = '']) => ({ page, text })),
)
t.equal(blocks.length, 4)

/** With a policy that names its people; the keys are read, too. */
for (const { page, text } of blocks) {
  const name = /- name: (\w+)/.exec(text)?.[1] ?? ''
  t.test(`the config of ${name} in ${page} is sound`, async (t) => {
    const folder = t.testdir({ config: {}, policies: {}, secrets: FILES })
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'config/sallyport.yaml'), text)
    writeFileSync(
      join(folder, 'policies/policy.yaml'),
      `version: 1\nroles: { staff: { members: [{ issuer: ${name} }] } }\nrules: [{ id: all, effect: allow, roles: [staff], when: { method: [saml] } }]\n`,
    )
    const said: string[] = []
    const sink = { write: (words: string) => said.push(words) }
    const io = { stdout: sink, stderr: sink, env: { OPENAI_API_KEY: 'sk-x' }, cwd: folder }
    const code = await run({ config: 'config/sallyport.yaml', secrets: true, json: true }, io)
    t.same([code, JSON.parse(said.join(''))], [0, []])
  })
}

t.test('the page has every key of an entry', async (t) => {
  const schema = JSON.parse(readFileSync(join(FOLDER, '../../config/sallyport.schema.json'), 'utf8'))
  const entry = schema.properties.identity.properties.saml.items.properties
  const page = read('saml.md')
  for (const key of [...Object.keys(entry), ...Object.keys(entry.claims.properties)])
    t.ok(page.includes(`\`${key}\``), key)
})
