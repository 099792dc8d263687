import { writeFileSync } from 'node:fs'
import OpenAI, { toFile } from 'openai'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { speakMessages } from '../support/message-answers.ts'
import { yaml } from '../support/proxy-folder.ts'
import { requestBytes } from '../support/raw-client.ts'
import { MODEL, REALTIME_POLICY, startRealtime, VoiceClient } from '../support/realtime-world.ts'
import { allows, CHAT, chatBody, endInOrder, JSON_TYPE, refuses, startWorld, type World } from '../support/world.ts'

const POLICY = {
  version: 1,
  roles: { ci: {} },
  aliases: { fast: 'gpt-4o-mini', large: 'gpt-4o' },
  rules: [{ id: 'all', effect: 'allow', roles: ['ci'], operations: ['*'] }],
} as const

async function keyOf(world: World, ...limits: string[]): Promise<string> {
  const made = await world.proxy.command('keys', 'create', '--owner', 'ci', '--role', 'ci', ...limits, '--json')
  if (made.code !== 0) throw new Error(made.stderr)
  const { key } = JSON.parse(made.stdout)
  world.secrets.add(key)
  return key
}

const sendAs = (key: string, line: string, body: string, ...headers: string[]) =>
  requestBytes(line, ['Host: x', `Authorization: Bearer ${key}`, JSON_TYPE, ...headers], body)

const responses = (more: object) => JSON.stringify({ input: 'hello', ...more })
const nested = { type: 'image_generation', model: 'gpt-4o' }
const MESSAGES = 'POST /v1/messages HTTP/1.1'
const message = (model: string) =>
  JSON.stringify({ model, max_tokens: 9, messages: [{ role: 'user', content: 'hello' }] })

type Row = readonly [name: string, line: string, refused: string, allowed: string]
/** What a key for `gpt-4o-mini` and embeddings is refused, beside what it may. */
const table: readonly Row[] = [
  ['another model', CHAT, chatBody('gpt-4o'), chatBody('gpt-4o-mini')],
  ['an alias of another model', CHAT, chatBody('large'), chatBody('fast')],
  ['a model that only begins like it', CHAT, chatBody('gpt-4o-mini-x'), chatBody('gpt-4o-mini')],
  ['another model of a message', MESSAGES, message('gpt-4o'), message('gpt-4o-mini')],
  [
    'no model where there could be one',
    'POST /v1/responses HTTP/1.1',
    responses({ prompt: { id: 'pmpt_1' } }),
    responses({ model: 'gpt-4o-mini' }),
  ],
]

t.test('a key for some models is for no other one, on every path', async (t) => {
  const world = await startWorld(t, { policy: POLICY, messages: true, isolation: 'off' })
  speakMessages(world.model)
  const key = await keyOf(world, '--model', 'gpt-4o-mini', '--model', 'text-*')
  const free = await keyOf(world)
  const refusal = { status: 403, code: 'policy_denied', reason: 'key_model_not_allowed' }
  for (const [name, line, refused, allowed] of table) {
    const more = line === MESSAGES ? ['anthropic-version: 2023-06-01'] : []
    await refuses(t, world, name, sendAs(key, line, refused, ...more), refusal)
    await allows(t, world, `${name}: its twin`, sendAs(key, line, allowed, ...more))
    if (!name.startsWith('no model'))
      await allows(t, world, `${name}: by another key`, sendAs(free, line, refused, ...more))
  }
  const withTool = sendAs(key, 'POST /v1/responses HTTP/1.1', responses({ model: 'gpt-4o-mini', tools: [nested] }))
  await refuses(t, world, 'a model beside the main one', withTool, refusal)
  await endInOrder(t, world)
})

t.test('a key for some models lists these alone, and its batches are of them', async (t) => {
  const world = await startWorld(t, { policy: POLICY, isolation: 'user' })
  const key = await keyOf(world, '--model', 'gpt-4o-mini', '--model', 'text-*')
  await listed(t, world, key, await keyOf(world))
  await batched(t, world, key)
  await endInOrder(t, world)
})

const clientOf = ({ proxy }: World, apiKey: string) => new OpenAI({ baseURL: proxy.baseUrl, apiKey, maxRetries: 0 })

