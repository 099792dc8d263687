import OpenAI from 'openai'
import t from 'tap'
import { WebSocket } from 'ws'
import { noCertificates, type Pair } from '../support/certificates.ts'
import { shownCertificate } from '../support/client-authority.ts'
import { ClientCertificates, chatWith, told } from '../support/client-certificate-world.ts'
import { DpopClient } from '../support/dpop-client.ts'
import { TEXT } from '../support/model-answers.ts'
import { ASKING_CLIENT, OpaqueProvider } from '../support/opaque-provider.ts'
import { rawConnect } from '../support/raw-client.ts'
import { REALTIME_POLICY, startRealtime, VoiceClient } from '../support/realtime-world.ts'
import { tlsConnect } from '../support/tls-world.ts'
import { chatBytes, endInOrder, refuses, startWorld } from '../support/world.ts'

const missing = noCertificates() ?? false
const OK = '200'
const messages = [{ role: 'user' as const, content: 'hello' }]
const refusal = (reason: string) => `401 invalid_api_key ${reason}`

for (const mtls of [undefined, {}]) {
  const where = mtls === undefined ? '' : ', where certificates are credentials, too'
  t.test(`tokens that are bound to certificates${where}`, { skip: missing }, async (t) => {
    const certificates = new ClientCertificates(t)
    const identity = { api_keys: { enabled: true }, ...(mtls === undefined ? {} : { mtls }) }
    const world = await startWorld(t, { listen: certificates.listen, identity })
    const { port } = world.proxy
    const [own, other] = ['own', 'other'].map((name) => certificates.issue(`DNS:${name}.example`)) as [Pair, Pair]
    const { thumbprint } = shownCertificate(own, '')
    const token = await world.idp.mint({ cnf: { 'x5t#S256': thumbprint } })
    world.secrets.add(token)
    const client = new OpenAI({
      baseURL: `https://localhost:${port}/v1`,
      apiKey: token,
      maxRetries: 0,
      fetch: certificates.fetcher(t, own),
    })
    const { data, request_id } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages }).withResponse()
    t.equal(data.choices[0]?.message.content, TEXT, 'the official SDK')
    t.equal((await world.proxy.audit.decision(request_id ?? '')).get('sallyport.auth.method'), 'jwt')
    const bearer = `Authorization: Bearer ${token}`
    const by = (pair: Pair | null) => tlsConnect(port, certificates.client(pair))
    t.equal(await told(world, await by(own), chatWith(bearer)), OK)
    t.equal(await told(world, await by(other), chatWith(bearer)), refusal('proof_invalid'), 'another certificate')
    t.equal(await told(world, await by(null), chatWith(bearer)), refusal('proof_missing'), 'none')
    t.equal(await told(world, await by(own), chatWith(`x-api-key: ${token}`)), OK, 'in another header')
    const plain = `Authorization: Bearer ${await world.token()}`
    const beside = mtls === undefined ? OK : '400 ambiguous_credentials ambiguous'
    t.equal(await told(world, await by(own), chatWith(plain)), beside, 'a token that is bound to nothing')
    t.equal(await told(world, await by(null), chatWith(plain)), OK)
    const { stdout } = await world.proxy.command('keys', 'create', '--owner', 'ci', '--group', 'analysts', '--json')
    const { key } = JSON.parse(stdout) as { key: string }
    world.secrets.add(key)
    t.equal(await told(world, await by(own), chatWith(`x-api-key: ${key}`)), beside, 'an API key')
    await endInOrder(t, world)
  })
}

