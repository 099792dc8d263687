import t from 'tap'
import { stallBeforeHead } from '../support/model-behaviours.ts'
import { rawConnect } from '../support/raw-client.ts'
import { chatBody, chatBytes, endInOrder, startWorld } from '../support/world.ts'

t.test('a client that leaves before it is answered', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  model.script('gpt-4o-mini-stalls', stallBeforeHead)
  const connection = await rawConnect(proxy.port)
  connection.send(chatBytes(await world.token(), chatBody('gpt-4o-mini-stalls')))
  const upstream = await model.arrival(1)
  connection.close()
  t.equal(await upstream.over, 'aborted', 'the upstream is told to stop')
  const aborted = await proxy.audit.action('completion-aborted')
  t.equal(aborted.get('event.reason'), 'client_closed')
  await endInOrder(t, world)
})
