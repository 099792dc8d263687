import { randomBytes } from 'node:crypto'
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** Between two looks at a lock that somebody else holds. Milliseconds. */
const LOOK_MS = 50
/** Nobody holds one for so long: whoever did is gone. Milliseconds. */
const STALE_MS = 120_000

/**
 * Does something while nobody else who asks for the same lock does. Null where it could not be had in time. A lock whose
 * holder has ended without giving it back is taken over.
 */
export async function withLock<T>(file: string, patienceMs: number, work: () => Promise<T>): Promise<T | null> {
  const until = performance.now() + patienceMs
  const own = `${process.pid} ${randomBytes(8).toString('hex')}\n`
  while (!take(file, own)) {
    if (performance.now() >= until) return null
    if (isLeft(file)) clear(file)
    else await pause(LOOK_MS)
  }
  try {
    return await work()
  } finally {
    if (textOf(file) === own) rmSync(file, { force: true })
  }
}

function take(file: string, own: string): boolean {
  try {
    const handle = openSync(file, 'wx', 0o600)
    try {
      writeFileSync(handle, own)
    } finally {
      closeSync(handle)
    }
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false
    throw cause
  }
}

/** Whether its holder has ended, as far as can be told here. */
function isLeft(file: string): boolean {
  const text = textOf(file)
  const age = ageMs(file)
  if (text === null || age === null) return false
  if (age > STALE_MS) return true
  const pid = Number(/^([1-9][0-9]*) [0-9a-f]{16}\n$/.exec(text)?.[1] ?? 0)
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'ESRCH'
  }
}

/** Takes a lock away that was left. Of several that do so at once only one moves it, and one that is new is put back. */
function clear(file: string): void {
  const left = textOf(file)
  const aside = `${file}.${randomBytes(6).toString('hex')}`
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  if (textOf(aside) !== left) putBack(aside, file)
  rmSync(aside, { force: true })
}

function putBack(aside: string, file: string): void {
  try {
    linkSync(aside, file)
  } catch {
    // Another one stands there already.
  }
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return null
  }
}

function ageMs(file: string): number | null {
  const found = statSync(file, { throwIfNoEntry: false })
  return found === undefined ? null : Date.now() - found.mtimeMs
}
