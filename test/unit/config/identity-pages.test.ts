import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../../../src/cli/check.ts'
import { mintKey, readKey } from '../../../src/identity/api-keys/key-format.ts'

const FOLDER = join(import.meta.dirname, '../../../docs/identity')
const PAGE = readFileSync(join(FOLDER, 'api-keys.md'), 'utf8')

for (const page of ['api-keys', 'scim']) {
  t.test(`the config of ${page}.md is sound`, async (t) => {
    const written = readFileSync(join(FOLDER, `${page}.md`), 'utf8')
    const text = /^```yaml\n(# check: config\n[\s\S]*?)^```$/m.exec(written)?.[1] ?? ''
    const folder = t.testdir({ config: {}, policies: {} })
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'config/sallyport.yaml'), text)
    const rule = '{ id: ci, effect: allow, roles: [ci], operations: [chat, embeddings] }'
    writeFileSync(
      join(folder, 'policies/policy.yaml'),
      `version: 1\nroles: { ci: { members: [{ issuer: api_keys }] } }\nrules: [${rule}]\n`,
    )
    const said: string[] = []
    const sink = { write: (words: string) => said.push(words) }
    const io = { stdout: sink, stderr: sink, env: {}, cwd: folder }
    const code = await run({ config: 'config/sallyport.yaml', secrets: false, json: true }, io)
    t.same([code, JSON.parse(said.join(''))], [0, []])
  })
}

t.test(
  'the expression of the page finds keys in what was leaked, and the checksum tells them from noise',
  async (t) => {
    const [, pattern = ''] = /^```\n(sp_.*)\n```$/m.exec(PAGE) ?? []
    const { key } = mintKey(1_790_000_000_000)
    for (const text of [key, `OPENAI_API_KEY=${key}\n`, `{"key":"${key}"}`, `https://x:${key}@host/`]) {
      const found = new RegExp(pattern).exec(text)?.[0]
      t.equal(found, key, 'it is found')
      t.ok(readKey(found ?? ''), 'and its checksum is right')
    }
    const other = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
    t.ok(new RegExp(pattern).test(other))
    t.equal(readKey(other), null, 'noise of the same form is none')
  },
)
