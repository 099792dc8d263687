/** Every wait of a test has a limit, and says what it waited for. */
const PATIENCE_MS = 25_000

/** Settles like `promise`, or rejects when that takes longer than `ms`. */
export function within<Value>(promise: Promise<Value>, what: string, ms = PATIENCE_MS): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** A growing list whose readers can wait for an entry, so that no test has to sleep. */
export class Log<Entry> {
  readonly entries: Entry[] = []
  readonly #watchers = new Set<() => void>()

  push(entry: Entry): void {
    this.entries.push(entry)
    this.touch()
  }

  /** Looks again at what watchers wait for; for entries that change after they were pushed. */
  touch(): void {
    for (const watch of [...this.#watchers]) watch()
  }

  /** The first value that `pick` finds in the list, now or later. */
  until<Found>(pick: (entries: readonly Entry[]) => Found | undefined, what: string, ms = PATIENCE_MS): Promise<Found> {
    let watch = () => {}
    const found = new Promise<Found>((resolve) => {
      watch = () => {
        const value = pick(this.entries)
        if (value !== undefined) resolve(value)
      }
      this.#watchers.add(watch)
      watch()
    })
    return within(found, what, ms).finally(() => this.#watchers.delete(watch))
  }
}
