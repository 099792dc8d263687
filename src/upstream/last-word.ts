/** As much of a stream's end as tells whether it said `[DONE]`. */
const TAIL_BYTES = 24
const DONE = /(?:^|[\r\n])data: ?\[DONE\](?:\r\n|\n|\r)+$/
const EVENT_END = /(?:\n|\r)(?:\r?\n|\r)$/

/** The last bytes of a passing event stream: whether it was complete, and whether an event is under way. */
export class LastWord {
  #tail = ''

  push(bytes: Buffer): void {
    const tail = bytes.toString('latin1', Math.max(0, bytes.length - TAIL_BYTES))
    this.#tail = tail.length === TAIL_BYTES ? tail : (this.#tail + tail).slice(-TAIL_BYTES)
  }

  /** The stream said `[DONE]` and nothing behind it. */
  get isDone(): boolean {
    return DONE.test(this.#tail)
  }

  get isMidEvent(): boolean {
    return this.#tail !== '' && !EVENT_END.test(this.#tail)
  }
}
