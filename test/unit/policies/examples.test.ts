import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { parseYaml } from '../../../src/config/yaml.ts'
import type { JsonObject } from '../../../src/model/json.ts'
import { runnerIn } from '../../support/transcript.ts'

const ROOT = join(import.meta.dirname, '../../..')
const page = readFileSync(join(ROOT, 'docs/examples.md'), 'utf8')
const run = runnerIn(ROOT)
const configs = globSync('policies/*/sallyport.yaml', { cwd: ROOT }).sort()

/** The schema that the first line of a file names, as a path from the root; undefined where there is none. */
function schemaOf(file: string): string | undefined {
  const [first = ''] = readFileSync(join(ROOT, file), 'utf8').split('\n')
  const target = /^# yaml-language-server: \$schema=(\S+)$/.exec(first)?.[1]
  return target && join(dirname(file), target)
}

t.test('editors find the schema of every file', async (t) => {
  for (const file of globSync(['config/*.yaml', 'policies/**/*.yaml'], { cwd: ROOT })) {
    const isConfig = file.endsWith('/sallyport.yaml')
    const schema = schemaOf(file)
    t.equal(schema, isConfig ? 'config/sallyport.schema.json' : 'policies/policy.schema.json', file)
    t.ok(existsSync(join(ROOT, schema ?? '')), `${file}: and it is there`)
  }
})

t.test('there are four examples', async (t) => {
  t.same(configs.map(dirname), ['policies/bank', 'policies/hospital', 'policies/research', 'policies/small-company'])
})

for (const config of configs) {
  t.test(dirname(config), async (t) => {
    const { code, stdout } = await run(`sallyport check --no-secrets --json --config ${config}`)
    t.same([code, JSON.parse(stdout)], [0, []], 'is sound, without a warning')
    const files = globSync(`${dirname(config)}/**/*.yaml`, { cwd: ROOT }).filter((file) => file !== config)
    const documents = files.map(
      (file) => parseYaml(readFileSync(join(ROOT, file), 'utf8'), file).document as JsonObject,
    )
    const rules = documents.flatMap(
      ({ rules = [] }) => rules as unknown as { id: string; effect: string; reason?: string }[],
    )
    for (const { id, effect, reason } of rules) {
      t.ok(page.includes(`\`${id}\``), `${id} stands in docs/examples.md`)
      t.ok(effect === 'allow' || reason !== undefined, `${id}: a deny gives its reason`)
    }
  })
}
