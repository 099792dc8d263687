import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import t from 'tap'
import { run } from '../../../src/cli/check.ts'

const FOLDER = join(import.meta.dirname, '../../../docs/identity')
const POLICY =
  'version: 1\nroles: { staff: { members: [{ group: staff }] } }\nrules: [{ id: all, effect: allow, roles: [staff] }]\n'

/** Every config that stands in a page on proofs of who calls. */
for (const page of ['introspection', 'mtls', 'bound-tokens']) {
  const text = readFileSync(join(FOLDER, `${page}.md`), 'utf8')
  const configs = [...text.matchAll(/^```yaml\n(# check: config\n[\s\S]*?)^```$/gm)].map(([, config = '']) => config)
  t.test(`the configs of ${page}.md are sound`, async (t) => {
    t.ok(configs.length > 0, 'there is one')
    for (const config of configs) {
      const folder = t.testdir({ config: {}, policies: {}, data: {}, tls: {} })
      writeFileSync(join(folder, 'tls/proxy.crt'), rootCertificates[0] ?? '')
      writeFileSync(join(folder, 'tls/clients-ca.crt'), rootCertificates[0] ?? '')
      writeFileSync(join(folder, 'config/sallyport.yaml'), config)
      writeFileSync(join(folder, 'policies/policy.yaml'), POLICY)
      const said: string[] = []
      const sink = { write: (words: string) => said.push(words) }
      const io = { stdout: sink, stderr: sink, env: {}, cwd: folder }
      const code = await run({ config: 'config/sallyport.yaml', secrets: false, json: true }, io)
      t.same([code, JSON.parse(said.join(''))], [0, []])
    }
  })
}
