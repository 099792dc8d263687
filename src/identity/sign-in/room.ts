/** Requests of pages at once: passwords and providers of strangers take no more of the proxy than this. */
const MAX_RUNNING = 64
/** Forms that are being read at once: they take memory, and of that no more. */
const MAX_READING = 64

/**
 * How much of the proxy people who sign in may take at once. A form that is whole when it comes waits for none that is not:
 * strangers can begin as many as they like, and never end them.
 */
export class Room {
  #running = 0
  /** In the order in which they began; each is cut by what stands here. */
  readonly #reading = new Set<() => void>()

  /** Reads a form. Where as many are being read as may be, the one that has taken longest is cut. */
  async reading<Form>(cut: () => void, read: () => Promise<Form>): Promise<Form> {
    const own = () => cut()
    if (this.#reading.size >= MAX_READING) {
      const [slowest] = this.#reading
      if (slowest !== undefined) this.#reading.delete(slowest)
      slowest?.()
    }
    this.#reading.add(own)
    try {
      return await read()
    } finally {
      this.#reading.delete(own)
    }
  }

  /** Null where as many are at work as may be. */
  async running<Answer>(work: () => Promise<Answer>): Promise<Answer | null> {
    if (this.#running >= MAX_RUNNING) return null
    this.#running++
    try {
      return await work()
    } finally {
      this.#running--
    }
  }
}
