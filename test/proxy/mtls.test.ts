import { writeFileSync } from 'node:fs'
import OpenAI from 'openai'
import t from 'tap'
import { WebSocket } from 'ws'
import { noCertificates } from '../support/certificates.ts'
import { ClientAuthority, FOR_CLIENTS } from '../support/client-authority.ts'
import { ClientCertificates, chatWith, decisionOf, told } from '../support/client-certificate-world.ts'
import { HeldHandshake } from '../support/held-handshake.ts'
import { TEXT } from '../support/model-answers.ts'
import { polled } from '../support/proxy.ts'
import { REALTIME_POLICY, startRealtime, VoiceClient } from '../support/realtime-world.ts'
import { tlsConnect } from '../support/tls-world.ts'
import { endInOrder, startWorld } from '../support/world.ts'

const missing = noCertificates() ?? false
const OK = '200'

t.test('callers by their certificates', { skip: missing }, async (t) => {
  const certificates = new ClientCertificates(t)
  const { listen, files } = certificates
  const world = await startWorld(t, { listen, identity: { mtls: {}, api_keys: { enabled: true } } })
  const { port, audit } = world.proxy
  const alice = certificates.issue('email:alice@example.org')
  const client = new OpenAI({
    baseURL: `https://localhost:${port}/v1`,
    apiKey: 'unused',
    maxRetries: 0,
    defaultHeaders: { Authorization: null },
    fetch: certificates.fetcher(t, alice),
  })
  const messages = [{ role: 'user' as const, content: 'hello' }]
  const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages }).withResponse()
  t.equal(answer.data.choices[0]?.message.content, TEXT, 'the official SDK')
  const decision = await audit.decision(answer.request_id ?? '')
  t.same(
    ['user.id', 'sallyport.auth.method', 'sallyport.auth.issuer'].map((name) => decision.get(name)),
    ['alice@example.org', 'mtls', 'mtls'],
  )
  await t.rejects(client.chat.completions.create({ model: 'gpt-4o', messages }), { status: 403, code: 'policy_denied' })

  const by = (pair: Parameters<typeof certificates.client>[0]) => tlsConnect(port, certificates.client(pair))
  const bob = certificates.issue('email:bob@example.org', ['interns'])
  const bare = certificates.authority.issue({ subject: '/OU=analysts/CN=alice' })
  const server = certificates.authority.issue({
    extensions: ['extendedKeyUsage=serverAuth', 'subjectAltName=DNS:a.example'],
  })
  const token = await world.token()
  const bearer = `Authorization: Bearer ${token}`
  const rows = [
    ['in the right group', alice, [], OK],
    ['in another group', bob, [], '403 policy_denied role_missing'],
    ['with a CN alone', bare, [], '401 invalid_api_key claim_missing'],
    ['nothing', null, [], '401 missing_credentials missing'],
    ['a token, and no certificate', null, [bearer], OK],
    ['both', alice, [bearer], '400 ambiguous_credentials ambiguous'],
    ['both, the token wrong', alice, ['x-api-key: wrong'], '401 invalid_api_key malformed'],
    ['both, with a password', alice, ['Authorization: Basic YTpi'], '400 ambiguous_credentials ambiguous'],
    [
      'a credential that is none beside it',
      alice,
      ['Authorization: Digest x'],
      '401 invalid_api_key unsupported_scheme',
    ],
  ] as const
  for (const [name, pair, headers, outcome] of rows) {
    t.equal(await told(world, await by(pair), chatWith(...headers)), outcome, name)
  }
  for (const header of [
    'X-Client-Cert',
    'X-Forwarded-Client-Cert',
    'X-SSL-Client-Cert',
    'SSL-Client-Cert',
    'Client-Cert',
  ]) {
    const outcome = await told(
      world,
      await by(null),
      chatWith(`${header}: ${Buffer.from(alice.cert).toString('base64')}`),
    )
    t.equal(outcome, '401 missing_credentials missing', header)
  }

  const other = new ClientAuthority()
  t.teardown(() => other.close())
  const expired = certificates.authority.issue({ days: -1, extensions: [FOR_CLIENTS, 'subjectAltName=DNS:a.example'] })
  const foreign = other.issue({ extensions: [FOR_CLIENTS, 'subjectAltName=email:alice@example.org'] })
  for (const [index, [name, pair]] of [
    ['of another authority', foreign],
    ['over', expired],
    ['for servers', server],
  ].entries() as IterableIterator<[number, [string, typeof foreign]]>) {
    const refused = await by(pair)
    refused.send(chatWith(bearer))
    await t.rejects(refused.answer(), `${name}: no answer, whatever else it brings`)
    const event = await audit.action('connection-rejected', index + 1)
    t.equal(event.get('event.reason'), 'client_certificate', name)
  }
  t.notMatch(audit.text, /BEGIN CERTIFICATE/)
  t.ok(files.folder)
  await endInOrder(t, world)
})

