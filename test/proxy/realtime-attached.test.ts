import { writeFileSync } from 'node:fs'
import t from 'tap'
import { yaml } from '../support/proxy-folder.ts'
import { requestBytes } from '../support/raw-client.ts'
import { MODEL, type RealtimeWorld, speak, startRealtime, TARGET } from '../support/realtime-world.ts'
import { TWO_WORKSPACES } from '../support/two-workspaces.ts'
import { ALICE, BOB, endInOrder, sent } from '../support/world.ts'

const CALL = 'rtc_0123'
/** Whoever may make and speak in calls of one model; everybody may keep conversations, by which ids are sealed. */
const GRANTED = {
  ...TWO_WORKSPACES,
  workspaces: { red: { members: [{ user: ALICE }, { user: BOB }] } },
  rules: [
    { id: 'kept', effect: 'allow', operations: ['conversations.create'] },
    {
      id: 'any',
      effect: 'allow',
      roles: ['everybody'],
      operations: ['realtime'],
      when: { max_output_tokens: { at_most: 1000 }, tools: { functions: [], hosted: [] } },
    },
  ],
}
const SET_UP = { model: MODEL, max_output_tokens: 500 }
const BARE = '/v1/realtime?'
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
  world.provider.setUp = { model: MODEL }
  const { client, session } = await speak(world, { target: `${TARGET}&call_id=${call}` })
  t.equal(session.request.url, `/v1/realtime?call_id=${CALL}`, 'which is not asked for a model beside it')
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

t.test('who joins a call hears and says nothing before it is known for one that it may have', async (t) => {
  const rows = [
    ['one that it may have, by its model', SET_UP, TARGET, null],
    ['one that it may have, without a word of its model', SET_UP, BARE, null],
    ['of another model than it says', { ...SET_UP, model: 'gpt-other' }, TARGET, 'policy_denied'],
    ['of a model that its upstream is not to serve', { ...SET_UP, model: 'other' }, BARE, 'model_not_found'],
    ['of no model', { ...SET_UP, model: null }, BARE, 'policy_denied'],
    ['with a tool that it may not have', { ...SET_UP, tools: [{ type: 'web_search' }] }, TARGET, 'policy_denied'],
    ['with more output than it may have', { ...SET_UP, max_output_tokens: 'inf' }, BARE, 'policy_denied'],
    ['with what cannot be read', { ...SET_UP, tools: 'all' }, TARGET, 'policy_denied'],
    ['with a stored prompt', { ...SET_UP, prompt: { id: 'pmpt_1' } }, TARGET, 'policy_denied'],
  ] as const
  const world = await startRealtime(t, { policy: GRANTED as never })
  const call = await sealedFor(world, BOB)
  for (const [name, setUp, target, code] of rows) {
    world.provider.setUp = setUp as never
    const { client, session } = await speak(world, { target: `${target}&call_id=${call}`.replace('?&', '?') })
    client.send({ type: 'response.create' })
    if (code !== null) {
      t.match(await client.closed, { code: 1008, reason: code }, name)
      t.same(session.received.entries, [], 'nothing is said')
      t.same(
        client.events.entries.map(({ type }) => type),
        ['error'],
        'and nothing heard',
      )
      continue
    }
    await client.event('session.created')
    await client.event('response.done')
    client.send({ type: 'session.update', session: { model: 'gpt-4o' } })
    t.equal((await client.error()).code, 'policy_denied', 'the model of the call stands')
    client.close()
    await client.closed
    const complete = await world.proxy.audit.complete(client.requestId)
    t.equal(complete.get('gen_ai.usage.input_tokens'), undefined, 'its usage is counted where it was made')
  }
  await endInOrder(t, world)
})

t.test('what is said in a call that nobody has told of is not heard', async (t) => {
  const world = await startRealtime(t, { policy: GRANTED as never })
  const call = await sealedFor(world, BOB)
  world.provider.setUp = 'silence'
  const { client, session } = await speak(world, { target: `${BARE}call_id=${call}` })
  session.socket.send(JSON.stringify({ type: 'response.output_text.delta', delta: 'of somebody else' }))
  t.match(await client.closed, { code: 1011, reason: 'upstream_unavailable' })
  t.same(
    client.events.entries.map(({ type }) => type),
    ['error'],
  )
  await endInOrder(t, world)
})

t.test('a call that is joined is as the transforms ask, or is not joined', async (t) => {
  const transforms = [
    { id: 'short', operations: ['realtime'], set: { max_output_tokens: 400 }, system: { prepend: 'Be kind.' } },
  ]
  const world = await startRealtime(t, { policy: { ...GRANTED, transforms } as never })
  const call = await sealedFor(world, BOB)
  const rows = [
    ['as it is asked', { max_output_tokens: 400, instructions: 'Be kind. And short.' }, null],
    ['with more output', { max_output_tokens: 500, instructions: 'Be kind.' }, 'policy_denied'],
    ['without the text', { max_output_tokens: 400, instructions: 'Be short.' }, 'policy_denied'],
    ['with no word of its instructions', { max_output_tokens: 400 }, 'policy_denied'],
  ] as const
  for (const [name, more, code] of rows) {
    world.provider.setUp = { model: MODEL, ...more }
    const { client, session } = await speak(world, { target: `${BARE}call_id=${call}` })
    if (code === null) {
      client.send({ type: 'response.create' })
      await client.event('response.done')
      t.same(session.received.entries.length, 1, 'nobody sets it up anew')
      client.close()
    }
    t.match(await client.closed, code === null ? { code: 1000 } : { code: 1008, reason: code }, name)
  }
  await endInOrder(t, world)
})
