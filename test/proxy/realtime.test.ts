import { createConnection } from 'node:net'
import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import t from 'tap'
import { polled } from '../support/proxy.ts'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import { MODEL, speak, startRealtime, TARGET } from '../support/realtime-world.ts'
import { BOB, endInOrder } from '../support/world.ts'

t.test("the SDK's client speaks through the proxy", async (t) => {
  const world = await startRealtime(t)
  const token = await world.token()
  const { port } = world.proxy
  const openai = new OpenAI({ apiKey: token, baseURL: `https://127.0.0.1:${port}/v1` })
  // The client opens TLS alone: its connection is one to the proxy, which listens without.
  const plain = (() => createConnection(port, '127.0.0.1')) as never
  const realtime = new OpenAIRealtimeWS({ model: MODEL, options: { createConnection: plain } }, openai)
  const seen: string[] = []
  realtime.on('event', ({ type }) => seen.push(type))
  const id = new Promise<string>((resolve) => {
    realtime.socket.once('upgrade', ({ headers }) => resolve(String(headers['x-request-id'])))
  })
  await new Promise<void>((resolve) => realtime.on('session.created', () => resolve()))
  const done = new Promise<void>((resolve) => realtime.on('response.done', () => resolve()))
  realtime.send({
    type: 'session.update',
    session: {
      type: 'realtime',
      max_output_tokens: 500,
      instructions: 'be kind',
      audio: { input: { transcription: { model: 'gpt-4o-transcribe' } }, output: { voice: 'marin' } },
      tools: [{ type: 'function', name: 'search', parameters: { type: 'object' } }],
    },
  })
  realtime.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(4800).toString('base64') })
  realtime.send({ type: 'input_audio_buffer.commit' })
  realtime.send({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hello' }] },
  })
  realtime.send({ type: 'response.create' })
  await done
  const open = async () => /^sallyport_sessions_active (\d+)$/m.exec((await world.proxy.admin('/metrics')).body)?.[1]
  t.equal(await open(), '1', 'it is counted while it is open')
  const closed = new Promise<void>((resolve) => realtime.socket.once('close', () => resolve()))
  realtime.close()
  await closed
  const types = ['session.updated', 'input_audio_buffer.committed', 'conversation.item.created', 'response.created']
  t.same(seen, ['session.created', ...types, 'response.output_text.delta', 'response.done'])
  const [session] = world.provider.sessions.entries
  t.equal(session?.request.url, TARGET)
  t.equal(session?.request.headers.authorization, `Bearer ${UPSTREAM_KEY}`, "the provider's own key")
  t.notOk(JSON.stringify(session?.request.rawHeaders).includes(token))
  t.equal(session?.received.entries.length, 5, 'each message went on')
  const decision = await world.proxy.audit.decision(await id)
  t.same(
    [decision.action, decision.get('sallyport.operation'), decision.get('gen_ai.request.model')],
    ['request-authorized', 'realtime', MODEL],
  )
  const complete = await world.proxy.audit.complete(await id)
  await polled(async () => (await open()) === '0', 'the session to be counted no more')
  t.equal(complete.action, 'completion-finished')
  t.equal(complete.get('http.response.status_code'), 101)
  t.same(
    [complete.get('gen_ai.usage.input_tokens'), complete.get('gen_ai.usage.output_tokens')],
    [20, 10],
    "usage of the server's messages",
  )
  t.match(complete.get('sallyport.session'), { messages_in: 5, messages_out: 7, messages_refused: 0 })
  await endInOrder(t, world)
})

t.test('usage adds up, and an alias is the model that it stands for', async (t) => {
  const world = await startRealtime(t)
  const { client, session } = await speak(world, { target: '/v1/realtime?model=voice', protocols: ['realtime'] })
  t.equal(client.socket.protocol, 'realtime')
  t.equal(session.request.url, TARGET, 'the model is asked for')
  client.send({ type: 'session.update', session: { type: 'realtime', model: 'voice', max_output_tokens: 100 } })
  await client.event('session.updated')
  t.match(JSON.parse(session.received.entries[0] ?? ''), { session: { model: MODEL, max_output_tokens: 100 } })
  for (let turn = 0; turn < 2; turn++) {
    client.send({ type: 'response.create' })
    await client.event('response.done')
  }
  client.close()
  const complete = await world.proxy.audit.complete(client.requestId)
  t.same([complete.get('gen_ai.usage.input_tokens'), complete.get('gen_ai.usage.output_tokens')], [40, 20])
  t.same([complete.get('gen_ai.request.model'), complete.get('sallyport.alias')], [MODEL, 'voice'])
  await endInOrder(t, world)
})

t.test('a browser offers its credential as a protocol, and it goes no further', async (t) => {
  const world = await startRealtime(t)
  const token = await world.token()
  const protocols = ['realtime', `openai-insecure-api-key.${token}`]
  const { client, session } = await speak(world, { protocols, headers: {} })
  t.equal(client.socket.protocol, 'realtime', 'the other one is chosen')
  t.equal(session.request.headers['sec-websocket-protocol'], undefined)
  t.notOk(JSON.stringify(session.request.rawHeaders).includes(token))
  client.close()
  await client.closed
  await t.rejects(speak(world, { protocols, person: BOB }), { message: /400/ }, 'two credentials are refused')
  await endInOrder(t, world)
})
