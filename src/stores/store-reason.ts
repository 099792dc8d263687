import { PostgresFault } from './postgres-fault.ts'

/** Why a store cannot be used and what to do, for people, after its name; never anything of what is in it. */
export function storeReason(cause: unknown): string {
  if (cause instanceof PostgresFault) return cause.message
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return 'is damaged or is no SQLite file: restore it from a backup, or name another file under `store`'
  }
  if (code.startsWith('SQLITE_BUSY')) return 'is held by another process: try again'
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code.startsWith('SQLITE_READONLY')) {
    return 'cannot be written by this user: change its permissions'
  }
  if (code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'SQLITE_CANTOPEN') {
    return 'cannot be opened: `store` must name a file in a folder'
  }
  if (code === 'ENOSPC' || code === 'SQLITE_FULL') return 'cannot be written: the disk is full'
  return `cannot be used (${code || 'unknown reason'})`
}
