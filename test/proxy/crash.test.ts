import t from 'tap'
import { rawRequest } from '../support/raw-client.ts'
import { chatBytes, checkAudit, startWorld } from '../support/world.ts'

t.test('a kill after an answer leaves its decision in the pipe', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const answer = await rawRequest(proxy.port, chatBytes(await world.token()))
  t.equal(answer.status, 200)
  await proxy.kill()
  t.equal(proxy.audit.withAction('request-authorized').length, model.requests.length)
  checkAudit(t, world, 'killed')
})
