import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../src/config/load.ts'
import { Authority, noCertificates } from '../../support/certificates.ts'
import { rsaPair } from '../../support/saml-provider.ts'

/** Every way to identify callers at once, each in the shortest form that is promised to operators. */
const CONFIG = `version: 1
listen:
  proxy: 127.0.0.1:0
  tls: { cert: { file: tls.crt }, key: { file: tls.key }, client_ca: { file: ca.crt } }
identity:
  issuers:
    - name: corp
      issuer: https://idp.example/realms/main
      audience: [sallyport]
      jwks: { url: https://idp.example/jwks, refresh: 10m, max_stale: 24h }
      algorithms: [ES256, RS256]
      clock_skew: 30s
      claims: { id: sub, name: name, email: email, groups: groups, workspace: department }
      introspection: { client_id: sallyport, client_secret: { env: SECRET } }
      login: { client_id: sallyport, client_secret: { env: SECRET }, scopes: [openid, groups] }
  api_keys: { enabled: true }
  ldap:
    - { name: ad, url: ldaps://dc1.example, base: "dc=example,dc=org", bind_dn: "cn=reader,dc=example,dc=org", bind_password: { env: SECRET },
        user_filter: "(sAMAccountName={username})", group_filter: "(member={dn})", nested_groups: true, start_tls: false }
  saml:
    - { name: adfs, entry_point: https://adfs.example/ls, idp_cert: { file: idp.crt }, issuer: sallyport, claims: { id: nameID, groups: memberOf } }
  local: { enabled: true }
  mtls: { claims: { id: subject.CN, groups: subject.OU } }
  tokens: { lifetime: 8h, key: { file: token-key.pem } }
upstreams: [{ name: openai, url: https://api.openai.com/v1, api_key: { env: SECRET }, models: ["gpt-*"] }]
policies: [policy.yaml]
`

const missing = noCertificates() ?? false
t.test('all ways need nothing beyond their shortest forms', { skip: missing }, async (t) => {
  const authority = new Authority()
  t.teardown(() => authority.close())
  const { cert, key } = authority.issue()
  const folder = t.testdir({ 'config.yaml': CONFIG, 'policy.yaml': 'version: 1\n' })
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write('tls.crt', cert)
  write('tls.key', key)
  write('ca.crt', authority.cert)
  write('idp.crt', rsaPair().cert)
  write('token-key.pem', generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string)
  const { settings, problems } = await loadConfig(join(folder, 'config.yaml'), {
    env: { SECRET: 'a-secret-of-thirty-two-characters' },
    secrets: true,
  })
  t.same(problems, [])
  t.match(settings, {
    saml: [{ name: 'adfs' }],
    mtls: {},
    tokens: {},
    local: { enabled: true },
    ldap: [{ name: 'ad' }],
  })
})
