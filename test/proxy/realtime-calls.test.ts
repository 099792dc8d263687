import { writeFileSync } from 'node:fs'
import OpenAI from 'openai'
import t from 'tap'
import {
  askedOf,
  askForCall,
  askToHangUp,
  CALL,
  CALLS_POLICY,
  idOf,
  made,
  OFFER,
  SESSION,
  startCalls,
} from '../support/calls-world.ts'
import { UPSTREAM_KEY, yaml } from '../support/proxy-folder.ts'
import { MODEL, speak } from '../support/realtime-world.ts'
import { BOB, CAROL, endInOrder } from '../support/world.ts'

const MAKE = 'POST /v1/realtime/calls'
const HANG_UP = `POST /v1/realtime/calls/${CALL}/hangup`

t.test('a call is made by the SDK, joined by its id, and hung up', async (t) => {
  const world = await startCalls(t)
  const { provider, proxy } = world
  const client = new OpenAI({ apiKey: await world.token(), baseURL: proxy.baseUrl, maxRetries: 0 })
  const answer = await client.realtime.calls.create({ sdp: OFFER, session: { ...SESSION, model: 'voice' } })
  t.equal(answer.status, 201)
  t.equal(answer.headers.get('content-type'), 'application/sdp')
  t.equal(await answer.text(), made().body)
  const id = idOf(answer)
  t.match(answer.headers.get('location'), /^\/v1\/realtime\/calls\/rtc_u0_0123\.m-[\w-]+\.sp1[\w-]+$/)
  const [form] = provider.asked.entries
  t.equal(form?.headers.authorization, `Bearer ${UPSTREAM_KEY}`)
  t.match(form?.body, /"model":"gpt-realtime"/, 'an alias is its model')
  t.match(form?.body, /m=application 0 /, 'no data channel is offered')
  const [heard] = provider.sessions.entries
  t.equal(heard?.request.url, `/v1/realtime?call_id=${CALL}`, 'the proxy listens')
  const joined = await speak(world, { target: `/v1/realtime?call_id=${id}` })
  joined.client.send({ type: 'response.create' })
  await joined.client.event('response.done')
  heard?.socket.send(
    JSON.stringify({ type: 'response.done', response: { usage: { input_tokens: 7, output_tokens: 3 } } }),
  )
  joined.client.close()
  await joined.client.closed
  await client.realtime.calls.hangup(id)
  const requestId = answer.headers.get('x-request-id') ?? ''
  const complete = await proxy.audit.complete(requestId)
  const decision = await proxy.audit.decision(requestId)
  t.same(
    ['event.action', 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'http.response.status_code'].map(
      (path) => complete.get(path),
    ),
    ['completion-finished', 7, 3, 201],
  )
  t.same([decision.get('gen_ai.request.model'), decision.get('sallyport.alias')], [MODEL, 'voice'])
  t.equal(complete.get('sallyport.session.hung_up'), true)
  t.same(heard?.received.entries, [], 'the proxy says nothing in a call')
  t.same(askedOf(world).slice(0, 2), [MAKE, HANG_UP])
  await endInOrder(t, world)
})

t.test('a call is made, joined and ended by whom it belongs to, as the policy has it', async (t) => {
  const world = await startCalls(t)
  const { provider } = world
  const rows = [
    ['somebody who may make none', { person: CAROL }, 403, 'policy_denied'],
    ['another model', { session: { ...SESSION, model: 'gpt-4o' } }, 403, 'policy_denied'],
    ['no model', { session: { type: 'realtime' } }, 403, 'policy_denied'],
    ['no limit', { session: { type: 'realtime', model: MODEL } }, 403, 'policy_denied'],
    ['too high a limit', { session: { ...SESSION, max_output_tokens: 5000 } }, 403, 'policy_denied'],
    ['a tool', { session: { ...SESSION, tools: [{ type: 'web_search' }] } }, 403, 'policy_denied'],
    ['a stored prompt', { session: { ...SESSION, prompt: { id: 'pmpt_1' } } }, 403, 'policy_denied'],
    ['a model twice', { session: `{"type":"realtime","model":"${MODEL}","model":"gpt-4o"}` }, 400, 'invalid_body'],
    ['another type', { session: { ...SESSION, type: 'transcription' } }, 400, 'invalid_body'],
    ['no session', { session: '' }, 400, 'invalid_body'],
    ['no offer', { sdp: 'v=0' }, 400, 'invalid_body'],
  ] as const
  for (const [name, more, status, code] of rows) {
    const answer = await askForCall(world, more as never)
    t.same([answer.status, ((await answer.json()) as { error: { code: string } }).error.code], [status, code], name)
  }
  const raw = await fetch(`${world.proxy.baseUrl}/realtime/calls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await world.token()}`, 'content-type': 'application/sdp' },
    body: OFFER,
  })
  t.equal(raw.status, 415, 'an offer without a session')
  t.same([askedOf(world), provider.sessions.entries.length], [[], 0], 'nothing went upstream')
  const call = await askForCall(world)
  t.equal(call.status, 201)
  const id = idOf(call)
  for (const [name, person, status] of [
    ['another workspace', BOB, 404],
    ['one without the model', CAROL, 403],
  ] as const) {
    await t.rejects(speak(world, { person, target: `/v1/realtime?call_id=${id}` }), new RegExp(`: ${status}$`), name)
  }
  t.equal((await askToHangUp(world, id, BOB)).status, 404, 'nor does it end the call')
  t.equal((await askToHangUp(world, CALL)).status, 404, 'without a proof nobody does')
  t.same([askedOf(world), provider.sessions.entries.length], [[MAKE], 1])
  t.equal((await askToHangUp(world, id, CAROL)).status, 200, 'her own workspace does')
  t.equal(askedOf(world)[1], HANG_UP)
  await world.proxy.audit.complete(call.headers.get('x-request-id') ?? '')
  await endInOrder(t, world)
})

