import t from 'tap'
import { TEXT, USAGE } from '../support/model-answers.ts'
import * as behaviours from '../support/model-behaviours.ts'
import { type Behaviour, startModelServer } from '../support/model-server.ts'
import { rawRequest } from '../support/raw-client.ts'
import { allows, chatBody, chatBytes, endInOrder, sent, startWorld, type World } from '../support/world.ts'

interface Ending {
  /** What the client sees: the status, and the code of the error in the body or at the end of the stream. */
  readonly status: number
  readonly code?: string
  readonly action: string
  readonly reason?: string
}

type Row = readonly [name: string, behaviour: Behaviour, stream: boolean, ending: Ending]

const failed = (status: number, code: string, reason: string): Ending => ({
  status,
  code,
  action: 'completion-failed',
  reason,
})
const unavailable = (reason: string) => failed(502, 'upstream_unavailable', reason)
const finished: Ending = { status: 200, action: 'completion-finished' }

const rows: readonly Row[] = [
  ['an answer', behaviours.privateHeaders, false, finished],
  ['a redirect', behaviours.redirect, false, unavailable('upstream_redirect')],
  ['its own 401', behaviours.status(401), false, unavailable('upstream_401')],
  ['a compressed answer', behaviours.compressed, false, unavailable('bad_stream')],
  ['a reset before the head', behaviours.resetBeforeHead, false, unavailable('upstream_reset')],
  ['an upgrade', behaviours.switchProtocols, false, unavailable('upstream_reset')],
  ['a head past any size', behaviours.hugeHeaders, false, unavailable('upstream_reset')],
  ['a split header', behaviours.splitHeader, false, unavailable('upstream_reset')],
  ['two framings', behaviours.bothFramings, false, unavailable('upstream_reset')],
  ['informational answers', behaviours.informational, false, finished],
  ['a 400', behaviours.status(400), false, failed(400, 'mock_400', 'upstream_4xx')],
  ['a 429', behaviours.status(429), false, failed(429, 'mock_429', 'upstream_4xx')],
  ['a 500', behaviours.status(500), false, failed(500, 'mock_500', 'upstream_5xx')],
  ['silence before the head', behaviours.stallBeforeHead, false, failed(504, 'upstream_timeout', 'upstream_timeout')],
  ['a stream', behaviours.drip, true, finished],
  ['a reset in a stream', behaviours.resetMidStream, true, failed(200, 'upstream_unavailable', 'upstream_reset')],
  ['a reset within an event', behaviours.resetMidEvent, true, failed(200, 'upstream_unavailable', 'upstream_reset')],
  ['silence in a stream', behaviours.stallMidStream, true, failed(200, 'upstream_timeout', 'upstream_timeout')],
  ['a stream of garbage', behaviours.garbageStream, true, finished],
]

/** The code of an error, in a document or in the last event of a stream. */
function codeOf(body: string): string | undefined {
  const text = body.startsWith('{') ? body : body.slice(body.lastIndexOf('data: {"error"') + 'data: '.length)
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code
  } catch {
    return undefined
  }
}

const PATIENCE = { connect: '1s', first_byte: '1s', idle: '1s', total: '10s' }
const upstream = (world: { url: string }, more: object = {}) => ({
  name: 'mock',
  url: world.url,
  api_key: { env: 'MOCK_KEY' },
  models: ['gpt-*'],
  timeouts: PATIENCE,
  ...more,
})

t.test('whatever the upstream does, the client and the audit are told what it was', async (t) => {
  const model = await startModelServer()
  t.teardown(() => model.close())
  const world: World = { ...(await startWorld(t, { upstreams: [upstream(model)] })), model }
  const token = await world.token()
  for (const [name, behaviour, stream, ending] of rows) {
    model.script('gpt-4o-mini-row', behaviour)
    const before = model.requests.length
    const { answer, decision } = await sent(world, chatBytes(token, chatBody('gpt-4o-mini-row', { stream })))
    t.same([answer.status, codeOf(answer.body.toString())], [ending.status, ending.code], name)
    t.equal(decision.action, 'request-authorized', `${name}: authorized`)
    const complete = await world.proxy.audit.complete(decision.requestId ?? '')
    t.same([complete.action, complete.get('event.reason')], [ending.action, ending.reason], `${name}: its end`)
    t.equal(complete.get('http.response.status_code'), ending.status, `${name}: the status`)
    t.equal(model.requests.length, before + 1, `${name}: asked once`)
    if (stream && ending.code !== undefined) t.notMatch(answer.body.toString(), /\[DONE\]/, `${name}: not done`)
  }
  t.equal(model.requests.filter((one) => !one.complete).length, 0)
  await endInOrder(t, world)
})

