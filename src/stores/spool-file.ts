import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** What a spool needs of a file; tests put in ones that fail. */
export type SpoolFile = Pick<FileHandle, 'write' | 'read' | 'close'>

/**
 * Opens a new file that nobody else can open: readable for its owner alone, under a name that was not there before, and
 * unlinked before anything is written to it. So it is gone with the process, however that ends.
 */
export async function openUnlinked(folder: string): Promise<SpoolFile> {
  const path = join(folder, `sallyport-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
  } catch (cause) {
    await file.close()
    throw cause
  }
  return file
}

/** The same in a folder that is made where it is not there, for its owner alone; the folder around it must be there. */
export async function openInFolder(folder: string): Promise<SpoolFile> {
  try {
    return await openUnlinked(folder)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
  }
  // Not with those around it: Node never comes back from that in a folder that takes no others (Linux: `/proc`).
  await mkdir(folder, { mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw cause
  })
  return openUnlinked(folder)
}
