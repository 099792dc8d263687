import { createHash } from 'node:crypto'
import t from 'tap'
import {
  type LargeForm,
  partHead,
  type Sink,
  startSink,
  startUploading,
  LARGE_PATIENCE_MS as timeout,
} from '../support/large-upload.ts'
import { MIB, processMemory, noProcessMemory as skip } from '../support/process-memory.ts'
import { polled } from '../support/proxy.ts'

const UPLOAD_BYTES = 500 * MIB
const GROWTH_BYTES = 64 * MIB
const BLOCK = Buffer.alloc(MIB, 'twenty-three characters')
const policy = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [{ id: 'files', effect: 'allow', roles: ['analyst'], operations: ['files.*'] }],
}

/** How many bytes came, what they hash to, and how many were announced. */
function byteSink(): Sink<{ bytes: number; hash: string; length: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    take: (chunk) => {
      bytes += chunk.length
      hash.update(chunk)
    },
    end: (length) => ({ bytes, hash: hash.digest('hex'), length }),
  }
}

/** So many blocks. */
function formOf(count: number): LargeForm {
  return { purpose: 'user_data', filename: 'a.bin', count, pieceBytes: BLOCK.length, piece: () => BLOCK }
}

/** What the form is to be when it comes to the upstream, but for its boundary. */
function expectedBytes(blocks: number): number {
  const own = 'a'.repeat(48)
  const type = 'Content-Type: application/octet-stream\r\n'
  const texts = `${partHead(own, 'name="purpose"')}user_data\r\n${partHead(own, 'name="file"; filename="a.bin"')}${type}`
  return Buffer.byteLength(`${texts}\r\n--${own}--\r\n`) + blocks * BLOCK.length
}

t.test('an upload of 500 MB takes the proxy less than 64 MB of memory', { skip, timeout }, async (t) => {
  const sink = await startSink(t, byteSink)
  const { proxy, send } = await startUploading(t, { upstream: sink.url, isolation: 'off', policy })
  t.equal(await send(formOf(8)), 200, 'a small one before, so that all code is there')
  const before = processMemory(proxy.child.pid ?? 0, 'VmRSS')
  const blocks = UPLOAD_BYTES / MIB
  t.equal(await send(formOf(blocks)), 200)
  const growth = processMemory(proxy.child.pid ?? 0, 'VmHWM') - before
  t.ok(growth < GROWTH_BYTES, `${Math.round(growth / MIB)} MiB more`)
  t.equal(sink.got.length, 2)
  t.equal(sink.got[1]?.bytes, sink.got[1]?.length, 'with its length')
  t.equal(sink.got[1]?.bytes, expectedBytes(blocks), 'all of it came')
  const kept = async () => /^sallyport_spooled_bytes (\d+)$/m.exec((await proxy.admin('/metrics')).body)?.[1]
  await polled(async () => (await kept()) === '0', 'nothing to be kept any more')
  t.equal(await proxy.stop(), 0)
})