t.test('usage is told where the upstream can tell it, and no number that it made up', async (t) => {
  const world = await startWorld(t)
  const token = await world.token()
  for (const stream of [false, true]) {
    const { decision } = await allows(
      t,
      world,
      `stream ${stream}`,
      chatBytes(token, chatBody('gpt-4o-mini', { stream })),
    )
    const complete = await world.proxy.audit.complete(decision.requestId ?? '')
    t.same(complete.get('gen_ai.usage'), { input_tokens: USAGE.input, output_tokens: USAGE.output })
    t.same(complete.get('sallyport.tokens'), { cached: USAGE.cached, reasoning: USAGE.reasoning })
  }
  world.model.script('gpt-4o-mini-liar', behaviours.wrongUsage)
  const { decision } = await allows(t, world, 'a liar', chatBytes(token, chatBody('gpt-4o-mini-liar')))
  t.equal((await world.proxy.audit.complete(decision.requestId ?? '')).get('gen_ai.usage'), undefined)
  await endInOrder(t, world)
})

t.test('a stream is not delayed: its first event is there before its last was written', async (t) => {
  const world = await startWorld(t)
  const gate = Promise.withResolvers<void>()
  world.model.script('gpt-4o-mini-gated', behaviours.gated(gate.promise))
  const response = await fetch(`${world.proxy.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await world.token()}`, 'content-type': 'application/json' },
    body: chatBody('gpt-4o-mini-gated', { stream: true }),
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('The')) text += (await reader?.read())?.value ?? ''
  gate.resolve()
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value
  t.match(text, /\[DONE\]/)
  const said = [...text.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)]
    .map(([, piece]) => JSON.parse(`"${piece}"`))
    .join('')
  t.equal(said, TEXT)
  await endInOrder(t, world)
})

t.test('an upstream that is not there', async (t) => {
  const gone = await startModelServer()
  await gone.close()
  const world = await startWorld(t, { upstreams: [upstream(gone)] })
  const { answer, decision } = await sent(world, chatBytes(await world.token()))
  t.same([answer.status, answer.code], [502, 'upstream_unavailable'])
  const complete = await world.proxy.audit.complete(decision.requestId ?? '')
  t.same([complete.action, complete.get('error.code')], ['completion-failed', 'ECONNREFUSED'])
  await endInOrder(t, world)
})

t.test('several upstreams: the first that serves the model and that the policy allows', async (t) => {
  const [eu, us] = [await startModelServer(), await startModelServer()]
  t.teardown(async () => {
    await eu.close()
    await us.close()
  })
  const world = await startWorld(t, {
    upstreams: [
      upstream(us, { name: 'us', region: 'us', models: ['gpt-4o-mini', 'gpt-4o'], priority: 1 }),
      upstream(eu, { name: 'eu', region: 'eu', models: ['gpt-4o-mini'], priority: 2 }),
    ],
    policy: {
      version: 1,
      roles: { analyst: { members: [{ group: 'analysts' }] } },
      rules: [
        {
          id: 'in-europe',
          effect: 'allow',
          roles: ['analyst'],
          models: ['gpt-*'],
          operations: ['chat'],
          when: { region: ['eu'] },
        },
      ],
    },
  })
  const token = await world.token()
  const { decision } = await allows(t, world, 'a model that both serve', chatBytes(token))
  t.equal(decision.get('service.target.name'), 'eu', 'goes where it may')
  t.same([us.requests.length, eu.requests.length], [0, 1])
  const refused = await rawRequest(world.proxy.port, chatBytes(token, chatBody('gpt-4o')))
  t.same([refused.status, refused.code], [403, 'policy_denied'], 'a model that only the other one serves')
  t.equal(us.bytesReceived, 0)
  await endInOrder(t, world)
})
