import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import t from 'tap'
import { run } from '../../../src/cli/check.ts'

const FOLDER = join(import.meta.dirname, '../../../docs/identity')

/** The config of a page on who signs in with passwords, with a policy that names its users. */
for (const page of ['ldap', 'active-directory', 'openldap', 'freeipa', 'local']) {
  t.test(`the config of ${page}.md is sound`, async (t) => {
    const text =
      /^```yaml\n(# check: config\n[\s\S]*?)^```$/m.exec(readFileSync(join(FOLDER, `${page}.md`), 'utf8'))?.[1] ?? ''
    const name = page === 'local' ? page : (/- name: (\w+)/.exec(text)?.[1] ?? '')
    const folder = t.testdir({ config: {}, policies: {}, secrets: {} })
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'config/sallyport.yaml'), text)
    writeFileSync(join(folder, 'secrets/ipa-ca.crt'), rootCertificates[0] ?? '')
    writeFileSync(
      join(folder, 'policies/policy.yaml'),
      `version: 1\nroles: { staff: { members: [{ issuer: ${name} }] } }\nrules: [{ id: all, effect: allow, roles: [staff], when: { method: [${page === 'local' ? page : 'ldap'}] } }]\n`,
    )
    const said: string[] = []
    const sink = { write: (words: string) => said.push(words) }
    const io = { stdout: sink, stderr: sink, env: {}, cwd: folder }
    const code = await run({ config: 'config/sallyport.yaml', secrets: false, json: true }, io)
    t.same([code, JSON.parse(said.join(''))], [0, []])
  })
}
