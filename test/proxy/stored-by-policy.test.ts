import type OpenAI from 'openai'
import t, { type Test } from 'tap'
import { refusal, startSharedAccount, TWO_WORKSPACES } from '../support/two-workspaces.ts'
import { endInOrder } from '../support/world.ts'

/** Two workspaces on one account, and a policy that says whether chats are stored. */
const scene = (t: Test, store: boolean) =>
  startSharedAccount(t, (upstream) => ({
    upstream,
    policy: { ...TWO_WORKSPACES, transforms: [{ id: 'stored', set: { store } }] },
  }))

type Chat = Partial<OpenAI.Chat.ChatCompletionCreateParamsNonStreaming>
const chat = (client: OpenAI, more: Chat = {}) =>
  client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x' }], ...more })
const listed = async (client: OpenAI) => (await client.chat.completions.list()).data.map(({ id }) => id)

t.test('a chat that a transform has stored is its caller’s', async (t) => {
  const { world, account, red, blue } = await scene(t, true)
  const mine = [await chat(red), await chat(red, { store: false }), await chat(red, { metadata: { note: 'mine' } })]
  const ids = mine.map(({ id }) => id)
  t.same(await listed(red), ids, 'one’s own list shows it')
  t.same(await listed(blue), [], 'nobody else’s does')
  t.match(await red.chat.completions.retrieve(ids[0] ?? ''), { id: ids[0] }, 'its id opens it')
  t.same(await refusal(blue.chat.completions.retrieve(ids[0] ?? '')), [404, 'object_not_found', 'completion'])
  t.notMatch(JSON.stringify([mine, await red.chat.completions.list()]), /sallyport/)
  const seen = account.seen.length
  const forged = chat(red, { metadata: { sallyport: 'spm1' } })
  t.same(await refusal(forged), [400, 'invalid_body', 'metadata'], 'and nobody marks it')
  t.equal(account.seen.length, seen, 'the upstream saw nothing of it')
  await endInOrder(t, world)
})

t.test('a chat that a transform does not let be stored is nobody’s', async (t) => {
  const { world, account, red } = await scene(t, false)
  const made = await chat(red, { store: true })
  t.ok(account.ids.has(made.id), 'there is nothing behind its id to be sealed')
  t.same(await listed(red), [])
  await endInOrder(t, world)
})
