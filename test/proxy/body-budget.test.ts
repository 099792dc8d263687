import t, { type Test } from 'tap'
import { openBlackhole } from '../support/blackhole.ts'
import { startIdentityProvider } from '../support/identity-provider.ts'
import { startModelServer } from '../support/model-server.ts'
import { polled, startProxy } from '../support/proxy.ts'
import type { ProxyOptions } from '../support/proxy-folder.ts'
import { rawConnect, requestBytes } from '../support/raw-client.ts'

const PATH = '/v1/chat/completions'
const body = (filler: number) =>
  JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x'.repeat(filler) }] })

/** Two callers, and room in memory for one large body of each caller and two of them in all. */
async function started(t: Test, options: ProxyOptions = {}) {
  const [idp, model] = await Promise.all([startIdentityProvider(), startModelServer()])
  const proxy = await startProxy({
    issuer: idp.issuer,
    upstream: model.url,
    listen: { max_body: '256KiB', max_buffered: '512KiB' },
    ...options,
  })
  t.teardown(async () => {
    await proxy.stop()
    await Promise.all([idp.close(), model.close()])
  })
  const [alice, carol] = await Promise.all(['alice@example.org', 'carol@example.org'].map((name) => idp.token(name)))
  const whole = (token: string | undefined, filler: number) =>
    requestBytes(
      `POST ${PATH} HTTP/1.1`,
      ['Host: x', `Authorization: Bearer ${token}`, 'Content-Type: application/json'],
      body(filler),
    )
  return { proxy, model, alice, carol, whole }
}

t.test('a caller whose unfinished bodies fill its share is refused; others are not', async (t) => {
  const { proxy, model, alice, carol, whole } = await started(t)
  const held = await rawConnect(proxy.port)
  const large = whole(alice, 200 * 1024)
  await held.flushed(large.subarray(0, -1))

  await polled(async () => {
    const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
    return Number(/^sallyport_buffered_bytes (\d+)$/m.exec(metrics)?.[1]) > 200 * 1024
  }, 'the first body is in memory')

  const second = await rawConnect(proxy.port)
  second.send(whole(alice, 200 * 1024))
  const refused = await second.answer()
  t.equal(refused.status, 429)
  t.equal(JSON.parse(refused.body.toString()).error.code, 'rate_limit_exceeded')
  t.equal(refused.header('retry-after'), '1')
  const event = await proxy.audit.decision(refused.header('x-request-id') ?? '')
  t.equal(event.get('event.reason'), 'body_budget')
  t.equal(model.requests.length, 0, 'nothing went upstream')

  const other = await rawConnect(proxy.port)
  other.send(whole(carol, 200 * 1024))
  t.equal((await other.answer()).status, 200, 'another caller has a share of its own')

  held.send(large.subarray(-1))
  t.equal((await held.answer()).status, 200, 'what was held is served once it is whole')
  const third = await rawConnect(proxy.port)
  third.send(whole(alice, 200 * 1024))
  t.equal((await third.answer()).status, 200, 'and its bytes can be used again')
  for (const connection of [held, second, other, third]) connection.close()
})

t.test('who leaves before there is a connection upstream still holds its bytes', async (t) => {
  const hole = await openBlackhole()
  const url = `http://127.0.0.1:${hole.port}/v1`
  t.teardown(() => hole.close())
  const { proxy, alice, whole } = await started(t, {
    upstreams: [{ name: 'mock', url, models: ['gpt-*'], timeouts: { connect: '3s' } }],
  })
  const buffered = async () =>
    Number(/^sallyport_buffered_bytes (\d+)$/m.exec((await proxy.admin('/metrics')).body)?.[1])
  const left = await rawConnect(proxy.port)
  left.send(whole(alice, 200 * 1024))
  await proxy.audit.action('request-authorized')
  left.close()
  await proxy.audit.action('completion-aborted')
  t.ok((await buffered()) > 200 * 1024, 'they are counted while they wait for the connection')
  const next = await rawConnect(proxy.port)
  t.teardown(() => next.close())
  next.send(whole(alice, 200 * 1024))
  t.equal((await next.answer()).status, 429, 'so that leaving gains nothing')
  await polled(async () => (await buffered()) === 0, 'the end of the wait')
})
