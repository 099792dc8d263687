import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startIdentityProvider } from '../support/identity-provider.ts'
import { MIB, processMemory, noProcessMemory as skip } from '../support/process-memory.ts'
import { polled, startProxy } from '../support/proxy.ts'
import { RawConnection } from '../support/raw-client.ts'
import { within } from '../support/within.ts'
import { ALICE } from '../support/world.ts'

const UPLOAD_BYTES = 500 * MIB
const GROWTH_BYTES = 64 * MIB
const PATIENCE_MS = 100_000
const BOUNDARY = 'x-large'
const BLOCK = Buffer.alloc(MIB, 'twenty-three characters')
const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [{ id: 'files', effect: 'allow', roles: ['analyst'], operations: ['files.*'] }],
}

/** An upstream that keeps nothing: how many bytes came, and what they hash to. */
async function startSink(t: Test): Promise<{ url: string; got: { bytes: number; hash: string; length: number }[] }> {
  const got: { bytes: number; hash: string; length: number }[] = []
  const server: Server = createServer((request, response) => {
    const hash = createHash('sha256')
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      hash.update(chunk)
    })
    request.on('end', () => {
      got.push({ bytes, hash: hash.digest('hex'), length: Number(request.headers['content-length']) })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1","object":"file"}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, got }
}

const part = (boundary: string, head: string) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`

/** Sends a form with a file of so many blocks, as fast as the proxy takes it. */
async function upload(socket: Socket, token: string, blocks: number): Promise<void> {
  const before = Buffer.from(
    `${part(BOUNDARY, 'name="purpose"')}user_data\r\n${part(BOUNDARY, 'name="file"; filename="a.bin"')}`,
  )
  const after = Buffer.from(`\r\n--${BOUNDARY}--\r\n`)
  const head = [
    'POST /v1/files HTTP/1.1',
    'Host: x',
    `Authorization: Bearer ${token}`,
    `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
    `Content-Length: ${before.length + blocks * BLOCK.length + after.length}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  socket.write(before)
  for (let block = 0; block < blocks; block++) {
    if (!socket.write(BLOCK)) await new Promise((resolve) => socket.once('drain', resolve))
  }
  socket.write(after)
}

/** What the form is to be when it comes to the upstream, but for its boundary. */
function expectedBytes(blocks: number): number {
  const own = 'a'.repeat(48)
  const type = 'Content-Type: application/octet-stream\r\n'
  const texts = `${part(own, 'name="purpose"')}user_data\r\n${part(own, 'name="file"; filename="a.bin"')}${type}`
  return Buffer.byteLength(`${texts}\r\n--${own}--\r\n`) + blocks * BLOCK.length
}

t.test('an upload of 500 MB takes the proxy less than 64 MB of memory', { skip, timeout: PATIENCE_MS }, async (t) => {
  const [idp, sink] = await Promise.all([startIdentityProvider(), startSink(t)])
  const proxy = await startProxy({ issuer: idp.issuer, upstream: sink.url, isolation: 'off', policy: POLICY })
  t.teardown(async () => {
    await proxy.close()
    await idp.close()
  })
  const token = await idp.token(ALICE)
  const socket = connect({ port: proxy.port, host: '127.0.0.1' })
  const connection = new RawConnection(socket)
  t.teardown(() => connection.close())
  const send = async (blocks: number) => {
    await Promise.race([upload(socket, token, blocks), connection.ended()])
    await within(connection.receives('"file-1"'), 'the answer to the upload', PATIENCE_MS)
    return connection.answer()
  }

  t.equal((await send(8)).status, 200, 'a small one before, so that all code is there')
  const before = processMemory(proxy.child.pid ?? 0, 'VmRSS')
  const blocks = UPLOAD_BYTES / MIB
  t.equal((await send(blocks)).status, 200)
  const growth = processMemory(proxy.child.pid ?? 0, 'VmHWM') - before
  t.ok(growth < GROWTH_BYTES, `${Math.round(growth / MIB)} MiB more`)
  t.equal(sink.got.length, 2)
  t.equal(sink.got[1]?.bytes, sink.got[1]?.length, 'with its length')
  t.equal(sink.got[1]?.bytes, expectedBytes(blocks), 'all of it came')
  const kept = async () => /^sallyport_spooled_bytes (\d+)$/m.exec((await proxy.admin('/metrics')).body)?.[1]
  await polled(async () => (await kept()) === '0', 'nothing to be kept any more')
  t.equal(await proxy.stop(), 0)
})
