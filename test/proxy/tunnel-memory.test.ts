import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import t from 'tap'
import { polled } from '../support/proxy.ts'
import { open, startTunnels } from '../support/tunnel-world.ts'
import { endInOrder } from '../support/world.ts'

const MIB = 1024 * 1024
const GROWTH_BYTES = 64 * MIB
const HELD_BYTES = 32 * MIB
const MESSAGE = Buffer.alloc(MIB, 'quiet ')
const MESSAGES = 200

const memory = (pid: number, name: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

const skip = process.platform !== 'linux' && 'left out: what a process holds is read from /proc (Linux)'
const rawOf = (socket: object) => Reflect.get(socket, '_socket') as Socket

t.test('what passes is not kept: readers that are slow, each way', { skip, timeout: 100_000 }, async (t) => {
  const world = await startTunnels(t, { listen: { timeouts: { keep_alive: '5s' } } })
  const pid = world.proxy.child.pid ?? 0
  const { client, vendor } = await open(world)
  for (let count = 0; count < 40; count++) client.socket.send(MESSAGE)
  await vendor.heard.until((all) => all[39], 'some before, so that all buffers have their size')
  const before = memory(pid, 'VmRSS')

  rawOf(vendor.socket).pause()
  for (let count = 0; count < MESSAGES; count++) client.socket.send(MESSAGE)
  const sentBy = (socket: object) => rawOf(socket).bytesWritten
  const still = async (socket: object) => {
    let last = -1
    // It writes as much as sockets and buffers take, and then no more.
    await polled(async () => {
      const isStill = client.socket.bufferedAmount > 0 && rawOf(socket).writableLength > 0 && sentBy(socket) === last
      last = sentBy(socket)
      await new Promise((resolve) => setTimeout(resolve, 300))
      return isStill && sentBy(socket) === last
    }, 'a sender that waits')
  }
  await still(client.socket)
  rawOf(vendor.socket).resume()
  await vendor.heard.until((all) => all[MESSAGES + 39], 'all of them, once they are read')

  const other = await open(world)
  rawOf(other.client.socket).pause()
  for (let count = 0; count < MESSAGES; count++) other.vendor.socket.send(MESSAGE)
  const complete = await world.proxy.audit.complete(other.client.requestId)
  t.same([complete.action, complete.get('event.reason')], ['completion-aborted', 'client_closed'])
  const passed = Number(complete.get('http.response.body.bytes'))
  t.ok(passed < HELD_BYTES, `${Math.round(passed / MIB)} MiB passed to a reader that reads nothing`)
  const growth = memory(pid, 'VmHWM') - before
  t.ok(growth < GROWTH_BYTES, `${Math.round(growth / MIB)} MiB more`)
  client.socket.close()
  await client.closed
  other.client.socket.terminate()
  await endInOrder(t, world)
})
