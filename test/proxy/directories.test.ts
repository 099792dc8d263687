import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { TEXT } from '../support/model-answers.ts'
import { polled } from '../support/proxy.ts'
import { requestBytes } from '../support/raw-client.ts'
import { noSlapd, person, SERVICE, Slapd, SUFFIX } from '../support/slapd.ts'
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

const missing = noSlapd()
const FAILED = 'authentication-failed'
const REJECTED = { status: 401, code: 'invalid_api_key', action: FAILED }
const at = (uid: string) => `uid=${uid},ou=people,${SUFFIX}`
const encoded = (username: string, password: string) => Buffer.from(`${username}:${password}`).toString('base64')

const PEOPLE = {
  ...Object.fromEntries(
    ['alice', 'bob', 'carol'].map((uid) => [at(uid), person(uid, { userPassword: `secret-of-${uid}` })]),
  ),
  [`cn=analysts,ou=groups,${SUFFIX}`]: {
    objectClass: 'groupOfNames',
    cn: 'analysts',
    member: `cn=team,ou=groups,${SUFFIX}`,
  },
  [`cn=team,ou=groups,${SUFFIX}`]: { objectClass: 'groupOfNames', cn: 'team', member: [at('alice'), at('carol')] },
}

async function startDirectoryWorld(t: Test): Promise<World & { readonly slapd: Slapd }> {
  const slapd = new Slapd(PEOPLE)
  t.teardown(() => slapd.close())
  await slapd.start()
  const entry = {
    name: 'staff',
    url: slapd.tlsUrl,
    ca: { file: slapd.ca },
    base: SUFFIX,
    bind_dn: SERVICE.dn,
    bind_password: { env: 'DIRECTORY_PASSWORD' },
    user_filter: '(uid={username})',
    claims: { id: 'uid' },
    timeouts: { connect: '1s', operation: '1s', total: '3s' },
  }
  const world = await startWorld(t, {
    listen: { trusted_proxies: ['127.0.0.1'] },
    identity: { ldap: [entry], api_keys: { enabled: true } },
    env: { DIRECTORY_PASSWORD: SERVICE.password },
  })
  world.secrets.add(SERVICE.password)
  for (const name of ['alice', 'bob', 'carol'])
    world.secrets.add(`secret-of-${name}`).add(encoded(name, `secret-of-${name}`))
  return { ...world, slapd }
}

const by = (username: string, password: string, from = '192.0.2.1') =>
  requestBytes(
    CHAT,
    ['Host: x', JSON_TYPE, `X-Forwarded-For: ${from}`, `Authorization: Basic ${encoded(username, password)}`],
    chatBody(),
  )

if (missing !== null) t.plan(0, missing)
else {
  t.test('users of a directory call models', async (t) => {
    const world = await startDirectoryWorld(t)
    const { proxy, slapd } = world
    const headers = { Authorization: `Basic ${encoded('alice', 'secret-of-alice')}` }
    const client = new OpenAI({ baseURL: proxy.baseUrl, apiKey: 'unused', maxRetries: 0, defaultHeaders: headers })
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages }).withResponse()
    t.equal(answer.data.choices[0]?.message.content, TEXT, 'the official SDK')
    const decision = await proxy.audit.decision(answer.request_id ?? '')
    t.same(
      ['user.id', 'sallyport.auth.method', 'sallyport.auth.issuer', 'user.email'].map((name) => decision.get(name)),
      ['alice', 'ldap', 'staff', 'alice@example.org'],
    )
    const models = []
    for await (const model of client.models.list()) models.push(model.id)
    t.ok(models.includes('gpt-4o-mini'))
    await allows(t, world, 'with the name of the directory, by a nested group', by('staff\\Carol', 'secret-of-carol'))
    await refuses(t, world, 'whose groups may nothing', by('bob', 'secret-of-bob'), {
      status: 403,
      code: 'policy_denied',
    })
    await refuses(t, world, 'a wrong password', by('alice', 'secret-of-bob'), { ...REJECTED, reason: 'wrong_password' })
    await refuses(t, world, 'no password', by('alice', ''), { ...REJECTED, reason: 'malformed' })
    await refuses(t, world, 'nobody', by('*', 'secret-of-alice'), { ...REJECTED, reason: 'unknown_user' })
    await refuses(t, world, 'a user of the store', by('local\\alice', 'x'), {
      ...REJECTED,
      reason: 'unsupported_scheme',
    })

    slapd.signal('SIGSTOP')
    const gone = { status: 503, code: 'identity_unavailable', action: FAILED, reason: 'directory_unavailable' }
    const hung = await refuses(t, world, 'a directory that hangs', by('bob', 'another'), gone)
    t.equal(hung.answer.header('retry-after'), '5')
    await proxy.audit.action('directory-failed')
    slapd.signal('SIGCONT')
    await polled(async () => (await sent(world, by('carol', 'secret-of-carol'))).answer.status === 200, 'the recovery')
    await endInOrder(t, world)
  })

  t.test('who guesses is slowed down, and told of', async (t) => {
    const world = await startDirectoryWorld(t)
    for (let guess = 0; guess < 5; guess++) {
      await refuses(t, world, `guess ${guess}`, by('alice', `guess-${guess}`, `192.0.2.${guess}`), {
        ...REJECTED,
        reason: 'wrong_password',
      })
    }
    const throttled = { ...REJECTED, reason: 'throttled' }
    const { answer } = await refuses(t, world, 'the sixth', by('alice', 'secret-of-alice', '198.51.100.1'), throttled)
    t.match(answer.header('retry-after'), /^[12]$/)
    t.match(answer.header('www-authenticate'), /^Bearer /)
    const alert = await world.proxy.audit.action('authentication-throttled')
    t.same(
      [
        'event.kind',
        'sallyport.throttle.scope',
        'sallyport.throttle.account',
        'sallyport.throttle.failures',
        'client.ip',
      ].map((name) => alert.get(name)),
      ['alert', 'account', 'alice', 5, '192.0.2.4'],
    )
    await allows(t, world, 'another one is not', by('carol', 'secret-of-carol', '198.51.100.1'))
    await polled(
      async () => (await sent(world, by('alice', 'secret-of-alice', '198.51.100.1'))).answer.status === 200,
      'the end of it',
    )
    await endInOrder(t, world)
  })
}
