import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import t from 'tap'
import { endless } from '../support/model-behaviours.ts'
import { routed, startPassthrough } from '../support/passthrough-world.ts'
import { polled } from '../support/proxy.ts'
import { RawConnection, rawConnect } from '../support/raw-client.ts'
import { ALICE, endInOrder } from '../support/world.ts'

const MIB = 1024 * 1024
const UPLOAD_BYTES = 400 * MIB
const GROWTH_BYTES = 64 * MIB
const BLOCK = Buffer.alloc(MIB, 'x')
const PATH = '/vendor/long'

const memory = (pid: number, name: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

const skip = process.platform !== 'linux' && 'left out: what a process holds is read from /proc (Linux)'

t.test('what passes is not kept: a long body, and a stream that nobody reads', { skip, timeout: 60_000 }, async (t) => {
  const world = await startPassthrough(t)
  const { model, proxy } = world
  const alice = await world.token(ALICE)
  let received = 0
  model.scriptEarly(PATH, ({ response }) => {
    const { req: request } = response
    request.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    request.on('end', () => response.writeHead(200, { 'content-type': 'text/plain' }).end('taken'))
  })
  const connection = new RawConnection(connect({ port: proxy.port, host: '127.0.0.1' }))
  const send = async (blocks: number) => {
    const framing = `Content-Length: ${blocks * BLOCK.length}`
    connection.send(routed(alice, `POST ${PATH}`, '', ['Content-Type: text/plain', framing]))
    for (let block = 0; block < blocks; block++) {
      if (!connection.socket.write(BLOCK)) await new Promise((resolve) => connection.socket.once('drain', resolve))
    }
    return (await connection.answer()).status
  }
  t.equal(await send(64), 200, 'one before, so that all code is there and all buffers have their size')
  const before = memory(proxy.child.pid ?? 0, 'VmRSS')
  t.equal(await send(UPLOAD_BYTES / MIB), 200)
  t.equal(received, 64 * MIB + UPLOAD_BYTES, 'all of it came')

  const written = { bytes: 0 }
  model.scriptPath('/vendor/endless', endless(written))
  const reader = await rawConnect(proxy.port)
  reader.send(routed(alice, 'GET /vendor/endless'))
  await reader.receives('data: ')
  reader.socket.pause()
  let last = -1
  // It writes as much as sockets and buffers take, and then no more.
  await polled(async () => {
    const isStill = written.bytes === last
    last = written.bytes
    await new Promise((resolve) => setTimeout(resolve, 300))
    return isStill && written.bytes === last
  }, 'a stream that waits for its reader')
  t.ok(written.bytes < 32 * MIB, `${Math.round(written.bytes / MIB)} MiB written to a reader that reads nothing`)
  const growth = memory(proxy.child.pid ?? 0, 'VmHWM') - before
  t.ok(growth < GROWTH_BYTES, `${Math.round(growth / MIB)} MiB more`)
  reader.close()
  connection.close()
  await proxy.audit.action('completion-aborted')
  await endInOrder(t, world)
})