t.test('tokens that are bound to keys', async (t) => {
  const world = await startWorld(t)
  const { proxy, idp, secrets } = world
  const client = await DpopClient.make()
  const token = await idp.mint({ cnf: { jkt: client.thumbprint } })
  secrets.add(token)
  const sdk = new OpenAI({ baseURL: proxy.baseUrl, apiKey: 'unused', maxRetries: 0, fetch: client.fetcher(token) })
  const answer = await sdk.chat.completions.create({ model: 'gpt-4o-mini', messages })
  t.equal(answer.choices[0]?.message.content, TEXT, 'the official SDK')
  const models = []
  for await (const model of sdk.models.list()) models.push(model.id)
  t.ok(models.includes('gpt-4o-mini'), 'by another method')

  const url = `${proxy.baseUrl}/chat/completions`
  const at = async (...headers: string[]) => told(world, await rawConnect(proxy.port), chatWith(...headers))
  const proof = await client.proof(url, token)
  const bound = `Authorization: DPoP ${token}`
  t.equal(await at(bound, `DPoP: ${proof}`), OK)
  t.equal(await at(bound, `DPoP: ${proof}`), refusal('proof_replayed'))
  t.equal(await at(bound), refusal('malformed'), 'without a proof')
  const twice = [await client.proof(url, token), await client.proof(url, token)].map((text) => `DPoP: ${text}`)
  t.equal(await at(bound, ...twice), refusal('malformed'), 'with two')
  t.equal(
    await at(`Authorization: Bearer ${token}`, `DPoP: ${await client.proof(url, token)}`),
    refusal('proof_missing'),
  )
  t.equal(await at(`x-api-key: ${token}`, `DPoP: ${await client.proof(url, token)}`), refusal('proof_missing'))
  const plain = await world.token()
  const ofPlain = `DPoP: ${await client.proof(url, plain)}`
  t.equal(
    await at(`Authorization: DPoP ${plain}`, ofPlain),
    refusal('wrong_type'),
    'a bearer token as if it were bound',
  )
  t.equal(await at(`Authorization: Bearer ${plain}`, ofPlain), OK)
  const elsewhere = await client.proof('http://evil.example/v1/chat/completions', token)
  t.equal(await at(bound, `DPoP: ${elsewhere}`), refusal('proof_invalid'), 'made for somebody else')
  const { answer: refused } = await refuses(t, world, 'as a bearer', chatBytes(token), {
    status: 401,
    code: 'invalid_api_key',
    action: 'authentication-failed',
    reason: 'proof_missing',
  })
  t.match(refused.header('www-authenticate'), /^DPoP .*algs="ES256 /, 'it is told how to come')
  const names = world.model.requests.flatMap(({ headerNames }) => headerNames)
  t.ok(names.includes('authorization'))
  t.notOk(names.includes('dpop'), 'nothing of it goes on')
  await endInOrder(t, world)
})

t.test('an opaque token that a real provider has bound to a key', async (t) => {
  const provider = await OpaqueProvider.start({ alice: { groups: ['analysts'], sub: 'alice@example.org' } })
  t.teardown(() => provider.stop())
  const introspection = { client_id: ASKING_CLIENT.id, client_secret: { env: 'ASKING_SECRET' } }
  const world = await startWorld(t, {
    issuers: [{ name: 'corp', issuer: provider.issuer, audience: ['sallyport'], introspection }],
    env: { ASKING_SECRET: ASKING_CLIENT.secret },
  })
  const { proxy, secrets } = world
  const [client, thief] = await Promise.all([DpopClient.make(), DpopClient.make()])
  const token = await provider.token('alice', 'sallyport', await client.proof(`${provider.issuer}/token`))
  secrets.add(token)
  const url = `${proxy.baseUrl}/chat/completions`
  const by = async (who: DpopClient) =>
    told(
      world,
      await rawConnect(proxy.port),
      chatWith(`Authorization: DPoP ${token}`, `DPoP: ${await who.proof(url, token)}`),
    )
  t.equal(await by(client), OK)
  t.equal(await by(client), OK, 'as it is remembered')
  t.equal(await by(thief), refusal('proof_invalid'))
  const bearer = chatWith(`Authorization: Bearer ${token}`)
  t.equal(await told(world, await rawConnect(proxy.port), bearer), refusal('proof_missing'))
  await endInOrder(t, world)
})

t.test('a session of the Realtime API by a bound token', async (t) => {
  const world = await startRealtime(t, { policy: REALTIME_POLICY as never })
  const { proxy, idp, secrets } = world
  const dpop = await DpopClient.make()
  const token = await idp.mint({ cnf: { jkt: dpop.thumbprint } })
  secrets.add(token)
  const target = `ws://127.0.0.1:${proxy.port}/v1/realtime?model=gpt-realtime`
  const proof = await dpop.proof(target.replace('ws', 'http'), token, 'GET')
  const headers = { authorization: `DPoP ${token}`, dpop: proof }
  const client = new VoiceClient(new WebSocket(target, { headers }))
  await client.event('session.created')
  client.send({ type: 'response.create', response: { max_output_tokens: 100 } })
  await client.event('response.done')
  client.close()
  t.match(await client.closed, { code: 1000 })
  const thief = new VoiceClient(new WebSocket(target, { headers }))
  await t.rejects(thief.event('session.created'), 'the proof is used')
  await endInOrder(t, world)
})
