import t from 'tap'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { plain } from '../../property/scale-policies.ts'
import { sources } from '../../support/policies.ts'

const document = {
  version: 1,
  workspaces: { finance: {}, research: {}, __proto: {} },
  rules: [{ id: 'r', effect: 'allow', workspaces: ['research'] }],
}
const { policy } = compilePolicy(sources([document]), { issuers: [], upstreams: [] })

const table: readonly (readonly [
  sentence: string,
  workspaces: readonly string[] | undefined,
  project: string | undefined,
  decided: readonly unknown[],
])[] = [
  ['the only one', ['research'], undefined, ['allow', 'research']],
  ['the only one, whatever is asked for', ['research'], 'finance', ['allow', 'research']],
  ['another', ['finance'], undefined, ['deny', 'finance']],
  ['none', [], undefined, ['deny', undefined]],
  ['none, whatever is asked for', [], 'research', ['deny', undefined]],
  ['one that there is not', ['elsewhere'], undefined, ['deny', undefined]],
  ['one that cannot be told', undefined, 'research', ['deny', undefined]],
  ['of two, the one that is asked for', ['finance', 'research'], 'research', ['allow', 'research']],
  ['of two, the other one', ['finance', 'research'], 'finance', ['deny', 'finance']],
  ['of two, none is asked for', ['finance', 'research'], undefined, ['deny', null]],
  ['of two, a third is asked for', ['finance', 'research'], '__proto', ['deny', null]],
  ['of two, one that there is not is asked for', ['finance', 'research'], 'constructor', ['deny', null]],
]

for (const [sentence, workspaces, project, decided] of table) {
  t.test(`decided in the workspace of the caller: ${sentence}`, async (t) => {
    const decision = policy?.decide({ ...plain, project, principal: { ...plain.principal, workspaces } })
    t.same([decision?.effect, decision?.workspace], decided)
  })
}
