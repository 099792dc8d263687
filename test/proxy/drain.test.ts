import t from 'tap'
import { TEXT } from '../support/model-answers.ts'
import { gated } from '../support/model-behaviours.ts'
import { rawConnect } from '../support/raw-client.ts'
import { chatBody, chatBytes, checkAudit, startWorld } from '../support/world.ts'

t.test('a running stream ends in order after SIGTERM', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const gate = Promise.withResolvers<void>()
  model.script('gpt-4o-mini-gated', gated(gate.promise))
  const connection = await rawConnect(proxy.port)
  connection.send(chatBytes(await world.token(), chatBody('gpt-4o-mini-gated', { stream: true })))
  await connection.receives('"role":"assistant"')
  proxy.signal('SIGTERM')
  await proxy.audit.action('proxy-draining')
  gate.resolve()
  const answer = await connection.answer()
  t.ok(answer.complete)
  t.match(answer.body.toString(), /\[DONE\]\n\n$/)
  t.ok(answer.body.includes(TEXT.slice(0, 3)))
  t.equal((await proxy.exited).code, 0)
  await proxy.drained
  t.equal(proxy.audit.all().at(-1)?.action, 'proxy-stopped')
  checkAudit(t, world)
})