async function listed(t: Test, world: World, key: string, free: string) {
  const names = async (apiKey: string) => {
    const found: string[] = []
    for await (const { id } of clientOf(world, apiKey).models.list()) found.push(id)
    return found.sort()
  }
  const [own, all] = [await names(key), await names(free)]
  t.ok(all.includes('gpt-4o'), `there is more: ${all}`)
  t.same(
    own,
    all.filter((name) => name === 'gpt-4o-mini' || name.startsWith('text-')),
    'only its own models are listed',
  )
  await t.rejects(clientOf(world, key).models.retrieve('gpt-4o'), { status: 404, code: 'model_not_found' })
  t.equal((await clientOf(world, key).models.retrieve('gpt-4o-mini')).id, 'gpt-4o-mini')
}

async function batched(t: Test, world: World, apiKey: string) {
  const line = (model: string) =>
    `${JSON.stringify({ custom_id: 'one', method: 'POST', url: '/v1/chat/completions', body: { model, messages: [] } })}\n`
  world.model.scriptPath('/v1/files', ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1","object":"file"}')
  })
  const client = clientOf(world, apiKey)
  const upload = async (model: string) =>
    client.files.create({ file: await toFile(Buffer.from(line(model)), 'a.jsonl'), purpose: 'batch' })
  await t.rejects(upload('gpt-4o'), { status: 403, code: 'policy_denied', param: 'line 1' })
  t.match(await upload('gpt-4o-mini'), { id: /^file/ })
  const made = { input_file_id: 'file-2', endpoint: '/v1/chat/completions', completion_window: '24h' } as const
  await t.rejects(client.batches.create(made), { status: 403, code: 'policy_denied' }, 'a file of somebody else')
}

t.test('a key is good where it may be used from', async (t) => {
  const listen = { trusted_proxies: ['127.0.0.1'] }
  const world = await startWorld(t, { policy: POLICY, listen })
  const key = await keyOf(world, '--network', '10.0.0.0/8', '--network', '2001:db8::/32')
  const from = (chain: string, apiKey = key) => sendAs(apiKey, CHAT, chatBody(), `X-Forwarded-For: ${chain}`)
  const refusal = {
    status: 401,
    code: 'invalid_api_key',
    action: 'authentication-failed',
    reason: 'network_not_allowed',
  }
  const rows: readonly (readonly [name: string, chain: string, isInside: boolean])[] = [
    ['an address of the network', '10.1.2.3', true],
    ['one outside', '192.0.2.1', false],
    ['one inside again', '10.1.2.4', true],
    ['one that the client made up, before its own', '10.1.2.3, 192.0.2.1', false],
    ['IPv6 inside', '2001:db8::1', true],
    ['IPv6 outside', '2001:db9::1', false],
    ['IPv4 written as IPv6', '::ffff:10.1.2.3', true],
    ['no address', 'unknown', false],
  ]
  for (const [name, chain, isInside] of rows) {
    if (isInside) await allows(t, world, name, from(chain))
    else {
      const { answer, decision } = await refuses(t, world, name, from(chain), refusal)
      t.match(decision.get('sallyport.auth.key_id'), /^key_/, `${name}: the event names the key`)
      t.notMatch(answer.body.toString(), /network/, `${name}: the answer does not tell why`)
    }
  }
  const elsewhere = await keyOf(world)
  await allows(t, world, 'another key has no such limit', from('192.0.2.1', elsewhere))
  await endInOrder(t, world)
})

t.test('a session of a key for networks goes on, and is for its models alone', async (t) => {
  const [rule] = REALTIME_POLICY.rules
  const policy = { ...REALTIME_POLICY, roles: { ci: {} }, rules: [{ ...rule, roles: ['ci'] }] }
  const world = await startRealtime(t, { policy: policy as never })
  const dial = (key: string, target: string) =>
    new VoiceClient(
      new WebSocket(`ws://127.0.0.1:${world.proxy.port}/v1/realtime${target}`, {
        headers: { authorization: `Bearer ${key}` },
      }),
    )
  const key = await keyOf(world, '--network', '127.0.0.0/8', '--model', MODEL)
  const client = dial(key, `?model=${MODEL}`)
  await client.event('session.created')
  // Another policy has the session look at its credential at once.
  writeFileSync(world.proxy.policyFile, yaml({ ...policy, models: { spare: ['gpt-*'] } } as never))
  await world.proxy.audit.action('policy-loaded', 2)
  const transcribed = { audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } }
  client.send({ type: 'session.update', session: { type: 'realtime', ...transcribed } })
  t.match(await client.event('error'), { error: { code: 'policy_denied', param: 'model' } })
  client.send({ type: 'response.create', response: { max_output_tokens: 100 } })
  await client.event('response.done')
  client.close()
  t.match(await client.closed, { code: 1000 })
  await endInOrder(t, world)
})
