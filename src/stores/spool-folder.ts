import { lstat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openUnlinked } from './spool-file.ts'

/** What passes by itself, or is not the folder's fault: an upload is refused then, and the next one may be kept. */
const PASSING: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EINTR'])

/**
 * Says why no upload could be kept in a folder, for people; null where one can. It tries: a file without a name is made
 * there, or where there is no folder yet, beside it. Nothing stays behind.
 */
export async function spoolFolderFault(folder: string): Promise<string | null> {
  const failure = await failureIn(folder)
  if (failure === null) return null
  if (failure !== 'ENOENT') return `uploads cannot be kept in \`${folder}\`: ${said(failure)}`
  // What is there, and all the same is not: a link that leads nowhere.
  if (await isThere(folder)) return `uploads cannot be kept in \`${folder}\`: it is a link that leads nowhere`
  const around = dirname(folder)
  const reason = await failureIn(around)
  if (reason === null) return null
  return `uploads cannot be kept in \`${folder}\`: there is no such folder, and none can be made in \`${around}\`: ${said(reason)}`
}

async function failureIn(folder: string): Promise<string | null> {
  try {
    const file = await openUnlinked(folder)
    await file.close()
    return null
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    return PASSING.has(code) ? null : code
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

function said(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such folder'
    case 'ENOTDIR':
      return 'that is no folder'
    case 'EACCES':
    case 'EPERM':
      return `this user may not write there (${code})`
    case 'EROFS':
      return 'it is on a disk that is read-only'
    default:
      return code
  }
}
