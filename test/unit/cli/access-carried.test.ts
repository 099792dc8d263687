import t from 'tap'
import { folderOf, runCli } from '../../support/cli.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity:
  issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }]
  api_keys: { enabled: true }
  local: { enabled: true }
upstreams: [{ name: us, url: https://us.example/v1, models: ["*"] }]
policies: [policy.yaml]
`
/** One allow and one deny, for the roles that are named. */
const policy = (allow: string, deny: string) => `version: 1
roles:
  person: { members: [{ issuer: corp }] }
  lead: { members: [{ issuer: corp, group: leads }], includes: [untrained] }
  untrained: { members: [{ issuer: corp, claim: { path: training, equals: lapsed } }] }
  group-of-any: { members: [{ group: untrained }] }
  claim-of-any: { members: [{ claim: { path: training, equals: lapsed } }] }
  bot: { members: [{ key: key_01 }, { issuer: api_keys, group: bots }] }
  fleet: { members: [{ key: key_02 }], includes: [bot] }
  half: { members: [{ key: key_03 }, { issuer: corp, group: half }] }
  given: {}
  resident: { members: [{ issuer: local, group: staff }] }
  mixed: { members: [{ issuer: local }, { key: key_04 }] }
rules:
  - { id: a, effect: allow, operations: [chat], ${allow} }
  - { id: d, effect: deny, operations: [chat], ${deny} }
`
const HAS = 'unless the caller has, or may have, the role'
const GIVEN = 'unless the caller was given the role'
const KEYS = 'when: { method: [api_key] }'

type Row = readonly [sentence: string, allow: string, deny: string, who: string, said: string]
const table: readonly Row[] = [
  ['a rule for keys', KEYS, 'roles: [untrained]', 'everybody', `authenticated by api_key, ${GIVEN} untrained`],
  [
    'a rule for keys and others',
    'when: { method: [api_key, mtls] }',
    'roles: [untrained]',
    'everybody',
    `${HAS} untrained`,
  ],
  ['a rule for anybody', 'roles: [person]', 'roles: [untrained]', 'person', `${HAS} untrained`],
  ['a role of keys', 'roles: [bot]', 'roles: [untrained]', 'bot', `${GIVEN} untrained`],
  ['a role of keys by another', 'roles: [bot]', 'roles: [untrained]', 'fleet', `${GIVEN} untrained`],
  [
    'a rule for users of the store',
    'when: { method: [local] }',
    'roles: [untrained]',
    'everybody',
    `${GIVEN} untrained`,
  ],
  ['a role of users of the store', 'roles: [resident]', 'roles: [untrained]', 'resident', `${GIVEN} untrained`],
  ['a role of users and keys', 'roles: [mixed]', 'roles: [untrained]', 'mixed', `${GIVEN} untrained`],
  ['a deny for users of the store', 'when: { method: [local] }', 'roles: [resident]', 'everybody', `${HAS} resident`],
  ['a role without members', 'roles: [given]', 'roles: [untrained]', 'given', `${GIVEN} untrained`],
  ['a role of keys and others', 'roles: [half]', 'roles: [untrained]', 'half', `${HAS} untrained`],
  ['a deny for what a key is given alone', KEYS, 'roles: [given]', 'everybody', `${GIVEN} given`],
  ['a deny for keys by their group', KEYS, 'roles: [group-of-any]', 'everybody', `${HAS} group-of-any`],
  ['a deny by a claim, which no key tells', KEYS, 'roles: [claim-of-any]', 'everybody', `${HAS} claim-of-any`],
  ['a deny for keys by their ids', 'roles: [given]', 'roles: [bot]', 'given', `${HAS} bot`],
  ['a deny for several roles', KEYS, 'roles: [untrained, given]', 'everybody', `${GIVEN} untrained or given`],
  ['a deny for several of two kinds', KEYS, 'roles: [untrained, bot]', 'everybody', `${HAS} untrained or bot`],
]
for (const [sentence, allow, deny, who, said] of table) {
  t.test(`what a caller can only be given is said as such: ${sentence}`, async (t) => {
    const folder = folderOf(t, { 'config.yaml': CONFIG, 'policy.yaml': policy(allow, deny) })
    const argv = ['policy', 'who-can', '--operation', 'chat', '--config', 'config.yaml']
    const { code, out } = await runCli(argv, folder)
    t.equal(code, 0)
    const line = out.split('\n').find((one) => one.startsWith(`  ${who}, `)) ?? out
    t.ok(line.includes(`${said} (rule d)`), line)
  })
}
