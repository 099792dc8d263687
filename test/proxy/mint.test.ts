import { createConnection } from 'node:net'
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { asksFor, MINT_POLICY, SESSION, sdk, secretOf, startMinting } from '../support/mint-world.ts'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import { MODEL, type RealtimeWorld, speak } from '../support/realtime-world.ts'
import { PROVIDER_SECRET } from '../support/session-secrets.ts'
import { within } from '../support/within.ts'
import { BOB, endInOrder } from '../support/world.ts'

const BARE = '/v1/realtime'

t.test('the official SDK asks for a secret, and speaks by it', async (t) => {
  const world = await startMinting(t)
  const client = await sdk(world)
  const { data, request_id: id } = await client.realtime.clientSecrets
    .create({
      session: { ...SESSION, model: 'voice', tools: [...SESSION.tools] },
      expires_after: { anchor: 'created_at', seconds: 600 },
    })
    .withResponse()
  world.secrets.add(data.value)
  t.match(data.value, /^ek_sp1/)
  t.ok(data.expires_at * 1000 > Date.now())
  t.equal('model' in data.session && data.session.model, MODEL)
  t.notOk(JSON.stringify(data).includes(PROVIDER_SECRET))
  const [asked] = world.provider.asked.entries
  t.equal(asked?.headers.authorization, `Bearer ${UPSTREAM_KEY}`)
  t.same(
    JSON.parse(asked?.body ?? '').session,
    { ...SESSION, model: MODEL },
    'under the name that the alias stands for',
  )
  const decision = await world.proxy.audit.decision(id ?? '')
  t.same(
    ['gen_ai.request.model', 'sallyport.alias', 'sallyport.operation', 'rule.id'].map((key) => decision.get(key)),
    [MODEL, 'voice', 'realtime.client_secrets.create', 'voice'],
  )
  t.equal((await world.proxy.audit.complete(id ?? '')).action, 'completion-finished')
  await t.test('a server does', (t) => speaks(t, world, data.value, 'ws'))
  await t.test('a page does', (t) => speaks(t, world, data.value, 'browser'))
  await endInOrder(t, world)
})

/** The SDK asks for TLS alone, which a proxy in front of this one ends. */
const plain = ((options: object) => createConnection(options as never)) as never

/** A WebSocket as a page has it, which tells its origin. */
class PageSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url.replace('wss:', 'ws:'), protocols, { origin: 'https://app.example' })
  }
}

function inPage<Opened>(open: () => Opened): Opened {
  const own = globalThis.WebSocket
  globalThis.WebSocket = PageSocket as never
  try {
    return open()
  } finally {
    globalThis.WebSocket = own
  }
}

/** Opens a session with a client of the SDK, and has it answer. */
async function speaks(t: Test, world: RealtimeWorld, secret: string, kind: 'ws' | 'browser'): Promise<void> {
  const client = await sdk(world, secret)
  const before = world.provider.sessions.entries.length
  const voice =
    kind === 'ws'
      ? new OpenAIRealtimeWS({ model: MODEL, options: { createConnection: plain } }, client)
      : inPage(() => new OpenAIRealtimeWebSocket({ model: MODEL }, client))
  const done = new Promise((resolve, reject) => {
    voice.on('error', reject)
    voice.on('session.created', () => voice.send({ type: 'response.create' }))
    voice.on('response.done', resolve)
  })
  await within(done, 'an answer')
  const session = world.provider.sessions.entries[before]
  t.equal(session?.request.headers.authorization, `Bearer ${PROVIDER_SECRET}`)
  voice.close()
  await session?.closed
}

t.test('a page of any origin opens the session that a secret was made for, and no other one', async (t) => {
  const world = await startMinting(t)
  const secret = secretOf(world, await asksFor(world, { session: SESSION }))
  const opens = (token: string) =>
    speak(world, {
      target: BARE,
      headers: { origin: 'https://app.example' },
      protocols: ['realtime', `openai-insecure-api-key.${token}`],
    })
  const { client } = await opens(secret)
  await client.event('session.created')
  client.close()
  await client.closed
  await t.rejects(opens(await world.token()), /: 400$/, 'by a credential of its own it may not')
  await endInOrder(t, world)
})

