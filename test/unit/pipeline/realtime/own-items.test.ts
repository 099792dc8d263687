import t from 'tap'
import { openJudge } from '../../../support/message-judge.ts'
import { openSession } from '../../../support/session-scene.ts'

const refers = (...ids: string[]) => ({
  type: 'response.create',
  response: { max_output_tokens: 10, input: ids.map((id) => ({ type: 'item_reference', id })) },
})
const creates = (id: string) => ({
  type: 'conversation.item.create',
  item: { id, type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }] },
})

t.test('an item that the upstream told of is the session’s own', async (t) => {
  const rows = [
    ['added', { type: 'conversation.item.added', item: { id: 'item_1' } }],
    ['created, as in the beta', { type: 'conversation.item.created', item: { id: 'item_1' } }],
    ['of an answer', { type: 'response.output_item.added', item: { id: 'item_1' } }],
    ['heard', { type: 'input_audio_buffer.committed', item_id: 'item_1' }],
  ] as const
  for (const [name, told] of rows) {
    const { client, upstream, state } = openSession()
    client.says(refers('item_1'))
    t.same([upstream.sent.length, state.refused], [0, 1], `${name}: not before`)
    upstream.says(told)
    client.says(refers('item_1'))
    t.same([upstream.sent.length, state.refused], [1, 1], name)
    client.says(refers('item_1', 'item_2'))
    t.same([upstream.sent.length, state.refused], [1, 2], `${name}: another one is not`)
    client.leave(1000)
  }
})

t.test('an approval answers what the session asked, and nothing else', async (t) => {
  const { client, upstream, state } = openSession()
  const approves = {
    type: 'conversation.item.create',
    item: { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
  }
  client.says(approves)
  t.same([upstream.sent.length, state.refused], [0, 1])
  upstream.says({ type: 'response.output_item.added', item: { id: 'mcpr_1', type: 'mcp_approval_request' } })
  client.says(approves)
  t.same([upstream.sent.length, state.refused], [1, 1])
  client.leave(1000)
})

t.test('an item of the client’s is its own once the upstream has told of it', async (t) => {
  const lax = openJudge()
  Object.assign(lax.snapshot.policy, { decide: () => ({ effect: 'allow', rule: 'r', reason: 'allowed', roles: [] }) })
  for (const [name, judge] of [
    ['a policy that speaks of tools', openJudge()],
    ['one that does not', lax],
  ] as const) {
    const { client, upstream, state } = openSession(judge)
    client.says(creates('mine'))
    client.says(refers('mine'))
    t.same([upstream.sent.length, state.refused, client.isPaused], [1, 0, true], `${name}: it waits`)
    upstream.says({ type: 'conversation.item.added', item: { id: 'other' } })
    t.equal(upstream.sent.length, 1, `${name}: for that very item`)
    upstream.says({ type: 'conversation.item.added', item: { id: 'mine' } })
    t.same([upstream.sent.length, state.refused, client.isPaused], [2, 0, false], name)
    client.says(refers('theirs'))
    t.same([upstream.sent.length, state.refused], [2, 1], `${name}: another one does not`)
    client.leave(1000)
  }
})

t.test('an item that was deleted is none of the session any more', async (t) => {
  const { client, upstream, state } = openSession()
  const deletes = (id: string) => client.says({ type: 'conversation.item.delete', item_id: id })
  const tells = (id: string) => upstream.says({ type: 'conversation.item.added', item: { id } })
  for (const id of ['kept', 'deleted', 'gone']) {
    client.says(creates(id))
    tells(id)
  }
  deletes('deleted')
  upstream.says({ type: 'conversation.item.deleted', item_id: 'gone' })
  client.says(creates('early'))
  deletes('early')
  tells('early')
  const sent = upstream.sent.length
  for (const id of ['deleted', 'gone', 'early']) client.says(refers(id))
  t.same([upstream.sent.length, state.refused], [sent, 3], 'a reference to it could be to something stored')
  client.says(creates('deleted'))
  tells('deleted')
  client.says(refers('deleted'))
  t.same([upstream.sent.length, state.refused], [sent + 1, 4], 'also where another one is called so')
  client.says(refers('kept'))
  t.same([upstream.sent.length, state.refused], [sent + 2, 4])
  client.leave(1000)
})

t.test('an id of a stored object stays one, even if an item is called so', async (t) => {
  const { client, upstream, state } = openSession()
  client.says(creates('file-1'))
  upstream.says({ type: 'conversation.item.added', item: { id: 'file-1' } })
  client.says({ type: 'response.create', response: { max_output_tokens: 10, conversation: 'file-1' } })
  client.says({ type: 'response.create', response: { max_output_tokens: 10, prompt: { id: 'file-1' } } })
  t.same([upstream.sent.length, state.refused], [1, 2])
  client.leave(1000)
})

t.test('only the latest items are known', async (t) => {
  const { client, upstream, state } = openSession()
  for (let at = 0; at < 4097; at++) upstream.says({ type: 'conversation.item.added', item: { id: `item_${at}` } })
  client.says(refers('item_1', 'item_4096'))
  client.says(refers('item_0'))
  t.same([upstream.sent.length, state.refused], [1, 1])
  client.leave(1000)
})
