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
