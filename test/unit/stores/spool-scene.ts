import { readdirSync, readlinkSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { Test } from 'tap'
import { Spool } from '../../../src/stores/spool.ts'
import { openUnlinked, type SpoolFile } from '../../../src/stores/spool-file.ts'
import { folder } from './store-scene.ts'

export const GRANTED = { take: () => null }
export const counted = (bytes: number) =>
  Buffer.from(Array.from({ length: bytes }, (_, nth) => (nth * 7 + (nth >> 8)) & 255))

/** Descriptors of this process that are files of the folder, deleted or not; null where nobody tells. */
function descriptors(path: string): number | null {
  if (process.platform !== 'linux') return null
  return readdirSync('/proc/self/fd').filter((fd) => {
    return linkOf(fd).startsWith(path)
  }).length
}

/** A folder for spools, at whose end no file and no descriptor may be left. */
export function scene(t: Test) {
  const path = folder(t)
  const state = { opened: 0, open: 0 }
  const openFile = async (at: string): Promise<SpoolFile> => {
    const file = await openUnlinked(at)
    state.opened++
    state.open++
    return {
      write: file.write.bind(file),
      read: file.read.bind(file),
      close: () => {
        state.open--
        return file.close()
      },
    }
  }
  const nothingLeft = async () => {
    t.equal(state.open, 0, 'every file was closed')
    t.same(await readdir(path), [], 'no file has a name')
    t.ok((descriptors(path) ?? 0) === 0, 'no descriptor is left')
  }
  return { path, state, openFile, nothingLeft, spool: () => new Spool({ folder: path, allowance: GRANTED, openFile }) }
}

/** What a descriptor of this process is open for; empty once it is closed. */
export function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}
