import t, { type Test } from 'tap'
import { askedOf, askForCall, askToHangUp, CALL, CALLS_POLICY, idOf, made, startCalls } from '../support/calls-world.ts'
import { MODEL, type RealtimeWorld } from '../support/realtime-world.ts'
import { BOB, endInOrder } from '../support/world.ts'

const MAKE = 'POST /v1/realtime/calls'
const HANG_UP = `POST /v1/realtime/calls/${CALL}/hangup`

async function ended(world: RealtimeWorld, call: Response): Promise<(path: string) => unknown> {
  const complete = await world.proxy.audit.complete(call.headers.get('x-request-id') ?? '')
  return (path) => complete.get(path)
}

t.test('a call is sent on to the hosts that are granted, and turned away, by its own workspace', async (t) => {
  const sendOn = {
    ...{ id: 'send-on', effect: 'allow', roles: ['speaker'] },
    operations: ['realtime.calls.refer', 'realtime.calls.reject'],
    when: { urls: ['sip.example.org'] },
  }
  const world = await startCalls(t, { policy: { ...CALLS_POLICY, rules: [...CALLS_POLICY.rules, sendOn] } as never })
  const { provider } = world
  const call = await askForCall(world)
  const id = idOf(call)
  provider.answer = () => ({ body: '{}' })
  const ask = async (action: string, body: object | null, person?: string) => {
    const headers = { authorization: `Bearer ${await world.token(person)}`, 'content-type': 'application/json' }
    const url = `${world.proxy.baseUrl}/realtime/calls/${id}/${action}`
    return (await fetch(url, { method: 'POST', headers, ...(body && { body: JSON.stringify(body) }) })).status
  }
  const before = askedOf(world).length
  const good = { target_uri: 'sip:agent@sip.example.org' }
  const rows = [
    ['another host', 'refer', { target_uri: 'sip:agent@evil.example' }, undefined, 403],
    ['a telephone', 'refer', { target_uri: 'tel:+123' }, undefined, 400],
    ['a page', 'refer', { target_uri: 'https://sip.example.org' }, undefined, 400],
    ['two targets', 'refer', { ...good, targetUri: 'sip:agent@evil.example' }, undefined, 400],
    ['another workspace, sent on', 'refer', good, BOB, 404],
    ['another workspace, turned away', 'reject', { status_code: 486 }, BOB, 404],
  ] as const
  for (const [name, action, body, person, status] of rows) t.equal(await ask(action, body, person), status, name)
  t.equal(askedOf(world).length, before, 'nothing of these went upstream')
  t.equal(await ask('refer', good), 200)
  t.equal(await ask('reject', { status_code: 486 }), 200)
  const sent = provider.asked.entries.slice(before)
  t.same(
    sent.map(({ url, body }) => [url, JSON.parse(String(body))]),
    [
      [`/v1/realtime/calls/${CALL}/refer`, good],
      [`/v1/realtime/calls/${CALL}/reject`, { status_code: 486 }],
    ],
  )
  await askToHangUp(world, id)
  provider.sessions.entries.at(-1)?.socket.close(1000)
  await ended(world, call)
  await endInOrder(t, world)
})

t.test('what transforms ask for stands in the session of a call, and a session without it ends', async (t) => {
  const transforms = [{ id: 'short', set: { max_output_tokens: 200 }, system: { prepend: 'Be brief.' } }]
  const world = await startCalls(t, { policy: { ...CALLS_POLICY, transforms } as never })
  const { provider } = world
  const asked = { type: 'realtime', model: MODEL, max_output_tokens: 500, instructions: 'Greet.' } as const
  provider.setUp = { ...asked, max_output_tokens: 200, instructions: 'Be brief.\n\nGreet.' }
  const call = await askForCall(world, { session: asked })
  t.equal(call.status, 201)
  const form = String(provider.asked.entries[0]?.body)
  t.match(form, /"max_output_tokens":200/)
  t.match(form, /"instructions":"Be brief\.[^"]*Greet\."/)
  t.equal((await askToHangUp(world, idOf(call))).status, 200)
  await ended(world, call)
  provider.setUp = asked
  const deaf = await askForCall(world, { session: asked })
  const told = await ended(world, deaf)
  t.equal(told('event.reason'), 'transform_not_applicable')
  t.equal(told('sallyport.session.hung_up'), true)
  await endInOrder(t, world)
})

async function endsByItself(t: Test, world: RealtimeWorld, name: string, reason: string): Promise<void> {
  const before = askedOf(world).length
  const call = await askForCall(world)
  t.equal(call.status, 201, name)
  const told = await ended(world, call)
  t.equal(told('event.reason'), reason, name)
  t.same(askedOf(world).slice(before), [MAKE, HANG_UP], `${name}: hung up`)
}

t.test('a call of which nothing is told, or that lasts too long, ends', async (t) => {
  const timeouts = { connect: '2s', first_byte: '2s', idle: '30s', total: '8s' }
  const world = await startCalls(t, { upstreams: [{ timeouts }] })
  await endsByItself(t, world, 'too long', 'session_too_long')
  world.provider.setUp = 'silence'
  await endsByItself(t, world, 'untold', 'bad_stream')
  await endInOrder(t, world)
})

t.test('a call that its upstream does not end is told of as one that goes on', async (t) => {
  const world = await startCalls(t)
  const { provider } = world
  provider.answer = ({ url }) => (url === '/v1/realtime/calls' ? made() : { status: 500, body: '{}' })
  const call = await askForCall(world)
  provider.sessions.entries.at(-1)?.socket.terminate()
  const told = await ended(world, call)
  t.equal(told('sallyport.session.hung_up'), false)
  provider.answer = ({ url }) => (url === '/v1/realtime/calls' ? made() : { status: 404, body: '{}' })
  const gone = await askForCall(world)
  provider.sessions.entries.at(-1)?.socket.terminate()
  t.equal((await ended(world, gone))('sallyport.session.hung_up'), true, 'which nobody knows any more')
  await endInOrder(t, world)
})

t.test('who leaves while a call is made leaves none behind', async (t) => {
  const world = await startCalls(t)
  const { provider, proxy } = world
  provider.refusal = 'silence'
  const left = new AbortController()
  const asking = askForCall(world, { signal: left.signal })
  await provider.asked.until((all) => all[0], 'the form')
  const decision = await proxy.audit.action('request-authorized')
  left.abort()
  await t.rejects(asking)
  const complete = await proxy.audit.complete(decision.requestId ?? '')
  t.equal(complete.action, 'completion-aborted')
  t.same(askedOf(world), [MAKE, HANG_UP])
  await endInOrder(t, world)
})
