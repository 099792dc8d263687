/** Lets each client have so much under way at once, so that one who sends wrong tokens does not take every place. */
export class Shares {
  readonly #most: number
  readonly #taken = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /** False where the client has its share already. What was taken is given back. */
  take(client: string): boolean {
    const taken = this.#taken.get(client) ?? 0
    if (taken >= this.#most) return false
    this.#taken.set(client, taken + 1)
    return true
  }

  give(client: string): void {
    const taken = this.#taken.get(client) ?? 0
    if (taken > 1) this.#taken.set(client, taken - 1)
    else this.#taken.delete(client)
  }
}
