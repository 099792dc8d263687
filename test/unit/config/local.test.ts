import t from 'tap'
import { run } from '../../../src/cli/check.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { CONFIG, folderOf } from '../../support/cli.ts'

const ISSUERS = 'issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }]'
const POLICY = `version: 1
roles: { staff: { members: [{ issuer: local }] } }
rules: [{ id: all, effect: allow, roles: [staff], when: { method: [local] } }]
`

/** What `check` finds, as `line code`, in a config whose \`identity\` says this. */
async function found(t: Parameters<typeof folderOf>[0], identity: string, policy = POLICY) {
  const cwd = folderOf(t, { 'config.yaml': CONFIG.replace(ISSUERS, identity), 'policy.yaml': policy })
  const said: string[] = []
  const sink = { write: (words: string) => said.push(words) }
  const code = await run({ config: 'config.yaml', json: true }, { stdout: sink, stderr: sink, env: {}, cwd })
  const problems = JSON.parse(said.join('')) as readonly { file: string; line: number; code: string }[]
  return { cwd, code, found: problems.map(({ file, line, code }) => `${file}:${line} ${code}`) }
}

t.test('users of the store are a way in, and policies may name them', async (t) => {
  const { cwd, code, found: problems } = await found(t, 'local: { enabled: true }')
  t.same([code, problems], [0, []])
  const { settings, names } = await loadConfig(`${cwd}/config.yaml`, { env: {}, secrets: true })
  t.same(settings?.local, { enabled: true })
  t.same(names.issuers, ['local'])
})

t.test('and where they are none, that is an error', async (t) => {
  const off = await found(t, `local: { enabled: false }, ${ISSUERS}`)
  t.same([off.code, off.found], [1, ['policy.yaml:2 unknown_issuer']])
  const nobody = await found(t, 'local: { enabled: false }', 'version: 1\n')
  t.same(nobody.found, ['config.yaml:3 no_identity'])
  const { settings } = await loadConfig(`${(await found(t, ISSUERS)).cwd}/config.yaml`, { env: {}, secrets: true })
  t.same(settings?.local, { enabled: false }, 'which is the default')
})
