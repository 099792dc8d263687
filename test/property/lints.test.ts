import fc from 'fast-check'
import t from 'tap'
import type { PolicyInput } from '../../src/model/decision.ts'
import { METHODS } from '../../src/model/identity.ts'
import { MODEL_OPERATIONS } from '../../src/model/operations.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts'
import { lintPolicy } from '../../src/policy/lints/index.ts'
import { documentsArbitrary, KNOWN, sources } from '../support/policies.ts'
import type { ReferenceDocument } from '../support/reference.ts'
import { inputArbitrary } from '../support/requests.ts'

const RUNS = Math.ceil(Number(process.env.SALLYPORT_CASES ?? 30_000) / 30)
const FACTS = {
  issuers: KNOWN.issuers,
  methods: METHODS,
  upstreams: KNOWN.upstreams.map(({ region, labels }) => ({ region: region ?? null, labels, models: ['*'] })),
}

function compiled(documents: readonly unknown[]): CompiledPolicy {
  const { policy, problems } = compilePolicy(sources(documents), KNOWN)
  if (!policy) throw new Error(`the generated policy has problems: ${JSON.stringify(problems)}`)
  return policy
}

function without(documents: readonly ReferenceDocument[], id: string): CompiledPolicy {
  return compiled(
    documents.map(({ rules = [], ...rest }) => {
      const left = rules.filter((rule) => rule.id !== id)
      return left.length > 0 ? { ...rest, rules: left } : rest
    }),
  )
}

/** An operation that has a model never comes without one: at the least it cannot be told. */
const possible = inputArbitrary.map((input) =>
  input.model === null && MODEL_OPERATIONS.includes(input.operation) ? { ...input, model: undefined } : input,
)

/** With the rules in shadow mode enforced: what is said of them is said of that decision. */
const inAll = (policy: CompiledPolicy) => (input: PolicyInput) => (policy.shadow ?? policy).decide(input)

t.test('what a lint says of rules is so', async (t) => {
  const seen = { unreachable_rule: 0, shadowed_rule: 0, idle_deny: 0 }
  fc.assert(
    fc.property(documentsArbitrary, fc.array(possible, { minLength: 30 }), (documents, inputs) => {
      const policy = compiled(documents)
      for (const { code, file, path } of lintPolicy(sources(documents), FACTS)) {
        if (!(code in seen) || path[2] !== 'id') continue
        seen[code as keyof typeof seen]++
        const id = documents[Number.parseInt(file, 10)]?.rules?.[Number(path[1])]?.id ?? ''
        const isSame = code === 'unreachable_rule' ? null : without(documents, id)
        for (const input of inputs) {
          for (const see of [inAll, (one: CompiledPolicy) => one.decide]) {
            const { effect, rule } = see(policy)(input)
            if (isSame === null && rule === id) throw new Error(`${id} decides, and is called unreachable`)
            const other = isSame && see(isSame)(input).effect
            if (other !== null && other !== effect) throw new Error(`${code}: without ${id} ${effect} becomes ${other}`)
          }
        }
      }
    }),
    { numRuns: RUNS, verbose: 1 },
  )
  t.comment(JSON.stringify(seen))
  t.ok(Math.min(...Object.values(seen)) > RUNS / 50, 'each was said often')
})
