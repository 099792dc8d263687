import t from 'tap'
import { sendJson } from '../support/model-answers.ts'
import { Caller } from '../support/table-requests.ts'
import { CAROL, endInOrder, startWorld } from '../support/world.ts'

const policyOf = (transform: object) => ({
  version: 1,
  roles: { admin: { members: [{ group: 'admins' }] } },
  rules: [{ id: 'all', effect: 'allow', roles: ['admin'] }],
  transforms: [{ id: 'house', ...transform }],
})

type Row = readonly [sentence: string, transform: object, target: string, body: string, sent: string | null]
const RUN = '/v1/threads/thread_1/runs'
const table: readonly Row[] = [
  [
    'a cap on a run',
    { set: { max_output_tokens: 9 } },
    RUN,
    '{"assistant_id":"a","max_completion_tokens":50}',
    '{"assistant_id":"a","max_completion_tokens":9}',
  ],
  [
    'a cap on a run that sets none',
    { set: { max_output_tokens: 9 } },
    '/v1/threads/runs',
    '{"assistant_id":"a"}',
    '{"max_completion_tokens":9,"assistant_id":"a"}',
  ],
  ['a text on a run', { system: { prepend: 'x' } }, RUN, '{"assistant_id":"a"}', null],
  [
    'a text on what is compacted',
    { system: { prepend: 'x' } },
    '/v1/responses/compact',
    '{"model":"gpt-4o-mini"}',
    '{"instructions":"x","model":"gpt-4o-mini"}',
  ],
  ['a text on a decision', { system: { prepend: 'x' } }, '/v1/decisions', '{"model":"gpt-4o-mini","input":"i"}', null],
  [
    'a setting that decisions have not',
    { set: { seed: 1 } },
    '/v1/decisions',
    '{"model":"gpt-4o-mini","input":"i"}',
    '{"model":"gpt-4o-mini","input":"i"}',
  ],
]

for (const [sentence, transform, target, body, sent] of table) {
  t.test(`where a model answers, a transform is applied or the request refused: ${sentence}`, async (t) => {
    const world = await startWorld(t, { policy: policyOf(transform), isolation: 'off' })
    world.model.scriptPath(target, (call) => sendJson(call.response, 200, {}))
    const caller = new Caller(world.proxy.port)
    t.teardown(() => caller.close())
    const answer = await caller.ask({ method: 'POST', target, body }, await world.token(CAROL))
    const decision = await world.proxy.audit.decision(answer.id)
    if (sent === null) {
      t.same([answer.code, decision.action], ['policy_denied', 'request-denied'])
      t.equal(world.model.bytesReceived, 0, 'the upstream got no byte')
    } else {
      t.equal(decision.action, 'request-authorized')
      t.equal(String(world.model.requests.at(-1)?.body), sent)
    }
    await endInOrder(t, world)
  })
}
