import t from 'tap'
import { endless, gated } from '../support/model-behaviours.ts'
import { rawConnect, requestBytes } from '../support/raw-client.ts'
import { CHAT, chatBody, endInOrder, startWorld } from '../support/world.ts'

t.test('a client that takes nothing of its answer is cut off; one that waits for its upstream is not', async (t) => {
  const world = await startWorld(t, { listen: { timeouts: { body: '1s' } } })
  const auth = `Authorization: Bearer ${await world.token()}`
  const ask = (model: string) =>
    requestBytes(CHAT, ['Host: x', auth, 'Content-Type: application/json'], chatBody(model, { stream: true }))
  const gate = Promise.withResolvers<void>()
  world.model.script('gpt-4o-mini-gated', gated(gate.promise))
  world.model.script('gpt-4o-mini-endless', endless({ bytes: 0 }))

  const patient = await rawConnect(world.proxy.port)
  patient.send(ask('gpt-4o-mini-gated'))
  await patient.receives('data: ')

  const deaf = await rawConnect(world.proxy.port)
  deaf.socket.pause()
  deaf.send(ask('gpt-4o-mini-endless'))
  const arrived = await world.model.arrival(2)
  t.equal(await arrived.over, 'aborted', 'the upstream is told to stop')
  const ended = await world.proxy.audit.action('completion-aborted')
  t.equal(ended.get('gen_ai.request.model'), 'gpt-4o-mini-endless')
  deaf.socket.resume()
  t.equal(await deaf.ended(), 'reset', 'and the connection is gone')

  gate.resolve()
  t.match((await patient.answer()).body.toString(), /\[DONE\]/, 'silence of the upstream is not the client’s')
  patient.close()
  await endInOrder(t, world)
})
