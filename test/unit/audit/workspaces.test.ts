import t from 'tap'
import { ecs } from '../../../src/audit/formats/ecs.ts'
import { alice, authorized } from '../../fixtures/audit/events.ts'

const render = ecs.open({ version: '0.0.0' })
const table: readonly (readonly [sentence: string, workspaces: readonly string[] | undefined, named: string | null])[] =
  [
    ['one workspace is named', ['research'], 'research'],
    ['of several, none can be told from the principal', ['research', 'finance'], null],
    ['none is none', [], null],
    ['what cannot be told is not told', undefined, null],
  ]
for (const [sentence, workspaces, named] of table) {
  t.test(sentence, async (t) => {
    const line = render({ ...authorized, principal: { ...alice, workspaces } }, { id: 'e', sequence: 1 })
    const { organization, sallyport } = JSON.parse(line)
    t.same([organization?.id ?? null, sallyport.workspace ?? null], [named, named])
  })
}

const { policy } = authorized
const decided: readonly (readonly [
  sentence: string,
  named: readonly string[] | undefined,
  workspace: string | null | undefined,
  told: string | null,
])[] = [
  ['of several, the one that was decided in is told', ['research', 'finance'], 'finance', 'finance'],
  ['a member by its groups is told, too', [], 'finance', 'finance'],
  ['what was decided in goes before what the credential names', ['research'], 'finance', 'finance'],
  ['none of several is none', ['research'], null, null],
  ['a workspace that the policy does not know is that of the credential', ['research'], undefined, 'research'],
]
for (const [sentence, named, workspace, told] of decided) {
  t.test(`decided: ${sentence}`, async (t) => {
    // The same principal in each of its workspaces, twice: what is remembered of one is not said of another.
    const principal = { ...alice, workspaces: named }
    for (const place of ['other', workspace, 'other', workspace]) {
      const event = { ...authorized, principal, policy: policy && { ...policy, workspace: place } }
      const { organization, sallyport } = JSON.parse(render(event, { id: 'e', sequence: 1 }))
      const expected = place === 'other' ? 'other' : told
      t.same([organization?.id ?? null, sallyport.workspace ?? null], [expected, expected])
    }
  })
}
