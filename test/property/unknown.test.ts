import fc from 'fast-check'
import t from 'tap'
import type { PolicyInput } from '../../src/model/decision.ts'
import type { Match } from '../../src/model/match.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { CONDITIONS } from '../../src/policy/conditions/index.ts'
import { conditionArbitraries, KNOWN, sources } from '../support/policies.ts'
import { anyInputArbitrary } from '../support/requests.ts'

const UNKNOWN: Partial<PolicyInput> = {
  principal: {
    id: undefined,
    issuer: undefined,
    method: undefined,
    groups: undefined,
    roles: [],
    workspaces: undefined,
    claims: {},
    mfa: 'unknown',
    acr: undefined,
    authTime: undefined,
    key: null,
  },
  model: undefined,
  ip: undefined,
  at: Number.NaN,
}

t.test('a fact that cannot be told never helps the caller', async (t) => {
  t.same(Object.keys(conditionArbitraries).sort(), Object.keys(CONDITIONS).sort(), 'of every condition in the list')
  for (const [name, written] of Object.entries(conditionArbitraries)) {
    fc.assert(
      fc.property(written, anyInputArbitrary, (value, facts) => {
        const only = (effect: string) => {
          const rules = [
            { id: 'r', effect, when: { [name]: value } },
            ...(effect === 'deny' ? [{ id: 'z', effect: 'allow' }] : []),
          ]
          return compilePolicy(sources([{ version: 1, rules }]), KNOWN).policy
        }
        const blind: PolicyInput = {
          ...facts,
          ...UNKNOWN,
          maxOutputTokens: undefined,
          input: { ...facts.input, bytes: undefined },
          header: () => undefined,
          upstream: undefined,
          urls: [],
        }
        const condition = CONDITIONS[name as keyof typeof CONDITIONS] as unknown as {
          compile: (written: unknown) => (input: PolicyInput) => Match
        }
        const told = condition.compile(value)(blind)
        if (told === 'unknown') {
          if (only('allow')?.decide(blind).effect === 'allow') throw new Error('an allow holds')
          if (only('deny')?.decide(blind).effect === 'allow') throw new Error('a deny does not apply')
        } else if (!['tools', 'urls', 'stream', 'input'].includes(name)) throw new Error(`it answers ${told}`)
      }),
      { numRuns: 100 },
    )
    t.pass(name)
  }
})