t.test('an answer that is none of a call is withheld, and what was made is ended', async (t) => {
  const world = await startCalls(t)
  const { provider } = world
  const good = made().body
  const rows = [
    ['no place', made({ headers: { 'content-type': 'application/sdp' } }), false],
    ['a place elsewhere', made({ location: `https://evil.example/v1/realtime/calls/${CALL}` }), false],
    ['another path', made({ location: `/v1/files/${CALL}` }), false],
    ['more behind the id', made({ location: `/v1/realtime/calls/${CALL}/x` }), false],
    ['no id of a call', made({ location: '/v1/realtime/calls/../files' }), false],
    ['another type', made({ headers: { 'content-type': 'text/html', location: `/v1/realtime/calls/${CALL}` } }), true],
    ['no answer', made({ body: 'hello' }), true],
    ['a data channel all the same', made({ body: good.replace('m=application 0', 'm=application 9') }), true],
  ] as const
  for (const [name, answer, isEnded] of rows) {
    const before = provider.asked.entries.length
    provider.answer = ({ url }) => (url === '/v1/realtime/calls' ? answer : { body: '{}' })
    const got = await askForCall(world)
    const { error } = (await got.json()) as { error: { code: string } }
    t.same([got.status, error.code, got.headers.get('location')], [502, 'upstream_unavailable', null], name)
    t.same(askedOf(world).slice(before), isEnded ? [MAKE, HANG_UP] : [MAKE], `${name}: ended`)
  }
  provider.answer = () => ({ status: 400, body: '{"error":{"code":"invalid_offer","message":"no"}}' })
  const refused = await askForCall(world)
  t.same([refused.status, await refused.json()], [400, { error: { code: 'invalid_offer', message: 'no' } }])
  t.equal(provider.sessions.entries.length, 0)
  provider.answer = ({ url }) => (url === '/v1/realtime/calls' ? made() : { body: '{}' })
  provider.refusal = 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'
  t.equal((await askForCall(world)).status, 502, 'one to which nobody can listen')
  provider.refusal = 'silence'
  t.equal((await askForCall(world)).status, 504, 'or not in time')
  t.same(askedOf(world).slice(-4), [MAKE, HANG_UP, MAKE, HANG_UP])
  await endInOrder(t, world)
})

t.test('a call ends when it may not go on', async (t) => {
  const world = await startCalls(t)
  const { provider, proxy } = world
  const create = ['keys', 'create', '--owner', 'alice@example.org', '--json']
  const key = JSON.parse((await proxy.command(...create)).stdout) as { id: string; key: string }
  world.secrets.add(key.key)
  const [speakRule, ...others] = CALLS_POLICY.rules
  const denied = { ...CALLS_POLICY, rules: [{ ...speakRule, operations: ['realtime'] }, ...others] }
  const rows = [
    [
      'its session is another one',
      () => provider.sessions.entries.at(-1)?.socket.send(told({ model: 'gpt-4o' })),
      'model_not_allowed',
    ],
    [
      'its session may do more',
      () => provider.sessions.entries.at(-1)?.socket.send(told({ ...SESSION, tools: [{ type: 'web_search' }] })),
      null,
    ],
    ['nobody listens any more', () => provider.sessions.entries.at(-1)?.socket.terminate(), 'upstream_reset'],
    ['the upstream ends it', () => provider.sessions.entries.at(-1)?.socket.close(1000), null],
    ['its credential is revoked', () => proxy.command('keys', 'revoke', key.id), 'revoked'],
    ['the policy does not have it any more', () => writeFileSync(proxy.policyFile, yaml(denied as never)), null],
  ] as const
  for (const [name, happens, reason] of rows) {
    const before = provider.asked.entries.length
    const isOfKey = name === 'its credential is revoked'
    const call = await askForCall(world, isOfKey ? { token: key.key } : {})
    t.equal(call.status, 201, name)
    await happens()
    const complete = await proxy.audit.complete(call.headers.get('x-request-id') ?? '')
    if (reason !== null) t.equal(complete.get('event.reason'), reason, name)
    t.same(askedOf(world).slice(before), [MAKE, HANG_UP], `${name}: it is hung up`)
    t.equal(complete.get('sallyport.session.hung_up'), true)
  }
  await endInOrder(t, world)
})

t.test('a call ends with the proxy', async (t) => {
  const world = await startCalls(t, { listen: { timeouts: { drain: '1s' } } } as never)
  const call = await askForCall(world)
  t.equal(call.status, 201)
  await endInOrder(t, world)
  const complete = await world.proxy.audit.complete(call.headers.get('x-request-id') ?? '')
  t.equal(complete.get('event.reason'), 'shutting_down')
  t.same(askedOf(world), [MAKE, HANG_UP])
})

function told(session: object): string {
  return JSON.stringify({ type: 'session.updated', session })
}