t.test('an identity is of its connection', { skip: missing }, async (t) => {
  const certificates = new ClientCertificates(t)
  const world = await startWorld(t, { listen: certificates.listen, identity: { mtls: {} } })
  const { port } = world.proxy
  const alice = certificates.issue('email:alice@example.org')
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const first = await tlsConnect(port, { ...certificates.client(alice), maxVersion })
    let session = first.socket.getSession()
    first.socket.on('session', (one) => {
      session = one
    })
    t.equal(await told(world, first, chatWith()), OK)
    const resumed = await tlsConnect(port, { ...certificates.client(null), maxVersion, session })
    t.notOk(resumed.socket.isSessionReused(), `${maxVersion}: no session goes on`)
    t.equal(await told(world, resumed, chatWith()), '401 missing_credentials missing', maxVersion)
    for (const servername of ['LOCALHOST', 'other.example', '']) {
      const named = await tlsConnect(port, {
        ...certificates.client(null),
        maxVersion,
        servername,
        rejectUnauthorized: false,
      })
      t.equal(await told(world, named, chatWith()), '401 missing_credentials missing', `${maxVersion}: ${servername}`)
    }
  }
  const one = await tlsConnect(port, certificates.client(alice))
  one.send(Buffer.concat([chatWith(), chatWith()]))
  for (const name of ['first', 'second']) {
    const decision = await decisionOf(world, await one.answer())
    t.equal(decision.get('user.id'), 'alice@example.org', `the ${name} request on one connection`)
  }
  await endInOrder(t, world)
})

t.test('a certificate that is revoked while its connection is open', { skip: missing }, async (t) => {
  const certificates = new ClientCertificates(t)
  const { authority, listFile } = certificates
  const [alice, bob] = ['alice', 'bob'].map((name) => certificates.issue(`email:${name}@example.org`)) as [
    ReturnType<typeof certificates.issue>,
    ReturnType<typeof certificates.issue>,
  ]
  writeFileSync(listFile, authority.revocations())
  const world = await startWorld(t, {
    listen: certificates.listen,
    identity: { mtls: { crl: { file: listFile } } },
  })
  const { port, audit } = world.proxy
  const open = await tlsConnect(port, certificates.client(alice))
  t.equal(await told(world, open, chatWith()), OK)
  authority.revoke(alice)
  writeFileSync(listFile, authority.revocations())
  await audit.action('config-reloaded')
  t.equal(await told(world, open, chatWith()), '401 invalid_api_key revoked', 'on the same connection')
  const anew = await tlsConnect(port, certificates.client(alice))
  t.equal(await told(world, anew, chatWith()), '401 invalid_api_key revoked', 'on another one')
  t.equal(await told(world, await tlsConnect(port, certificates.client(bob)), chatWith()), OK, 'another certificate')

  writeFileSync(listFile, 'half a list')
  await audit.action('config-rejected')
  const still = await tlsConnect(port, certificates.client(bob))
  t.equal(await told(world, still, chatWith()), OK, 'the last good list stays in force')
  t.equal(await told(world, anew, chatWith()), '401 invalid_api_key revoked')
  await endInOrder(t, world)
})

t.test('other authorities from now on', { skip: missing }, async (t) => {
  const certificates = new ClientCertificates(t)
  const other = new ClientAuthority('/CN=Other')
  t.teardown(() => other.close())
  const world = await startWorld(t, { listen: certificates.listen, identity: { mtls: {} } })
  const { port, audit } = world.proxy
  const alice = certificates.issue('email:alice@example.org')
  const carol = other.issue({ subject: '/OU=analysts', extensions: [FOR_CLIENTS, 'subjectAltName=DNS:carol.example'] })
  const open = await tlsConnect(port, certificates.client(alice))
  open.send(chatWith().subarray(0, 20))
  const held = await HeldHandshake.before(t, port)
  const late = await tlsConnect(held.port, certificates.client(alice))
  writeFileSync(certificates.authorityFile, other.cert)
  await audit.action('config-reloaded')
  open.send(chatWith().subarray(20))
  const answer = await open.answer()
  t.equal((await decisionOf(world, answer)).get('event.reason'), 'unknown_authority', 'on a connection from before')
  const isTaken = async () =>
    tlsConnect(port, certificates.client(carol))
      .then(async (connection) => (await told(world, connection, chatWith())) === OK)
      .catch(() => false)
  await polled(isTaken, 'the other authority')
  held.release()
  const lately = await told(world, late, chatWith())
  t.equal(lately, '401 invalid_api_key unknown_authority', 'whose handshake had begun before')
  await endInOrder(t, world)
})

t.test('a session of the Realtime API by a certificate', { skip: missing }, async (t) => {
  const certificates = new ClientCertificates(t)
  const world = await startRealtime(t, {
    listen: certificates.listen,
    identity: { mtls: {}, api_keys: { enabled: true } },
    policy: REALTIME_POLICY as never,
  })
  const target = `wss://localhost:${world.proxy.port}/v1/realtime?model=gpt-realtime`
  const alice = certificates.issue('email:alice@example.org')
  const client = new VoiceClient(new WebSocket(target, certificates.client(alice) as object))
  await client.event('session.created')
  client.send({ type: 'response.create', response: { max_output_tokens: 100 } })
  await client.event('response.done')
  client.close()
  t.match(await client.closed, { code: 1000 })
  const stranger = new VoiceClient(new WebSocket(target, certificates.client(null) as object))
  await t.rejects(stranger.event('session.created'))
  await endInOrder(t, world)
})
