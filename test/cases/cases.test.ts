import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { type DecidedUpstream, describedOutcome } from '../../src/cli/policy-outcome.ts'
import { parseYaml } from '../../src/config/yaml.ts'
import type { JsonObject } from '../../src/model/json.ts'
import { compilePattern } from '../../src/model/pattern.ts'
import { compilePolicy } from '../../src/policy/compile.ts'

interface CaseFile {
  readonly policy: JsonObject
  readonly upstreams?: readonly {
    name: string
    models?: string[]
    region?: string
    labels?: { [name: string]: string }
  }[]
  readonly requests: readonly (JsonObject & {
    readonly name: string
    readonly expect: {
      readonly effect: string
      readonly rule?: string
      readonly reason?: string
      readonly unmet?: string[]
    }
  })[]
}

const NOW = Date.parse('2026-03-02T12:00:00Z')
const folder = new URL('./', import.meta.url)

for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  t.test(file, async (t) => {
    const { document, problems } = parseYaml(readFileSync(new URL(file, folder), 'utf8'), file)
    t.same(problems, [])
    const { policy: written, upstreams: known = [], requests } = document as unknown as CaseFile
    const upstreams: DecidedUpstream[] = known.map(({ name, models = ['*'], region, labels = {} }) => {
      const tests = models.map(compilePattern)
      return { name, region, labels, serves: (model) => tests.some((test) => test(model)) }
    })
    const { policy, problems: wrong } = compilePolicy([{ name: file, document: written, digest: '0' }], {
      issuers: ['corp'],
      upstreams,
    })
    t.same(wrong, [])
    if (!policy) return
    for (const { expect, ...described } of requests) {
      const outcome = describedOutcome(policy, upstreams, described, NOW)
      if (!outcome.ok) throw new Error(`${described.name}: ${outcome.fault}`)
      const { decision, unmet } = policy.explain(outcome.value.input)
      const rows = unmet.map(({ rule, condition }) => `${rule}.${condition}`)
      const got = {
        effect: decision.effect,
        ...(decision.rule === null ? {} : { rule: decision.rule }),
        ...(expect.reason === undefined ? {} : { reason: decision.reason }),
        ...(expect.unmet === undefined ? {} : { unmet: rows.sort() }),
      }
      t.same(got, { ...expect, ...(expect.unmet ? { unmet: [...expect.unmet].sort() } : {}) }, described.name)
    }
  })
}
