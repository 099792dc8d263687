import t from 'tap'
import { loadAll } from '../../../src/config/load-all.ts'
import { compilePolicies } from '../../../src/serving/compile-policies.ts'
import { folderOf } from '../../support/cli.ts'

const issuer = (name: string) => `    - { name: ${name}, issuer: https://${name}.example, audience: [sallyport] }`
const directory = (name: string) =>
  `    - { name: ${name}, url: ldaps://dc.example, base: "dc=example", user_filter: "(uid={username})" }`
// Its certificate is there where nothing else is wrong: a file that is missing has a code of its own.
const provider = (name: string) =>
  `    - { name: ${name}, entry_point: https://i.example, idp_issuer: i, idp_cert: { file: x.crt }, issuer: s }`
const PLAIN = ['issuers:', issuer('corp'), '  ldap:', directory('ad'), '  saml:', provider('adfs')]
const replaced = (line: number, text: string) => PLAIN.map((one, index) => (index === line ? text : one))

const config = (identity: readonly string[]) => `version: 1
listen: { proxy: 127.0.0.1:0 }
identity:
  ${identity.join('\n')}
upstreams: [{ name: main, url: https://api.openai.com/v1, models: ["*"] }]
policies: [policy.yaml]
`

async function problemsOf(t: Parameters<typeof folderOf>[0], identity: readonly string[], policy = 'version: 1\n') {
  const folder = folderOf(t, { 'config.yaml': config(identity), 'policy.yaml': policy })
  const options = { env: {}, secrets: false, compile: compilePolicies } as const
  const { problems } = await loadAll(`${folder}/config.yaml`, options)
  return problems
    .filter(({ code }) => code !== 'file_missing')
    .map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`)
}

const TAKEN = 'duplicate another issuer, directory or SAML provider has this `name`; each one needs its own'
const reserved = (name: string, whose: string) =>
  `reserved_name \`${name}\` is how events name ${whose}; choose another name`
type Row = readonly [sentence: string, identity: readonly string[], problems: readonly string[]]
const table: readonly Row[] = [
  ['three names', PLAIN, []],
  ['an issuer twice', [...PLAIN.slice(0, 2), issuer('corp').replace('corp.', 'other.')], [`6:15 ${TAKEN}`]],
  ['a directory like an issuer', replaced(3, directory('corp')), [`7:15 ${TAKEN}`]],
  ['a provider like an issuer', replaced(5, provider('corp')), [`9:15 ${TAKEN}`]],
  ['a provider like a directory', replaced(5, provider('ad')), [`9:15 ${TAKEN}`]],
  ['an issuer like keys', replaced(1, issuer('api_keys')), [`5:15 ${reserved('api_keys', 'our own keys')}`]],
  ['an issuer like certificates', replaced(1, issuer('mtls')), [`5:15 ${reserved('mtls', 'client certificates')}`]],
  ['a directory like the store', replaced(3, directory('local')), [`7:15 ${reserved('local', 'users of the store')}`]],
  ['a provider like tokens', replaced(5, provider('tokens')), [`9:15 ${reserved('tokens', 'our own tokens')}`]],
]
for (const [sentence, identity, problems] of table)
  t.test(`who vouches is told apart by name: ${sentence}`, async (t) => {
    t.same(await problemsOf(t, identity), problems)
  })

const OF_STORE = 'version: 1\nroles: { resident: { members: [{ issuer: local }] } }\n'
t.test('whether users of the store are let in is not known while that cannot be read', async (t) => {
  const unread = [...PLAIN, '  local: { enabled: perhaps }']
  t.same(await problemsOf(t, unread, OF_STORE), ['10:21 wrong_type `enabled` must be `true` or `false`'])
  t.match(await problemsOf(t, PLAIN, OF_STORE), [/^2:42 unknown_issuer /])
  t.same(await problemsOf(t, [...PLAIN, '  local: { enabled: true }'], OF_STORE), [])
})
