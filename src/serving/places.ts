/**
 * Who is here now, for crowds that come and go all the time: entering and leaving leave nothing behind. A `Set` that is
 * used so is written anew every few dozen changes, and each of its former tables holds whoever was in it then, and the
 * next table: once one of them has grown old, the collector copies everybody who was ever here.
 */
export class Places<Guest> {
  readonly #guests: (Guest | null)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#guests.length - this.#free.length
  }

  /** The place to be given back. */
  enter(guest: Guest): number {
    const place = this.#free.pop()
    if (place === undefined) return this.#guests.push(guest) - 1
    this.#guests[place] = guest
    return place
  }

  /** Gives a place back; once for each `enter`. */
  leave(place: number): void {
    this.#guests[place] = null
    this.#free.push(place)
  }

  /** Those who are here now. */
  all(): Guest[] {
    return this.#guests.filter((guest): guest is Guest => guest !== null)
  }
}
