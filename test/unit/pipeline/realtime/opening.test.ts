import t from 'tap'
import type { Obligations } from '../../../../src/model/transforms.ts'
import { openJudge } from '../../../support/message-judge.ts'

const NOTHING: Obligations = { names: [], set: {}, prepend: null }
const obliged = (more: object) => openJudge({ obligations: { ...NOTHING, ...more } })
const update = Buffer.from('{"type":"session.update","session":{"tools":[]}}')

t.test('the update of the proxy itself waits for its answer like any other', async (t) => {
  const rows = [
    ['a text alone', { prepend: 'Be brief.' }, true],
    ['a limit alone', { set: { max_output_tokens: 50 } }, true],
    ['both', { set: { max_output_tokens: 50 }, prepend: 'Be brief.' }, true],
    ['neither', {}, false],
  ] as const
  for (const [name, more, isSaid] of rows) {
    const { state, opening } = obliged(more)
    t.same([opening !== null, state.isPending], [isSaid, isSaid], name)
  }
})

t.test('its answer is not taken for that of a change of the client', async (t) => {
  const judge = obliged({ prepend: 'Be brief.' })
  judge.judge(update, false, true)
  judge.state.confirm({ type: 'realtime', instructions: 'Be brief.' }, true)
  t.equal(judge.state.isPending, true, "the client's is not answered yet")
  judge.state.confirm({ type: 'realtime', instructions: 'Be brief.' }, true)
  t.equal(judge.state.isPending, false)
})
