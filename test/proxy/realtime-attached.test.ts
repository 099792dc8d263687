import { writeFileSync } from 'node:fs'
import t from 'tap'
import { yaml } from '../support/proxy-folder.ts'
import { requestBytes } from '../support/raw-client.ts'
import { type RealtimeWorld, speak, startRealtime, TARGET } from '../support/realtime-world.ts'
import { TWO_WORKSPACES } from '../support/two-workspaces.ts'
import { ALICE, BOB, endInOrder, sent } from '../support/world.ts'

const CALL = 'rtc_0123'
const HANDSHAKE = [
  ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** An id that the account has for somebody, sealed as every id is: it is the same whatever made it. */
async function sealedFor(world: RealtimeWorld, person: string): Promise<string> {
  world.provider.made = { id: CALL, object: 'conversation' }
  const answer = await fetch(`${world.proxy.baseUrl}/conversations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await world.token(person)}`, 'content-type': 'application/json' },
    body: '{}',
  })
  const { id } = (await answer.json()) as { id: string }
  t.match(id, /^rtc_0123\.sp1/, 'it is sealed')
  return id
}

async function asked(world: RealtimeWorld, person: string, call: string) {
  const auth = `Authorization: Bearer ${await world.token(person)}`
  const line = `GET ${TARGET}&call_id=${call} HTTP/1.1`
  return sent(world, requestBytes(line, ['Host: x', auth, ...HANDSHAKE]), 'GET')
}

const json = (status: string, body: string) =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`

t.test('a session of a call is opened by the id that its upstream knows', async (t) => {
  const world = await startRealtime(t, { policy: TWO_WORKSPACES })
  const call = await sealedFor(world, ALICE)
  const { client, session } = await speak(world, { target: `${TARGET}&call_id=${call}` })
  t.equal(session.request.url, `${TARGET}&call_id=${CALL}`)
  const rules = TWO_WORKSPACES.rules.map((rule) => ({ ...rule, id: 'others' }))
  writeFileSync(world.proxy.policyFile, yaml({ ...TWO_WORKSPACES, rules }))
  await world.proxy.audit.action('policy-loaded', 2)
  client.send({ type: 'response.create' })
  await client.event('response.done')
  client.close()
  t.equal((await client.closed).code, 1000, 'and it goes on when it is decided again')
  await endInOrder(t, world)
})

t.test('the call of somebody else is one that does not exist', async (t) => {
  const world = await startRealtime(t, { policy: TWO_WORKSPACES })
  const call = await sealedFor(world, ALICE)
  const rows = [
    ['of another workspace', BOB, call],
    ['with another proof', ALICE, call.slice(0, -5) + (call.at(-5) === 'A' ? 'B' : 'A') + call.slice(-4)],
    ['without a proof', ALICE, CALL],
  ] as const
  const { answer: gone } = await asked(world, BOB, 'rtc_9')
  for (const [name, person, id] of rows) {
    const { answer, decision } = await asked(world, person, id)
    t.same([answer.status, answer.code, answer.body], [404, 'object_not_found', gone.body], name)
    t.same([decision.action, decision.get('event.reason')], ['request-denied', 'object_not_found'], name)
  }
  t.same(world.provider.sessions.entries, [], 'nothing goes upstream')
  world.provider.refusal = json('404 Not Found', `{"error":{"code":"call_not_found","message":"no call ${CALL}"}}`)
  const { answer, decision } = await asked(world, ALICE, call)
  t.same([answer.status, answer.code, answer.body], [404, 'object_not_found', gone.body], 'one that is over')
  t.equal(decision.action, 'request-authorized')
  world.provider.refusal = json('409 Conflict', `{"error":{"code":"busy","message":"${CALL} is busy"}}`)
  const busy = await asked(world, ALICE, call)
  t.same([busy.answer.status, busy.answer.code], [409, 'busy'])
  t.ok(busy.answer.body.includes(`"${call} is busy"`), 'what the upstream says of it names it as its owner does')
  await endInOrder(t, world)
})
