import t from 'tap'
import { REALTIME_POLICY, speak, startRealtime } from '../support/realtime-world.ts'
import { endInOrder } from '../support/world.ts'

const NO_IMAGES = {
  ...{ id: 'no-images', effect: 'deny', mode: 'shadow', operations: ['realtime'] },
  when: { input: { images: true } },
} as const

t.test('a rule under trial is seen in messages', async (t) => {
  const world = await startRealtime(t, {
    policy: { ...REALTIME_POLICY, rules: [...REALTIME_POLICY.rules, NO_IMAGES] },
  })
  const { client } = await speak(world)
  const content = [{ type: 'input_image', image_url: 'data:image/png;base64,AA' }]
  for (let count = 0; count < 2; count++) {
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } })
    await client.event('conversation.item.created')
  }
  client.send({ type: 'response.create', response: { max_output_tokens: 5000 } })
  t.equal((await client.error()).code, 'policy_denied')
  client.close()
  await world.proxy.audit.complete(client.requestId)
  const events = world.proxy.audit.ofRequest(client.requestId).filter(({ action }) => action?.startsWith('message-'))
  t.same(
    events.map((line) => [line.action, line.get('sallyport.shadow.rule'), line.get('sallyport.session.message')]),
    [
      ['message-authorized', 'no-images', 'conversation.item.create'],
      ['message-denied', undefined, 'response.create'],
    ],
  )
  await endInOrder(t, world)
})
