import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../../../src/cli/check.ts'

const FOLDER = join(import.meta.dirname, '../../../docs/identity')
const KEYS = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}'
const PAGES = ['openid-connect', 'keycloak', 'entra-id', 'okta', 'google', 'ad-fs', 'kubernetes']

/** The config of a page on an identity provider, with a policy that names its people. */
for (const page of PAGES) {
  t.test(`the config of ${page}.md is sound`, async (t) => {
    const text =
      /^```yaml\n(# check: config\n[\s\S]*?)^```$/m.exec(readFileSync(join(FOLDER, `${page}.md`), 'utf8'))?.[1] ?? ''
    const names = [...text.matchAll(/- name: (\w+)/g)].map(([, name]) => name)
    t.ok(names.length > 0)
    const folder = t.testdir({ config: {}, policies: {}, secrets: {} })
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'config/sallyport.yaml'), text)
    writeFileSync(join(folder, 'secrets/kubernetes-jwks.json'), KEYS)
    const members = names.map((issuer) => `{ issuer: ${issuer} }`).join(', ')
    writeFileSync(
      join(folder, 'policies/policy.yaml'),
      `version: 1\nroles: { staff: { members: [${members}] } }\nrules: [{ id: all, effect: allow, roles: [staff], when: { method: [jwt] } }]\n`,
    )
    const said: string[] = []
    const sink = { write: (words: string) => said.push(words) }
    const io = { stdout: sink, stderr: sink, env: {}, cwd: folder }
    const code = await run({ config: 'config/sallyport.yaml', secrets: false, json: true }, io)
    t.same([code, JSON.parse(said.join(''))], [0, []])
  })
}
