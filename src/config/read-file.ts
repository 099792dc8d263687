import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { decodeText, MAX_FILE_BYTES, TOO_LARGE } from './yaml-text.ts'

/** A file as read: its text and digest, or what kept it from being read. */
export type FileRead =
  | { readonly ok: true; readonly text: string; readonly digest: string }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** Reads a text file of at most 4 MiB. Never throws and never waits for a pipe: only regular files are read. */
export async function readText(path: string): Promise<FileRead> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      return await readOpened(handle)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    return { ok: false, code: 'file_unreadable', message: reasonOf(cause) }
  }
}

async function readOpened(handle: FileHandle): Promise<FileRead> {
  const stats = await handle.stat()
  if (!stats.isFile()) return { ok: false, code: 'file_unreadable', message: 'this is not a file' }
  if (stats.size > MAX_FILE_BYTES) return tooLarge
  const whole = await bytesOf(handle, stats.size)
  if (whole.length > MAX_FILE_BYTES) return tooLarge
  const text = decodeText(whole)
  if (text === null) return { ok: false, code: 'invalid_utf8', message: 'the file is not UTF-8; save it as UTF-8' }
  return { ok: true, text, digest: createHash('sha256').update(whole).digest('hex') }
}

/** All bytes of a file, and one beyond the limit where there are more. Its size is a first guess: it may grow meanwhile. */
async function bytesOf(handle: FileHandle, size: number): Promise<Uint8Array> {
  let bytes = new Uint8Array(Math.min(size, MAX_FILE_BYTES) + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length)
    length += bytesRead
    if (bytesRead === 0 || length > MAX_FILE_BYTES) return bytes.subarray(0, length)
    if (length < bytes.length) continue
    const larger = new Uint8Array(Math.min(length * 2, MAX_FILE_BYTES + 1))
    larger.set(bytes)
    bytes = larger
  }
}

const tooLarge: FileRead = {
  ok: false,
  code: 'file_too_large',
  message: TOO_LARGE,
}

export const NO_SUCH_FILE = 'there is no such file'

/** What a person can do about a file that cannot be read. */
export function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : ''
  if (code === 'ENOENT' || code === 'ENOTDIR') return NO_SUCH_FILE
  if (code === 'EACCES' || code === 'EPERM') return 'the file may not be read by this user; change its permissions'
  return 'the file cannot be read'
}
