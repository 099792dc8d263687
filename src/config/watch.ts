import { createHash } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MAX_FILE_BYTES } from './yaml-text.ts'

export interface WatchOptions {
  /** How often to look. Milliseconds. */
  readonly everyMs?: number
  /** How long a change must be at rest. Milliseconds. */
  readonly restMs?: number
  /** Epoch milliseconds at which what is in force was read: a file that changed later counts as a change. */
  readonly since?: number
}

export interface Watcher {
  /** Asks to be told once everything is at rest, changed or not. */
  demand(): void
  close(): void
}

const MAX_ENTRIES = 2000
/** File systems stamp with a coarse clock. */
const CLOCK_GRAIN_MS = 20

/**
 * Calls `onSettled` once after the watched files or folders have changed and have then been at rest: same metadata and
 * same content over `restMs`. Sees writes in place, replacement by rename, swapped symbolic links, deletion, return, and
 * files that come and go in watched folders. A change that is undone before it rests is not reported. Never throws.
 */
export function watchFiles(paths: readonly string[], onSettled: () => void, options: WatchOptions = {}): Watcher {
  const { everyMs = 500, restMs = 250, since = Number.POSITIVE_INFINITY } = options
  const state = new RestWatch(paths, restMs, since, onSettled)
  const poke = () => state.look()
  const timer = setInterval(poke, everyMs)
  timer.unref()
  // Notifications only make it faster; they get lost on network and container file systems.
  const hints = openHints(paths, poke)
  poke()
  return {
    demand: () => state.demand(),
    close: () => {
      clearInterval(timer)
      state.close()
      for (const hint of hints) hint.close()
    },
  }
}

/** Owns what was last reported and the one timer that waits for rest. */
class RestWatch {
  readonly #paths: readonly string[]
  readonly #restMs: number
  readonly #since: number
  readonly #onSettled: () => void
  #known: string | null = null
  #knownMarks = ''
  #timer: NodeJS.Timeout | null = null
  #isLooking = false
  #closed = false
  #demanded = false

  constructor(paths: readonly string[], restMs: number, since: number, onSettled: () => void) {
    this.#paths = paths
    this.#restMs = restMs
    this.#since = since
    this.#onSettled = onSettled
  }

  close(): void {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  demand(): void {
    this.#demanded = true
    this.look()
  }

  look(): void {
    if (this.#isLooking || this.#timer || this.#closed) return
    this.#isLooking = true
    void this.#compare().finally(() => {
      this.#isLooking = false
    })
  }

  async #compare(): Promise<void> {
    const marks = await marksOf(this.#paths)
    if ((marks === this.#knownMarks && !this.#demanded) || this.#closed) return
    const content = await contentOf(this.#paths)
    if (this.#known === null) {
      const isLater = (await lastChange(this.#paths)) > this.#since - CLOCK_GRAIN_MS
      this.#known = isLater ? 'changed before the first look' : content
      this.#knownMarks = marks
      if (!isLater && !this.#demanded) return
    }
    this.#await(marks, content)
  }

  #await(marks: string, content: string): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.#settle(marks, content), this.#restMs)
    this.#timer.unref()
  }

  async #settle(marks: string, content: string): Promise<void> {
    const now = await marksOf(this.#paths)
    const read = await contentOf(this.#paths)
    const after = await marksOf(this.#paths)
    this.#timer = null
    if (now !== marks || after !== now || read !== content) return this.#await(after, read)
    const isDue = read !== this.#known || this.#demanded
    this.#demanded = false
    this.#known = read
    this.#knownMarks = after
    if (isDue && !this.#closed) this.#onSettled()
  }
}

/** Metadata of everything watched, links followed: equal texts mean that nothing was touched. */
async function marksOf(paths: readonly string[]): Promise<string> {
  const marks: string[] = []
  for (const path of await entriesOf(paths)) {
    try {
      const [{ size, mtimeNs, ctimeNs, ino, dev }, real] = [await stat(path, { bigint: true }), await realpath(path)]
      marks.push([path, real, dev, ino, size, mtimeNs, ctimeNs].join('\n'))
    } catch {
      marks.push(`${path}\nabsent`)
    }
  }
  return marks.join('\n\n')
}

async function lastChange(paths: readonly string[]): Promise<number> {
  const times = (await entriesOf(paths)).map(async (path) => {
    const stats = await stat(path).catch(() => null)
    return stats ? Math.max(stats.ctimeMs, stats.mtimeMs) : 0
  })
  return Math.max(0, ...(await Promise.all(times)))
}

async function contentOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of await entriesOf(paths)) {
    hash.update(`${path}\0`)
    try {
      const stats = await stat(path)
      if (!stats.isFile()) hash.update('folder')
      else if (stats.size > MAX_FILE_BYTES) hash.update(`large ${stats.size} ${stats.mtimeMs}`)
      else
        hash.update(
          createHash('sha256')
            .update(await readFile(path))
            .digest(),
        )
    } catch {
      hash.update('absent')
    }
  }
  return hash.digest('hex')
}

/** The watched paths, and the policy files of those that are folders. */
async function entriesOf(paths: readonly string[]): Promise<string[]> {
  const entries = new Set<string>()
  for (const path of paths) {
    entries.add(path)
    const names = await readdir(path).catch(() => [])
    for (const name of names.sort()) {
      if (entries.size >= MAX_ENTRIES) break
      if (/\.ya?ml$/.test(name)) entries.add(join(path, name))
    }
  }
  return [...entries]
}

function openHints(paths: readonly string[], poke: () => void): FSWatcher[] {
  const folders = new Set(
    paths
      .map((path) => dirname(path))
      .concat(paths)
      .slice(0, 64),
  )
  return [...folders].flatMap((folder) => {
    try {
      const hint = watch(folder, { persistent: false }, poke)
      hint.on('error', () => hint.close())
      return [hint]
    } catch {
      return []
    }
  })
}
