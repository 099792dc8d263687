import { connect as connectPlain } from 'node:net'
import OpenAI from 'openai'
import t from 'tap'
import { Agent, fetch } from 'undici'
import { WebSocket } from 'ws'
import { noCertificates } from '../support/certificates.ts'
import { TEXT } from '../support/model-answers.ts'
import { REALTIME_POLICY, startRealtime, VoiceClient } from '../support/realtime-world.ts'
import { TlsFiles, tlsConnect } from '../support/tls-world.ts'
import { chatBytes, endInOrder, startWorld } from '../support/world.ts'

const missing = noCertificates() ?? false

t.test('the official SDK speaks TLS with the proxy', { skip: missing }, async (t) => {
  const files = new TlsFiles(t)
  const world = await startWorld(t, { listen: files.listen })
  const dispatcher = new Agent({ connect: { ca: files.authority.cert } })
  t.teardown(() => dispatcher.close())
  const client = new OpenAI({
    baseURL: `https://localhost:${world.proxy.port}/v1`,
    apiKey: await world.token(),
    maxRetries: 0,
    fetch: ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as never,
  })
  const messages = [{ role: 'user' as const, content: 'hello' }]
  const { choices } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages })
  t.equal(choices[0]?.message.content, TEXT)
  let streamed = ''
  for await (const chunk of await client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true })) {
    streamed += chunk.choices[0]?.delta.content ?? ''
  }
  t.equal(streamed, TEXT)
  await t.rejects(client.chat.completions.create({ model: 'gpt-4o', messages }), { status: 403, code: 'policy_denied' })
  await endInOrder(t, world)
})

t.test('a WebSocket goes over TLS', { skip: missing }, async (t) => {
  const files = new TlsFiles(t)
  const world = await startRealtime(t, { listen: files.listen, policy: REALTIME_POLICY as never })
  const target = `wss://localhost:${world.proxy.port}/v1/realtime?model=gpt-realtime`
  const headers = { authorization: `Bearer ${await world.token()}` }
  const client = new VoiceClient(new WebSocket(target, { headers, ca: files.authority.cert }))
  await client.event('session.created')
  client.send({ type: 'response.create', response: { max_output_tokens: 100 } })
  await client.event('response.done')
  client.close()
  t.match(await client.closed, { code: 1000 })
  await endInOrder(t, world)
})

t.test('HTTP is as strict over TLS', { skip: missing }, async (t) => {
  const files = new TlsFiles(t)
  const world = await startWorld(t, { listen: files.listen })
  const ca = files.authority.cert
  const token = await world.token()
  const connection = await tlsConnect(world.proxy.port, { ca })
  t.equal(connection.socket.alpnProtocol, false, 'who offers no protocol is given none')
  connection.send(chatBytes(token))
  connection.send(chatBytes(token))
  t.equal((await connection.answer()).status, 200)
  t.equal((await connection.answer()).status, 200, 'a second request on one connection')
  connection.send(chatBytes(token, undefined, ['Content-Type: application/json', 'Host: y']))
  t.match(await connection.answer(), { status: 400, code: 'invalid_request' })
  const broken = await tlsConnect(world.proxy.port, { ca })
  broken.send('no request\r\n\r\n')
  t.equal((await broken.answer()).status, 400)
  t.equal((await world.proxy.audit.action('connection-rejected')).get('http.response.status_code'), 400)
  await endInOrder(t, world)
})

t.test('a handshake that fails is an event, and nothing else happens', { skip: missing }, async (t) => {
  const files = new TlsFiles(t)
  const tls = { ...(files.listen.tls as object), min_version: 'TLSv1.3' }
  const world = await startWorld(t, { listen: { tls, timeouts: { head: '1s' } } })
  const { port, audit } = world.proxy
  const ca = files.authority.cert
  const rows: readonly (readonly [name: string, reason: string, attempt: () => Promise<unknown>])[] = [
    ['an older version', 'tls_handshake_failed', () => tlsConnect(port, { ca, maxVersion: 'TLSv1.2' })],
    ['HTTP/2 alone', 'tls_handshake_failed', () => tlsConnect(port, { ca, ALPNProtocols: ['h2'] })],
    ['plain HTTP', 'tls_expected', () => plainly(port, chatBytes('none'))],
    ['other bytes', 'tls_handshake_failed', () => plainly(port, Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'))],
    ['nothing', 'tls_handshake_timeout', () => plainly(port, Buffer.alloc(0))],
  ]
  for (const [index, [name, reason, attempt]] of rows.entries()) {
    await t.rejects(attempt(), name)
    const event = await audit.action('connection-rejected', index + 1)
    t.same([event.get('event.reason'), event.get('http.response.status_code')], [reason, undefined], name)
    t.equal(event.get('client.ip') ?? event.get('source.ip'), '127.0.0.1', name)
  }
  const good = await tlsConnect(port, { ca, ALPNProtocols: ['h2', 'http/1.1'] })
  t.equal(good.socket.alpnProtocol, 'http/1.1')
  t.equal(good.socket.getProtocol(), 'TLSv1.3')
  good.send(chatBytes(await world.token()))
  t.equal((await good.answer()).status, 200)
  t.equal(world.model.requests.length, 1)
  await endInOrder(t, world)
})

t.test('another certificate is taken without a restart, a broken one is not', { skip: missing }, async (t) => {
  const files = new TlsFiles(t)
  const world = await startWorld(t, { listen: files.listen })
  const { port, audit } = world.proxy
  const ca = files.authority.cert
  const token = await world.token()
  const open = await tlsConnect(port, { ca })
  const first = open.socket.getPeerCertificate().serialNumber
  const serial = async () => {
    const { socket } = await tlsConnect(port, { ca })
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }
  t.equal(await serial(), first)
  files.write({ cert: files.authority.issue().cert, key: files.authority.issue().key })
  const rejected = await audit.action('config-rejected')
  t.match(JSON.stringify(rejected.event), /key_mismatch/)
  t.equal(await serial(), first, 'the last good one stays')
  files.write(files.authority.issue())
  const reloaded = await audit.action('config-reloaded')
  t.notMatch(JSON.stringify(reloaded.event), /listen\.tls/, 'and needs no restart')
  t.not(await serial(), first)
  open.send(chatBytes(token))
  t.equal((await open.answer()).status, 200, 'what was open goes on')
  await endInOrder(t, world)
})

t.test('where CI is set, nothing is left out', (t) => {
  t.ok(process.env.CI === undefined || missing === false)
  t.end()
})

/** Sends bytes without TLS, and fails when the connection is closed without an answer in HTTP. */
function plainly(port: number, bytes: Buffer): Promise<never> {
  return new Promise((_resolve, reject) => {
    const socket = connectPlain(port, '127.0.0.1', () => socket.write(bytes))
    socket.resume()
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
  })
}
