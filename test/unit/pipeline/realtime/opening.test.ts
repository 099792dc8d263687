import t from 'tap'
import type { Obligations } from '../../../../src/model/transforms.ts'
import { Opening } from '../../../../src/pipeline/realtime/opening.ts'
import { openJudge } from '../../../support/message-judge.ts'
import { openSession } from '../../../support/session-scene.ts'

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

const PREPEND = { prepend: 'Be brief.' }
const BOTH = { set: { max_output_tokens: 50 }, ...PREPEND }
const stands = (session: object) => ({ type: 'session.updated', session })
const refuses = (event_id: string | null) => ({ type: 'error', error: { event_id } })

function opened(more: object) {
  const scene = openSession(obliged(more))
  const { event_id } = JSON.parse(scene.upstream.sent[0] ?? '{}') as { event_id: string }
  scene.client.says(update.toString())
  scene.upstream.says({ type: 'session.created', session: { max_output_tokens: 'inf', instructions: 'any' } })
  return { ...scene, eventId: event_id }
}

t.test('nothing of the client goes on before the session is as the policy asks', async (t) => {
  const rows = [
    ['as it is asked', BOTH, stands({ max_output_tokens: 50, instructions: 'Be brief.' })],
    ['by the other name', BOTH, stands({ max_response_output_tokens: 50 })],
    ['it tells nothing of it', BOTH, stands({})],
    ['a text alone', PREPEND, stands({ max_output_tokens: 'inf', instructions: 'Be brief.' })],
  ] as const
  for (const [name, more, answer] of rows) {
    const { client, upstream, eventId } = opened(more)
    upstream.says(refuses('of something else'))
    t.same([upstream.sent.length, client.isPaused, typeof eventId], [1, true, 'string'], name)
    upstream.says(answer)
    t.same([upstream.sent.length, client.isPaused, client.closedWith], [2, false, null], name)
    client.leave(1000)
  }
})

t.test('a session that the upstream does not make so is none', async (t) => {
  const rows = [
    ['it refuses it', BOTH, (eventId: string) => refuses(eventId)],
    ['it sets no limit', BOTH, () => stands({ max_output_tokens: 'inf', instructions: 'Be brief.' })],
    ['a higher one', BOTH, () => stands({ max_output_tokens: 51 })],
    [
      'it reads the limit by its other name',
      BOTH,
      () => stands({ max_output_tokens: 'inf', max_response_output_tokens: 50 }),
    ],
    ['null is no limit', BOTH, () => stands({ max_output_tokens: null })],
    ['it has another text', PREPEND, () => stands({ instructions: 'Be long.' })],
    ['it has a stored prompt', PREPEND, () => stands({ instructions: 'Be brief.', prompt: { id: 'pmpt_1' } })],
    ['it has no text', PREPEND, () => stands({ instructions: null })],
  ] as const
  for (const [name, more, answer] of rows) {
    const { client, upstream, eventId, ending } = opened(more)
    upstream.says(answer(eventId))
    t.same([upstream.sent.length, client.closedWith], [1, 1008], name)
    t.match(await ending, { outcome: 'broken', fault: { reason: 'transform_not_applicable' } }, name)
  }
})

t.test('an upstream that says nothing to it is given five seconds', async (t) => {
  const { opening } = obliged(BOTH)
  const began = performance.now()
  const waits = new Opening(opening)
  t.equal(waits.tick(began + 4999), null)
  t.match(waits.tick(performance.now() + 5000), { reason: 'transform_not_applicable' })
  t.equal(new Opening(null).tick(began + 60_000), null, 'where there is nothing to ask')
})
