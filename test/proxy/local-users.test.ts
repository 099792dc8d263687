import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { addUser, basicOf } from '../support/local-users.ts'
import { TEXT } from '../support/model-answers.ts'
import { polled } from '../support/proxy.ts'
import { requestBytes } from '../support/raw-client.ts'
import {
  allows,
  CHAT,
  chatBody,
  endInOrder,
  JSON_TYPE,
  refuses,
  sent,
  startWorld,
  type World,
} from '../support/world.ts'

const REJECTED = { status: 401, code: 'invalid_api_key', action: 'authentication-failed' }
const CHATS = ['chat', 'models.list']
const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ issuer: 'local', group: 'analysts' }] }, auditor: {} },
  rules: [
    { id: 'small', effect: 'allow', roles: ['analyst'], models: ['gpt-4o-mini'], operations: CHATS },
    { id: 'large', effect: 'allow', roles: ['analyst'], models: ['gpt-4o'], operations: CHATS, when: { mfa: true } },
    { id: 'audits', effect: 'allow', roles: ['auditor'], models: ['gpt-4o-mini'], when: { method: ['local'] } },
  ],
}

const startLocalWorld = (t: Test): Promise<World> =>
  startWorld(t, {
    listen: { trusted_proxies: ['127.0.0.1'] },
    identity: { local: { enabled: true } },
    policy: POLICY,
  })

const by = (authorization: string, from = '192.0.2.1', model = 'gpt-4o-mini') =>
  requestBytes(
    CHAT,
    ['Host: x', JSON_TYPE, `X-Forwarded-For: ${from}`, `Authorization: ${authorization}`],
    chatBody(model),
  )

t.test('users of the store call models, and nobody is one from the start', async (t) => {
  const world = await startLocalWorld(t)
  const { proxy, secrets } = world
  for (const [index, name] of ['admin', 'root', 'alice'].entries()) {
    const unknown = by(basicOf(name, 'admin'), `198.51.100.${index}`)
    await refuses(t, world, `${name}, on an empty store`, unknown, { ...REJECTED, reason: 'unknown_user' })
  }
  const alice = await addUser(proxy, 'alice', '--group', 'analysts', '--email', 'alice@example.org')
  secrets.add(alice.password)
  const headers = { Authorization: alice.authorization }
  const client = new OpenAI({ baseURL: proxy.baseUrl, apiKey: 'unused', maxRetries: 0, defaultHeaders: headers })
  const messages = [{ role: 'user' as const, content: 'hello' }]
  const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages }).withResponse()
  t.equal(answer.data.choices[0]?.message.content, TEXT, 'the official SDK')
  const decision = await proxy.audit.decision(answer.request_id ?? '')
  t.same(
    ['user.id', 'sallyport.auth.method', 'sallyport.auth.issuer', 'user.email'].map((name) => decision.get(name)),
    ['alice', 'local', 'local', 'alice@example.org'],
  )
  await allows(t, world, 'with the name of the source', by(basicOf('local\\alice', alice.password)))
  const large = await refuses(t, world, 'a rule that asks for several factors', by(alice.authorization, '', 'gpt-4o'), {
    status: 401,
    code: 'step_up_required',
  })
  t.match(large.answer.header('www-authenticate'), /insufficient_user_authentication/)
  const bob = await addUser(proxy, 'bob')
  secrets.add(bob.password)
  await refuses(t, world, 'who is in no group', by(bob.authorization), { status: 403, code: 'policy_denied' })
  const carol = await addUser(proxy, 'carol', '--role', 'auditor')
  await allows(t, world, 'a role of their own', by(carol.authorization))
  const wrong = { ...REJECTED, reason: 'wrong_password' }
  const told = await refuses(t, world, 'a wrong password', by(basicOf('alice', bob.password), '198.51.100.8'), wrong)
  const nobody = by(basicOf('dave', bob.password), '198.51.100.9')
  const unknown = await refuses(t, world, 'nobody', nobody, { ...REJECTED, reason: 'unknown_user' })
  t.same(told.answer.body, unknown.answer.body, 'who guesses is told the same')
  t.same(told.answer.header('retry-after'), unknown.answer.header('retry-after'))
  await endInOrder(t, world)
})

t.test('who is disabled, or has another password, is out soon', async (t) => {
  const world = await startLocalWorld(t)
  const { proxy, secrets } = world
  const alice = await addUser(proxy, 'alice', '--group', 'analysts')
  const bob = await addUser(proxy, 'bob', '--group', 'analysts')
  for (const { password } of [alice, bob]) secrets.add(password)
  await allows(t, world, 'alice', by(alice.authorization))
  await allows(t, world, 'bob', by(bob.authorization))
  t.equal((await proxy.command('users', 'disable', 'alice')).code, 0)
  const changed = await proxy.command('users', 'passwd', 'bob', '--generate', '--json')
  const next = basicOf('bob', JSON.parse(changed.stdout).password)
  await allows(t, world, 'bob, with the new one', by(next))
  const isOut = async (authorization: string) => (await sent(world, by(authorization))).answer.status === 401
  await polled(() => isOut(alice.authorization), 'the end of alice')
  await polled(() => isOut(bob.authorization), 'the end of the old password')
  await allows(t, world, 'bob goes on', by(next))
  await endInOrder(t, world)
})

t.test('who guesses is slowed down, and told of', async (t) => {
  const world = await startLocalWorld(t)
  const { proxy } = world
  const alice = await addUser(proxy, 'alice', '--group', 'analysts')
  for (let guess = 0; guess < 5; guess++) {
    const bytes = by(basicOf('alice', `a guess ${guess}`), `192.0.2.${guess}`)
    await refuses(t, world, `guess ${guess}`, bytes, { ...REJECTED, reason: 'wrong_password' })
  }
  const held = by(alice.authorization, '198.51.100.1')
  const { answer } = await refuses(t, world, 'the sixth', held, { ...REJECTED, reason: 'throttled' })
  t.match(answer.header('retry-after'), /^[12]$/)
  const alert = await proxy.audit.action('authentication-throttled')
  t.same(
    ['event.kind', 'sallyport.throttle.account', 'sallyport.auth.method', 'client.ip'].map((name) => alert.get(name)),
    ['alert', 'alice', 'local', '192.0.2.4'],
  )
  await polled(async () => (await sent(world, held)).answer.status === 200, 'the end of it')
  await endInOrder(t, world)
})
