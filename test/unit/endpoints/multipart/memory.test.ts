import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { FormReader } from '../../../../src/endpoints/multipart/form.ts'
import { writeForm } from '../../../../src/endpoints/multipart/written.ts'
import { Spool } from '../../../../src/stores/spool.ts'

const MIB = 1024 * 1024
const FILE_BYTES = 200 * MIB
const CHUNK_BYTES = 64 * 1024
/** A fiftieth of what passes, and far above what the collector leaves lying about. */
const GROWTH_BYTES = 4 * MIB

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** What is held now. The second collection takes what only the first one's finalizers let go of. Unit: bytes. */
async function held(): Promise<number> {
  collect()
  await turn()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

t.test('a large upload passes without being held', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-memory-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const boundary = '----WebKitFormBoundaryA1'
  const reader = new FormReader(boundary)
  const spool = new Spool({ folder, allowance: { take: () => null } })
  const push = async (bytes: Buffer) => {
    const kept = reader.push(bytes)
    if (!kept.ok) throw new Error(kept.fault.message)
    for (const piece of kept.value) {
      const refused = await spool.write(piece)
      if (refused) throw new Error(refused.message)
    }
  }
  const before = await held()
  let most = 0
  await push(Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`))
  for (let sent = 0; sent < FILE_BYTES; sent += CHUNK_BYTES) {
    await push(Buffer.alloc(CHUNK_BYTES, '\r\n----WebKit\r'))
    if (sent % (20 * MIB) === 0) most = Math.max(most, (await held()) - before)
  }
  await push(
    Buffer.from(`\r\n--${boundary}\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--${boundary}--\r\n`),
  )
  const form = reader.end()
  if (!form.ok) return t.fail(form.fault.message)
  t.ok(most < GROWTH_BYTES, `read: ${most} bytes at most`)
  t.equal(spool.length, FILE_BYTES)

  const written = writeForm(form.value, 'f00dfeed'.repeat(5))
  const again = new FormReader('f00dfeed'.repeat(5))
  let sent = 0
  let seen = 0
  most = 0
  for await (const piece of spool.read(written.segments)) {
    const kept = again.push(piece)
    if (!kept.ok) return t.fail(kept.fault.message)
    sent += piece.length
    if (Math.floor(sent / (20 * MIB)) > seen) {
      seen++
      most = Math.max(most, (await held()) - before)
    }
  }
  t.ok(most < GROWTH_BYTES, `sent: ${most} bytes at most`)
  t.equal(sent, written.length)
  const read = again.end()
  t.same(
    read.ok && read.value.parts,
    form.value.parts.map((part) => ({
      ...part,
      head: { ...part.head, type: part.kind === 'file' ? 'application/octet-stream' : null },
    })),
  )
  await spool.dispose()
  // Measured anew: what was compiled at the start may have been let go of since.
  const after = await held()
  const kept = Buffer.alloc(2 * GROWTH_BYTES)
  t.ok((await held()) - after > GROWTH_BYTES, `${kept.length} bytes that are held are seen`)
})
