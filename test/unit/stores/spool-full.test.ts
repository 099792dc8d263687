import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import type { Fault } from '../../../src/model/fault.ts'
import { BLOCK_BYTES, Spool } from '../../../src/stores/spool.ts'
import { openUnlinked, type SpoolFile } from '../../../src/stores/spool-file.ts'
import { counted, GRANTED } from './spool-scene.ts'
import { folder } from './store-scene.ts'

/** A file that takes `room` bytes, a thousand at most at a time, and then fails in the given way. */
function failing(room: number, how: 'throws' | 'takes nothing', state: { open: number }): () => Promise<SpoolFile> {
  return async () => {
    state.open++
    let left = room
    const write = async (_: Buffer, __: number, length: number) => {
      if (left === 0 && how === 'throws') throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
      const bytesWritten = Math.min(length, 1000, left)
      left -= bytesWritten
      return { bytesWritten }
    }
    const close = async () => void state.open--
    return { write, read: async () => ({ bytesRead: 0 }), close } as unknown as SpoolFile
  }
}

t.test('a disk that takes no more is a fault, and stays one', async (t) => {
  const path = folder(t)
  const state = { open: 0 }
  const rows = [
    ['full at once', failing(0, 'throws', state)],
    ['full in between', failing(100_000, 'throws', state)],
    ['taking nothing', failing(100_000, 'takes nothing', state)],
    ['not to be opened', async () => Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' }))],
    ['not there', () => openUnlinked(join(path, 'missing'))],
  ] as const
  for (const [name, openFile] of rows) {
    const spool = new Spool({ folder: path, allowance: GRANTED, openFile })
    const fault = (await spool.write(counted(4 * BLOCK_BYTES))) as Fault
    t.match(fault, { code: 'overloaded', reason: 'spool_unavailable', headers: ['retry-after', '5'] }, name)
    t.equal(fault.message, 'the upload cannot be kept at the moment: try again later')
    t.equal(await spool.write(Buffer.alloc(1)), fault, `${name}: what follows`)
    await t.rejects(buffer(spool.read([{ from: 0, to: 1 }])), `${name}: reading`)
    await spool.dispose()
  }
  t.equal(state.open, 0)
  const twin = new Spool({ folder: path, allowance: GRANTED, openFile: failing(256_000, 'throws', state) })
  t.equal(await twin.write(counted(3 * BLOCK_BYTES)), null, 'a disk with room takes it in small writes')
  await twin.dispose()
  t.equal(state.open, 0)
})

t.test(
  'a disk that is really full',
  { skip: process.platform !== 'linux' && 'left out: /dev/full (Linux)' },
  async (t) => {
    const spool = new Spool({ folder: '', allowance: GRANTED, openFile: () => open('/dev/full', 'r+') })
    const fault = (await spool.write(counted(BLOCK_BYTES + 1))) as Fault
    t.match(fault, { code: 'overloaded', cause: 'ENOSPC' })
    await spool.dispose()
  },
)

t.test('a disk that takes little at a time takes it all', async (t) => {
  const openFile = async (at: string): Promise<SpoolFile> => {
    const file = await openUnlinked(at)
    const write = (bytes: Buffer, from: number, length: number, position: number) =>
      file.write(bytes, from, Math.min(length, 1000), position)
    const read = (bytes: Buffer, from: number, length: number, position: number) =>
      file.read(bytes, from, Math.min(length, 999), position)
    return { write, read, close: () => file.close() } as unknown as SpoolFile
  }
  const spool = new Spool({ folder: folder(t), allowance: GRANTED, openFile })
  const whole = counted(3 * BLOCK_BYTES + 7)
  t.equal(await spool.write(whole), null)
  t.ok((await buffer(spool.read([{ from: 0, to: whole.length }]))).equals(whole))
  await spool.dispose()
})
