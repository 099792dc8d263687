import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { line } from '../support/batch-files.ts'
import { startIdentityProvider } from '../support/identity-provider.ts'
import { startProxy } from '../support/proxy.ts'
import { RawConnection } from '../support/raw-client.ts'
import { within } from '../support/within.ts'
import { ALICE } from '../support/world.ts'

const MIB = 1024 * 1024
const GROWTH_BYTES = 96 * MIB
const PATIENCE_MS = 100_000
const BOUNDARY = 'x-large'
const PROSE = 'a few words more '.repeat(240)
const LINES = 50_000
const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [{ id: 'all', effect: 'allow', roles: ['analyst'], operations: ['files.*', 'chat'], models: ['gpt-4o-mini'] }],
}

/** An upstream that keeps nothing: how many bytes came, and what the lines among them hash to. */
async function startSink(t: Test): Promise<{ url: string; got: { lines: number; hash: string }[] }> {
  const got: { lines: number; hash: string }[] = []
  const server: Server = createServer((request, response) => {
    const hash = createHash('sha256')
    let rest = ''
    let lines = 0
    request.setEncoding('latin1').on('data', (chunk: string) => {
      const whole = (rest + chunk).split('\n')
      rest = whole.pop() ?? ''
      for (const one of whole) {
        if (!one.startsWith('{')) continue
        lines++
        hash.update(`${one}\n`)
      }
    })
    request.on('end', () => {
      got.push({ lines, hash: hash.digest('hex') })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1","object":"file"}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, got }
}

const part = (head: string) => `--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`
const nth = (index: number) => `${line(String(index).padStart(8, '0'), { user: PROSE })}\n`

/** Sends so many lines, as fast as the proxy takes them; what they hash to. */
async function upload(socket: Socket, token: string, lines: number): Promise<string> {
  const before = Buffer.from(`${part('name="purpose"')}batch\r\n${part('name="file"; filename="a.jsonl"')}`)
  const after = Buffer.from(`\r\n--${BOUNDARY}--\r\n`)
  const head = [
    'POST /v1/files HTTP/1.1',
    'Host: x',
    `Authorization: Bearer ${token}`,
    `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
    `Content-Length: ${before.length + lines * nth(0).length + after.length}`,
  ]
  const hash = createHash('sha256')
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  socket.write(before)
  for (let index = 0; index < lines; index++) {
    const text = nth(index)
    hash.update(text)
    if (!socket.write(text)) await new Promise((resolve) => socket.once('drain', resolve))
  }
  socket.write(after)
  return hash.digest('hex')
}

const memory = (pid: number, name: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

const skip = process.platform !== 'linux' && 'left out: what a process holds is read from /proc (Linux)'

t.test('50,000 lines of 200 MB are judged in bounded memory', { skip, timeout: PATIENCE_MS }, async (t) => {
  const [idp, sink] = await Promise.all([startIdentityProvider(), startSink(t)])
  const proxy = await startProxy({ issuer: idp.issuer, upstream: sink.url, policy: POLICY })
  t.teardown(async () => {
    await proxy.close()
    await idp.close()
  })
  const token = await idp.token(ALICE)
  const socket = connect({ port: proxy.port, host: '127.0.0.1' })
  const connection = new RawConnection(socket)
  t.teardown(() => connection.close())
  const send = async (lines: number) => {
    const hash = await upload(socket, token, lines)
    await within(connection.receives('"file-1'), 'the answer to the upload', PATIENCE_MS)
    const { status } = await connection.answer()
    return { status, hash }
  }

  t.equal((await send(2000)).status, 200, 'a small one before, so that all code is there')
  const before = memory(proxy.child.pid ?? 0, 'VmRSS')
  const { status, hash } = await send(LINES)
  t.equal(status, 200)
  const growth = memory(proxy.child.pid ?? 0, 'VmHWM') - before
  t.ok(growth < GROWTH_BYTES, `${Math.round(growth / MIB)} MiB more`)
  t.same(sink.got[1], { lines: LINES, hash }, 'every line came, as it was sent')
  t.equal(await proxy.stop(), 0)
})
