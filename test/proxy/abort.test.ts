import t from 'tap'
import { endless, stallBeforeHead, stallMidStream } from '../support/model-behaviours.ts'
import { polled } from '../support/proxy.ts'
import { type RawConnection, rawConnect } from '../support/raw-client.ts'
import { descriptorGuard } from '../support/traffic.ts'
import { allows, chatBody, chatBytes, endInOrder, startWorld, type World } from '../support/world.ts'

const SILENT = 'gpt-4o-mini-silent'
const STREAM = 'gpt-4o-mini-stream'
const ENDLESS = 'gpt-4o-mini-endless'

async function startScripted(...argv: Parameters<typeof startWorld>): Promise<World> {
  const world = await startWorld(...argv)
  world.model.script(SILENT, stallBeforeHead)
  world.model.script(STREAM, stallMidStream)
  world.model.script(ENDLESS, endless({ bytes: 0 }))
  return world
}

/** How a client leaves. A closed half cannot be told from a close, and no SDK leaves its own half closed and reads on. */
const LEAVINGS = [
  ['closes', (connection: RawConnection) => connection.close()],
  ['resets', (connection: RawConnection) => void connection.socket.resetAndDestroy()],
  ['closes its half', (connection: RawConnection) => void connection.socket.end()],
] as const

const MOMENTS = [
  ['before the head of an answer', chatBody(SILENT), null],
  ['before the head of a stream', chatBody(SILENT, { stream: true }), null],
  ['in a stream that is silent', chatBody(STREAM, { stream: true }), 'data: '],
  ['in a stream that never ends', chatBody(ENDLESS, { stream: true }), 'data: '],
] as const

t.test('a client leaves: the upstream is told, and the audit once', async (t) => {
  const world = await startScripted(t)
  const { proxy, model } = world
  const token = await world.token()
  await allows(t, world, 'the twin that stays', chatBytes(token))
  let count = 1
  for (const [moment, body, waitFor] of MOMENTS) {
    for (const [how, leave] of LEAVINGS) {
      const name = `${how} ${moment}`
      const connection = await rawConnect(proxy.port)
      connection.send(chatBytes(token, body))
      const upstream = await model.arrival(++count)
      if (waitFor !== null) await connection.receives(waitFor)
      leave(connection)
      t.equal(await upstream.over, 'aborted', `${name}: upstream`)
      const aborted = await proxy.audit.action('completion-aborted', count - 1)
      t.same([aborted.get('event.reason'), aborted.get('event.outcome')], ['client_closed', 'unknown'], name)
      t.equal(aborted.get('http.response.status_code'), waitFor === null ? undefined : 200, `${name}: the status sent`)
    }
  }
  await endInOrder(t, world)
})

t.test('a client leaves while it sends: nothing goes upstream', async (t) => {
  const world = await startScripted(t)
  const { proxy, model } = world
  const whole = chatBytes(await world.token(), chatBody('gpt-4o-mini', { user: 'x'.repeat(100_000) }))
  for (const [index, [how, leave]] of LEAVINGS.entries()) {
    const connection = await rawConnect(proxy.port)
    await connection.flushed(whole.subarray(0, whole.length - 1))
    // Once a later request is answered, the head of this one was read.
    await allows(t, world, 'somebody else', chatBytes(await world.token()))
    leave(connection)
    const denied = await proxy.audit.action('request-denied', index + 1)
    t.same([denied.get('event.reason'), denied.stage], ['client_closed', 'decision'], how)
    t.equal(model.requests.length, index + 1, `${how}: only the other one went upstream`)
  }
  await allows(t, world, 'the twin that is sent whole', whole)
  await endInOrder(t, world)
})

/** Settles with a number once it stands still: looked at this often in a row without a change. */
async function settled(read: () => number, looks = 25): Promise<number> {
  let [last, same] = [Number.NaN, 0]
  await polled(async () => {
    const now = read()
    same = now === last ? same + 1 : 0
    last = now
    return same >= looks
  }, 'a number to stand still')
  return last
}

t.test('a client that does not read holds the upstream back, and nothing piles up', async (t) => {
  const world = await startScripted(t)
  const { proxy, model } = world
  const written = { bytes: 0 }
  model.script(ENDLESS, endless(written))
  const slow = await rawConnect(proxy.port)
  slow.send(chatBytes(await world.token(), chatBody(ENDLESS, { stream: true })))
  await slow.receives('data: ')
  slow.socket.pause()
  const stopped = await settled(() => written.bytes)
  t.ok(stopped > 0, `the upstream stopped after ${stopped} bytes`)
  await allows(t, world, 'others are served', chatBytes(await world.token()))
  t.equal(written.bytes, stopped, 'and the upstream still waits')
  slow.socket.resume()
  await polled(async () => written.bytes > stopped, 'the stream to go on')
  slow.close()
  await proxy.audit.action('completion-aborted')
  t.equal(await (await model.arrival(1)).over, 'aborted')
  await endInOrder(t, world)
})

t.test('a thousand aborts leave nothing behind', async (t) => {
  const world = await startScripted(t)
  const { proxy, model } = world
  const token = await world.token()
  await allows(t, world, 'before', chatBytes(token))
  const nothingLeft = descriptorGuard(proxy)
  const ALL = 1000
  let begun = 0
  const client = async () => {
    while (begun < ALL) {
      const number = begun++
      const [, body, waitFor] = MOMENTS[number % 3] ?? MOMENTS[0]
      const connection = await rawConnect(proxy.port)
      connection.send(chatBytes(token, body))
      if (waitFor === null) await model.arrival(number + 2)
      else await connection.receives(waitFor)
      LEAVINGS[number % LEAVINGS.length]?.[1](connection)
    }
  }
  await Promise.all(Array.from({ length: 20 }, client))
  await proxy.audit.lines.until(
    (lines) =>
      lines.filter(({ action }) => action === 'completion-aborted').length >= model.requests.length - 1
        ? true
        : undefined,
    'the end of each in the audit',
    30_000,
  )
  t.equal(model.requests.length, ALL + 1)
  t.same(
    new Set(await Promise.all(model.requests.slice(1).map(({ over }) => over))),
    new Set(['aborted']),
    'each was aborted upstream',
  )
  await polled(async () => model.open === 0, 'every connection upstream to be closed')
  await nothingLeft()
  await allows(t, world, 'afterwards', chatBytes(token))
  await endInOrder(t, world)
})
