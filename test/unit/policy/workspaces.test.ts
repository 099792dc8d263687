import t from 'tap'
import type { JsonValue } from '../../../src/model/json.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { describedRequest } from '../../../src/policy/described.ts'
import { sources } from '../../support/policies.ts'

const document = {
  version: 1,
  workspaces: { research: { members: [{ group: 'research' }] }, finance: {} },
  rules: [{ id: 'r', effect: 'allow', workspaces: ['research'] }],
}
const { policy } = compilePolicy(sources([document]), { issuers: [], upstreams: [] })

/** What an explanation says that the principal has, where the one rule wants a workspace. */
function got(as: JsonValue): readonly string[] {
  const read = describedRequest({ as, request: { operation: 'chat' } }, 0)
  if (!read.ok || policy === null) throw new Error('not described')
  return policy.explain(read.value.input).unmet.map((row) => row.got)
}

const table: readonly (readonly [sentence: string, workspace: JsonValue, got: readonly string[]])[] = [
  ['the wanted one', 'research', []],
  ['the wanted one in a list', ['research'], []],
  ['another', ['finance'], ['"finance"']],
  ['an empty list is none', [], ['none']],
  ['null is none, as if it were left out', null, ['none']],
  ['a number cannot be told', 7, ['cannot tell']],
  ['an object cannot be told', { research: true }, ['cannot tell']],
  ['a list with a number cannot be told', ['research', 7], ['cannot tell']],
]
for (const [sentence, workspace, expected] of table) {
  t.test(`explained: ${sentence}`, async (t) => {
    t.same(got({ groups: [], workspace }), expected)
  })
}

t.test('a membership that is certain stands beside a claim that cannot be told', async (t) => {
  t.same(got({ groups: ['research'], workspace: 7 }), [])
})
