import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { CATALOGUE } from '../../src/audit/catalogue.ts'
import { run } from '../../src/cli/check.ts'
import { FAULTS } from '../../src/http/errors.ts'
import { CONDITIONS } from '../../src/policy/conditions/index.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT })]

/** The pages on identity providers have a test of their own. Here: blocks of YAML whose first line is `# check: config` or `# check: policy`. */
const blocks = pages
  .filter((page) => !page.startsWith('docs/identity/'))
  .flatMap((page) =>
    [...read(page).matchAll(/^```yaml\n(# check: (config|policy)\n[\s\S]*?)^```$/gm)].map(
      ([, text = '', kind], index) => ({
        page,
        kind,
        text,
        name: `${page}, ${kind} ${index + 1}`,
      }),
    ),
  )
const config = blocks.find(({ kind }) => kind === 'config')?.text ?? ''
const policy = blocks.find(({ kind }) => kind === 'policy')?.text ?? ''

t.test('what stands in the documentation is sound', async (t) => {
  t.ok(blocks.length >= 4, 'there are examples')
  for (const { name, kind, text } of blocks) {
    const folder = t.testdir({ config: {}, policies: {} })
    writeFileSync(join(folder, 'config/sallyport.yaml'), kind === 'config' ? text : config)
    writeFileSync(join(folder, 'policies/policy.yaml'), kind === 'policy' ? text : policy)
    const said: string[] = []
    const sink = { write: (words: string) => said.push(words) }
    const io = { stdout: sink, stderr: sink, env: {}, cwd: folder }
    const code = await run({ config: 'config/sallyport.yaml', secrets: false, json: true }, io)
    t.same(JSON.parse(said.join('')), [], name)
    t.equal(code, 0, name)
  }
})

t.test('every page that is linked to exists', async (t) => {
  for (const page of pages) {
    for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      t.ok(globSync(normalize(join(dirname(page), target)), { cwd: ROOT }).length === 1, `${page}: ${target}`)
    }
  }
})

t.test('every error code stands in the table with its status', async (t) => {
  const rows = [...read('docs/errors.md').matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ])
  t.same(
    new Map(rows as [string, number][]),
    new Map(Object.entries(FAULTS).map(([code, { status }]) => [code, status])),
  )
})

t.test('every audit action stands in its page', async (t) => {
  const text = read('docs/audit.md')
  for (const action of Object.keys(CATALOGUE)) t.ok(text.includes(`\`${action}\``), action)
})

t.test('every condition stands in its page', async (t) => {
  const [, table = ''] = read('docs/policy.md').split('## Conditions')
  for (const name of Object.keys(CONDITIONS)) t.ok(table.includes(`\`${name}: `), name)
})

t.test('every key of a config stands in its page', async (t) => {
  const text = read('docs/config.md')
  const missing: string[] = []
  const walk = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return
    for (const [key, value] of Object.entries(schema)) {
      if (key === 'properties') {
        for (const name of Object.keys(value as object)) if (!new RegExp(`\\b${name}\\b`).test(text)) missing.push(name)
      }
      walk(value)
    }
  }
  walk(JSON.parse(read('config/sallyport.schema.json')))
  t.same(
    missing.filter((name) => !['retention', 'archive', 'legal_hold'].includes(name)),
    [],
  )
})

t.test('every package stands in the table with its version', async (t) => {
  const rows = new Map(
    [...read('README.md').matchAll(/^\| (`[^|]+) \| ([\d., ]+) \|/gm)].flatMap(([, names = '', versions = '']) => {
      const pins = versions.split(', ')
      return names.split(', ').map((name, index) => [name.replaceAll('`', ''), pins[index]] as const)
    }),
  )
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))
  t.same(
    Object.fromEntries([...rows].sort()),
    Object.fromEntries(Object.entries({ ...dependencies, ...devDependencies }).sort()),
  )
})
