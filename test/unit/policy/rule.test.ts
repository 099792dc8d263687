import t from 'tap'
import { compileRule, nameSet } from '../../../src/policy/rule.ts'
import type { RuleDocument } from '../../../src/policy/schema.ts'

t.test('names and patterns are kept apart, each once', async (t) => {
  const { exact, patterns } = nameSet(['a', 'b*c*d', 'a', '*', 'b*c*d'])
  t.same([...exact], ['a'])
  t.same(
    patterns.map(({ written, head, tail }) => [written, head, tail]),
    [
      ['b*c*d', 'b', 'd'],
      ['*', '', ''],
    ],
  )
})

const table: readonly (readonly [sentence: string, when: RuleDocument['when'], strength: unknown])[] = [
  ['no condition', undefined, null],
  ['another condition', { stream: true }, null],
  ['several factors', { mfa: true }, { acr: [], maxAgeSeconds: null }],
  ['several factors not long ago', { mfa: { max_age: '90s' } }, { acr: [], maxAgeSeconds: 90 }],
  ['an acr', { acr: ['phr'] }, { acr: ['phr'], maxAgeSeconds: null }],
  ['both', { mfa: { max_age: '2m' }, acr: ['a', 'b'] }, { acr: ['a', 'b'], maxAgeSeconds: 120 }],
]

for (const [sentence, when, strength] of table) {
  t.test(`what stronger authentication could show for a rule: ${sentence}`, async (t) => {
    const written = { id: 'r', effect: 'allow', ...(when ? { when } : {}) } as RuleDocument
    const rule = compileRule(written, { rank: 0, roles: null, workspaces: null, models: null })
    t.same(rule.strength, strength)
  })
}