t.test('whoever may not use what a session is set up with gets no secret, and nobody upstream is asked', async (t) => {
  const world = await startMinting(t)
  const tool = (more: object) => ({ tools: [more] })
  const rows: readonly (readonly [string, object, readonly [number, string], object])[] = [
    ['another model', { model: 'gpt-4o' }, [403, 'policy_denied'], { model: MODEL }],
    ['a model that nobody serves', { model: 'other' }, [404, 'model_not_found'], { model: 'voice' }],
    ['no model', { model: undefined }, [403, 'policy_denied'], {}],
    ['a function', tool({ type: 'function', name: 'delete' }), [403, 'policy_denied'], tool(SESSION.tools[0])],
    ['a hosted tool', tool({ type: 'web_search' }), [403, 'policy_denied'], { tools: [] }],
    [
      'a server',
      tool({ type: 'mcp', server_label: 'x', server_url: 'https://evil.example' }),
      [403, 'policy_denied'],
      {},
    ],
    ['more output', { max_output_tokens: 1001 }, [403, 'policy_denied'], { max_output_tokens: 1000 }],
    ['any output', { max_output_tokens: 'inf' }, [403, 'policy_denied'], {}],
    ['output that it does not say', { max_output_tokens: undefined }, [403, 'policy_denied'], {}],
    [
      'a model that writes down',
      { audio: { input: { transcription: { model: 'gpt-4o' } } } },
      [403, 'policy_denied'],
      { audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } },
    ],
    ['a stored prompt', { prompt: { id: 'pmpt_1' } }, [403, 'policy_denied'], { prompt: null }],
    ['another spelling of the model', { Model: MODEL }, [400, 'invalid_body'], {}],
    ['another spelling of the limit', { maxOutputTokens: 5 }, [400, 'invalid_body'], {}],
    ['a limit by another name', { max_tokens: 5 }, [400, 'invalid_body'], {}],
    ['a limit that is none', { max_output_tokens: -1 }, [400, 'invalid_body'], {}],
    ['tools that cannot be read', { tools: 'all' }, [400, 'invalid_body'], {}],
  ]
  for (const [name, more, [status, code], twin] of rows) {
    const before = world.provider.asked.entries.length
    const refused = await asksFor(world, { session: { ...SESSION, ...more } })
    t.same([refused.status, refused.code], [status, code], name)
    t.equal(world.provider.asked.entries.length, before, `${name}: nobody is asked`)
    t.equal((await world.proxy.audit.decision(refused.id)).action, 'request-denied', name)
    const good = await asksFor(world, { session: { ...SESSION, ...twin } })
    t.equal(good.status, 200, `${name}: and its twin`)
    secretOf(world, good)
  }
  await endInOrder(t, world)
})

t.test('what stands beside the session counts like what stands in it', async (t) => {
  const world = await startMinting(t)
  const rows: readonly (readonly [string, object | string, readonly [number, unknown]])[] = [
    ['nothing', { session: SESSION }, [200, undefined]],
    ['the same model', { session: SESSION, model: MODEL }, [200, undefined]],
    ['another model', { session: SESSION, model: 'gpt-4o' }, [400, 'invalid_body']],
    ['more output', { session: SESSION, max_output_tokens: 5000 }, [403, 'policy_denied']],
    ['a tool', { session: SESSION, tools: [{ type: 'web_search' }] }, [403, 'policy_denied']],
    ['another spelling of it', { session: SESSION, Session: { max_output_tokens: 'inf' } }, [400, 'invalid_body']],
    ['a session that is none', { session: [SESSION] }, [400, 'invalid_body']],
    ['two sessions', `{"session":{},"session":${JSON.stringify(SESSION)}}`, [400, 'invalid_body']],
    [
      'how long it is good',
      { session: SESSION, expires_after: { anchor: 'created_at', seconds: 60 } },
      [200, undefined],
    ],
  ]
  for (const [name, body, expected] of rows) {
    const answer = await asksFor(world, body)
    t.same([answer.status, answer.code], expected, name)
  }
  await endInOrder(t, world)
})

t.test('making a secret and opening its session are both decided', async (t) => {
  const [rule] = MINT_POLICY.rules
  const only = (...operations: string[]) => ({ ...MINT_POLICY, rules: [{ ...rule, operations }] })
  const mints = 'realtime.client_secrets.create'
  const rows = [
    ['both', only(mints, 'realtime'), 200],
    ['making it alone', only(mints), 403],
    ['opening it alone', only('realtime'), 403],
  ] as const
  for (const [name, policy, status] of rows) {
    const world = await startMinting(t, { policy })
    const answer = await asksFor(world, { session: SESSION })
    t.equal(answer.status, status, name)
    t.equal(world.provider.asked.entries.length, status === 200 ? 1 : 0, `${name}: who is asked`)
    if (status === 200) secretOf(world, answer)
    t.equal(
      (await asksFor(world, { session: SESSION }, { token: await world.token(BOB) })).status,
      403,
      'not everybody',
    )
    await endInOrder(t, world)
  }
})

t.test('rules in shadow mode are decided for both, too', async (t) => {
  const hush = { id: 'hush', effect: 'deny', mode: 'shadow', operations: ['realtime'] }
  const world = await startMinting(t, { policy: { ...MINT_POLICY, rules: [...MINT_POLICY.rules, hush] } })
  const answer = await asksFor(world, { session: SESSION })
  secretOf(world, answer)
  const decision = await world.proxy.audit.decision(answer.id)
  t.match(decision.get('sallyport.shadow'), { decision: 'deny', rule: 'hush' })
  await endInOrder(t, world)
})

t.test('a secret is good for one operation alone, and makes no other one', async (t) => {
  const world = await startMinting(t)
  const translated = '/v1/realtime/translations'
  const words = { model: MODEL, max_output_tokens: 10, audio: { output: { language: 'de' } } }
  const speech = secretOf(world, await asksFor(world, { session: SESSION }))
  const both = await asksFor(world, { session: words }, { path: `${translated}/client_secrets` })
  const translation = secretOf(world, both)
  await t.rejects(speak(world, { token: speech, target: translated }), /: 401$/)
  await t.rejects(speak(world, { token: translation, target: BARE }), /: 401$/)
  const { client } = await speak(world, { token: translation, target: translated })
  await client.event('session.created')
  client.close()
  await client.closed
  const again = await asksFor(world, { session: SESSION }, { token: speech })
  t.same([again.status, again.code], [401, 'invalid_api_key'])
  await endInOrder(t, world)
})
