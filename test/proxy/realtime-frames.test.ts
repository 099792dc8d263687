import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import t from 'tap'
import { polled } from '../support/proxy.ts'
import { speak, startRealtime, type VoiceClient } from '../support/realtime-world.ts'
import { endInOrder } from '../support/world.ts'

const CLEAR = '{"type":"input_audio_buffer.clear"}'
const SWITCH = '{"type":"session.update","session":{"model":"gpt-4o"}}'
const BIG = 256 * 1024
const append = (bytes: number) => `{"type":"input_audio_buffer.append","audio":"${'A'.repeat(bytes)}"}`
const UPDATE = { type: 'session.update', session: { max_output_tokens: 100 } }

/** One frame as a client masks it: with zeros, so that the payload stands as it is. */
function frame(first: number, payload: string | Buffer, isMasked = true): Buffer {
  const bytes = Buffer.from(payload)
  return Buffer.concat([
    Buffer.from([first, (isMasked ? 0x80 : 0) | bytes.length]),
    Buffer.alloc(isMasked ? 4 : 0),
    bytes,
  ])
}

const rawOf = (client: VoiceClient) => Reflect.get(client.socket, '_socket') as Socket

function inPieces(client: VoiceClient, text: string, size: number): void {
  for (let at = 0; at < text.length; at += size) {
    client.socket.send(text.slice(at, at + size), { fin: at + size >= text.length, binary: false })
    if (at === size) client.socket.ping()
  }
}

t.test('a message is judged whole, in however many frames it comes', async (t) => {
  const world = await startRealtime(t)
  const { client, session } = await speak(world)
  for (const size of [1, 7, 40]) {
    const before = session.received.entries.length
    inPieces(client, SWITCH, size)
    t.equal((await client.error()).code, 'policy_denied', `pieces of ${size}`)
    inPieces(client, CLEAR, size)
    t.same(await session.received.until((all) => all[before], 'the good one'), CLEAR, `pieces of ${size}: a good one`)
  }
  client.close()
  await client.closed
  await endInOrder(t, world)
})

const broken: readonly (readonly [name: string, frames: Buffer, code: number])[] = [
  ['a compressed frame', frame(0xc1, 'x'), 1002],
  ['a frame without a mask', frame(0x81, CLEAR, false), 1002],
  ['a continuation of nothing', frame(0x80, CLEAR), 1002],
  ['a message inside another one', Buffer.concat([frame(0x01, '{'), frame(0x81, CLEAR)]), 1002],
  ['a ping in pieces', frame(0x09, ''), 1002],
  ['an unknown kind of frame', frame(0x83, ''), 1002],
  ['a text that is no UTF-8', frame(0x81, Buffer.from([0xc3, 0x28])), 1007],
  ['very many pieces', Buffer.concat(Array.from({ length: 2000 }, (_, at) => frame(at === 0 ? 0x01 : 0, ' '))), 1008],
  ['a message above 16 MiB', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0]), 1009],
]

t.test('frames that are none end the session, and nothing of them goes on', async (t) => {
  const world = await startRealtime(t)
  for (const [name, bytes, code] of broken) {
    const { client, session } = await speak(world)
    rawOf(client).write(bytes)
    t.equal((await client.closed).code, code, name)
    await session.closed
    t.same(session.received.entries, [], `${name}: nothing upstream`)
    const complete = await world.proxy.audit.complete(client.requestId)
    t.same([complete.action, complete.get('event.reason')], ['completion-failed', 'frame_malformed'], name)
  }
  const { client, session } = await speak(world)
  client.send(UPDATE)
  await client.event('session.updated')
  client.send(append(15 * 1024 * 1024))
  await session.received.until((all) => all[1], '15 MiB of sound')
  client.close()
  await client.closed
  await endInOrder(t, world)
})

t.test('messages that do not become whole are bounded for each caller', async (t) => {
  const world = await startRealtime(t, { listen: { max_body: '1MiB', max_buffered: '4MiB' } })
  const opened = [await speak(world), await speak(world)]
  const [first, second] = opened
  if (!first || !second) throw new Error('no sessions')
  const half = `{"type":"input_audio_buffer.append","audio":"${'A'.repeat(700 * 1024)}`
  first.client.socket.send(half, { fin: false, binary: false })
  second.client.socket.send(half, { fin: false, binary: false })
  const { code, reason } = await Promise.race(opened.map(({ client }) => client.closed))
  t.same([code, reason], [1008, 'rate_limit_exceeded'])
  const complete = await world.proxy.audit.action('completion-failed')
  t.equal(complete.get('event.reason'), 'body_budget')
  for (const { client } of opened) client.socket.terminate()
  await Promise.all(opened.map(({ client }) => client.closed))
  await endInOrder(t, world)
})

/** Resident memory of a process. Unit: bytes. */
function resident(pid: number | undefined): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

const GROWTH = 64 * 1024 * 1024
const MESSAGES = 600

t.test('a side that does not read is waited for, with bounded memory', async (t) => {
  const world = await startRealtime(t)
  const { pid } = world.proxy.child
  await t.test('the client', async (t) => {
    const { client, session } = await speak(world)
    const before = resident(pid)
    client.socket.pause()
    const delta = JSON.stringify({ type: 'response.output_audio.delta', delta: 'A'.repeat(BIG) })
    for (let count = 0; count < MESSAGES; count++) session.socket.send(delta)
    let waiting = 0
    await polled(async () => {
      const stands = session.socket.bufferedAmount === waiting && waiting > 0
      waiting = session.socket.bufferedAmount
      return stands
    }, 'the provider to wait')
    t.ok(waiting > (MESSAGES * BIG) / 2, `${waiting} bytes wait with the provider`)
    t.ok(resident(pid) - before < GROWTH, `${resident(pid) - before} bytes more`)
    client.socket.resume()
    await client.events.until((all) => all[MESSAGES], 'all of it')
    client.close()
    await client.closed
  })
  await t.test('the upstream', async (t) => {
    const { client, session } = await speak(world)
    client.send(UPDATE)
    await client.event('session.updated')
    const before = resident(pid)
    session.socket.pause()
    for (let count = 0; count < MESSAGES; count++) client.send(append(BIG))
    let waiting = 0
    await polled(async () => {
      const stands = client.socket.bufferedAmount === waiting && waiting > 0
      waiting = client.socket.bufferedAmount
      return stands
    }, 'the client to wait')
    t.ok(waiting > (MESSAGES * BIG) / 2, `${waiting} bytes wait with the client`)
    t.ok(resident(pid) - before < GROWTH, `${resident(pid) - before} bytes more`)
    session.socket.resume()
    await session.received.until((all) => all[MESSAGES], 'all of it')
    client.close()
    await client.closed
  })
  await endInOrder(t, world)
})
