import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { FormReader } from '../../../src/endpoints/multipart/form.ts'
import { type WrittenForm, writeForm } from '../../../src/endpoints/multipart/written.ts'
import { BLOCK_BYTES, type Spool } from '../../../src/stores/spool.ts'
import { within } from '../../support/within.ts'
import { counted, scene } from './spool-scene.ts'

type Behaviour = (request: IncomingMessage, response: ServerResponse) => unknown

/** A server that treats its requests in the given way, and a pool of connections to it. */
async function upstream(t: Test, behaviour: Behaviour): Promise<Pool> {
  const server: Server = createServer((request, response) => void behaviour(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections: 1 })
  t.teardown(async () => {
    await pool.destroy()
    server.closeAllConnections()
    server.close()
  })
  return pool
}

const FILE = counted(20 * BLOCK_BYTES + 5)

/** A form of one large file that was read, as it goes upstream. */
async function received(spool: Spool): Promise<WrittenForm> {
  const reader = new FormReader('b')
  const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
  const kept = reader.push(Buffer.concat([Buffer.from(head), FILE, Buffer.from('\r\n--b--\r\n')]))
  if (!kept.ok) throw new Error(kept.fault.message)
  for (const bytes of kept.value) {
    const fault = await spool.write(bytes)
    if (fault) throw new Error(fault.message)
  }
  const form = reader.end()
  if (!form.ok) throw new Error(form.fault.message)
  return writeForm(form.value, 'f00dfeed'.repeat(5))
}

/** Sends a form: the status, or the name of what went wrong. */
async function send(pool: Pool, spool: Spool, form: WrittenForm, signal?: AbortSignal): Promise<number | string> {
  const headers = { 'content-type': form.contentType, 'content-length': String(form.length) }
  const body = spool.read(form.segments)
  try {
    const { statusCode, body: answer } = await pool.request({
      method: 'POST',
      path: '/',
      headers,
      body,
      ...(signal ? { signal } : {}),
    })
    await answer.dump()
    return statusCode
  } catch (error) {
    return error instanceof Error ? error.name : 'no error'
  }
}

t.test('a form is sent as it was written, to one upstream and to the next', async (t) => {
  const { spool: openSpool, nothingLeft } = scene(t)
  const bodies: Buffer[] = []
  const pool = await upstream(t, async (request, response) => {
    bodies.push(await buffer(request))
    t.equal(request.headers['content-length'], String(bodies[0]?.length))
    response.end()
  })
  const spool = openSpool()
  const form = await received(spool)
  t.equal(await send(pool, spool, form), 200)
  t.equal(await send(pool, spool, form), 200)
  await spool.dispose()
  const [first = Buffer.alloc(0), second] = bodies
  t.equal(first.length, form.length)
  t.ok(first.includes(FILE) && second !== undefined && first.equals(second))
  await nothingLeft()
})

t.test('broken off while it is sent, nothing is left', async (t) => {
  const { spool: openSpool, nothingLeft } = scene(t)
  const begun: { ended: () => void } = { ended: () => {} }
  const rows: readonly (readonly [string, Behaviour, (spool: Spool, abort: () => void) => unknown, RegExp | number])[] =
    [
      ['the upstream goes', (request) => request.once('data', () => request.destroy()), () => {}, /Error$/],
      [
        'the upstream answers before it has read',
        (request, response) => request.once('data', () => response.writeHead(413, { connection: 'close' }).end()),
        () => {},
        /Error$|^413$/,
      ],
      ['the client goes', (request) => request.once('data', () => begun.ended()), (_, abort) => abort(), /AbortError/],
      [
        'the proxy gives it up',
        (request) => request.once('data', () => begun.ended()),
        (spool) => spool.dispose(),
        /Error$/,
      ],
    ]
  for (const [name, behaviour, then, expected] of rows) {
    const pool = await upstream(t, behaviour)
    const spool = openSpool()
    const form = await received(spool)
    const controller = new AbortController()
    begun.ended = () => then(spool, () => controller.abort())
    const outcome = await within(send(pool, spool, form, controller.signal), name)
    t.match(String(outcome), expected, name)
    await within(spool.dispose(), `${name}: disposal`)
    await nothingLeft()
  }
})
