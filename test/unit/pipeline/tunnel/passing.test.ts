import { type Duplex, duplexPair } from 'node:stream'
import t from 'tap'
import { type Fault, fault } from '../../../../src/model/fault.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { Passing } from '../../../../src/pipeline/tunnel/passing.ts'
import { KeyGuard } from '../../../../src/upstream/key-guard.ts'

const LONG = { idleMs: 60_000, totalMs: 60_000, clientMs: 60_000 }
const KEY = 'sk-0123456789abcdef'
const text = (said: string) => Buffer.concat([Buffer.from([0x81, said.length]), Buffer.from(said)])

/** Both ends of a tunnel as their peers have them. */
function opened() {
  const pairs = [duplexPair(), duplexPair()] as const
  const [[client, clientPeer], [upstream, upstreamPeer]] = pairs
  const state = { lost: null as Fault | null, bug: null as Error | null, bugs: [] as unknown[] }
  const fault = () => {
    if (state.bug !== null) throw state.bug
    return state.lost
  }
  const cut = () => {
    for (const end of [upstream, upstreamPeer]) end.destroy()
  }
  const tunnel = { end: upstream, protocol: null, cut }
  const guard = KeyGuard.open(new Secret(KEY))
  const passing = new Passing(client, tunnel, guard, { fault, tick: fault }, LONG, (cause) => state.bugs.push(cause))
  return { client: clientPeer, upstream: upstreamPeer, state, passing, ending: passing.run() }
}

const heard = async (end: Duplex) =>
  ((await new Promise((resolve) => end.once('data', resolve))) as Buffer).toString('hex')

t.test('bytes of a caller who may not go on do not', async (t) => {
  const { client, upstream, state, ending } = opened()
  client.write(text('one'))
  t.equal(await heard(upstream), text('one').toString('hex'))
  state.lost = fault('audit_unavailable', 'x', { reason: 'audit_unavailable' })
  const [told, goodbye] = [heard(client), heard(upstream)]
  client.write(text('two'))
  t.match(await told, /^8813/, 'the client is told')
  t.match(await goodbye, /^8882/, 'and all that the upstream hears is a goodbye')
  client.end()
  upstream.end()
  const { outcome, session } = await ending
  t.same([outcome, session?.extra], ['broken', { 'session.close_code': 1013 }])
})

t.test('a bug ends it, and nothing else', async (t) => {
  const { client, state, ending } = opened()
  state.bug = new Error('a bug')
  client.write(text('one'))
  const { outcome, fault } = await ending
  t.same([outcome, fault?.code, state.bugs], ['broken', 'internal', [state.bug]])
})

t.test(
  'the key is taken out of a frame, and what looks like its beginning waits no longer than the frame',
  async (t) => {
    const { client, upstream, ending } = opened()
    upstream.write(text('it is sk-0123'))
    t.equal(await heard(client), text('it is sk-0123').toString('hex'), 'a whole frame')
    const whole = text(`${KEY}!`)
    const parts: Buffer[] = []
    client.on('data', (chunk: Buffer) => parts.push(chunk))
    upstream.write(whole.subarray(0, 9))
    await new Promise((resolve) => setImmediate(resolve))
    upstream.write(whole.subarray(9))
    await new Promise((resolve) => setImmediate(resolve))
    t.equal(Buffer.concat(parts).toString('hex'), text(`${'*'.repeat(KEY.length)}!`).toString('hex'))
    client.destroy()
    t.equal((await ending).outcome, 'client_gone')
  },
)

t.test('it ends once, for the first reason', async (t) => {
  const { client, upstream, passing, ending } = opened()
  for (const end of [client, upstream]) end.resume()
  passing.end(fault('shutting_down', 'x', { reason: 'shutting_down' }))
  passing.end(fault('policy_denied', 'y'))
  client.end()
  upstream.end()
  const { fault: reason } = await ending
  t.equal(reason?.code, 'shutting_down')
})
