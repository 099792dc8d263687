import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { decodeText, MAX_FILE_BYTES } from './yaml-text.ts'

/** A file as read: its text and digest, or what kept it from being read. */
export type FileRead =
  | { readonly ok: true; readonly text: string; readonly digest: string }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** Reads a text file of at most 1 MiB. Never throws and never waits for a pipe: only regular files are read. */
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
  const bytes = new Uint8Array(MAX_FILE_BYTES + 1)
  let length = 0
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  if (length > MAX_FILE_BYTES) return tooLarge
  const whole = bytes.subarray(0, length)
  const text = decodeText(whole)
  if (text === null) return { ok: false, code: 'invalid_utf8', message: 'the file is not UTF-8; save it as UTF-8' }
  return { ok: true, text, digest: createHash('sha256').update(whole).digest('hex') }
}

const tooLarge: FileRead = {
  ok: false,
  code: 'file_too_large',
  message: 'the file is larger than 1 MiB; split it into several files',
}

export const NO_SUCH_FILE = 'there is no such file'

/** What a person can do about a file that cannot be read. */
export function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : ''
  if (code === 'ENOENT' || code === 'ENOTDIR') return NO_SUCH_FILE
  if (code === 'EACCES' || code === 'EPERM') return 'the file may not be read by this user; change its permissions'
  return 'the file cannot be read'
}
