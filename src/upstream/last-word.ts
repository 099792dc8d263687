/** How the streams of an API end. */
export interface StreamEnding {
  /** As much of a stream's end as tells whether it said its last word. */
  readonly tailBytes: number
  readonly done: RegExp
}

const DONE: StreamEnding = { tailBytes: 24, done: /(?:^|[\r\n])data: ?\[DONE\](?:\r\n|\n|\r)+$/ }

/** The last event of Anthropic's API, whose data may be padded. */
export const MESSAGE_STOP: StreamEnding = {
  tailBytes: 256,
  done: /(?:^|[\r\n])event: ?message_stop(?:\r\n|\n|\r)data:[^\r\n]*(?:\r\n|\n|\r)+$/,
}

const EVENT_END = /(?:\n|\r)(?:\r?\n|\r)$/

/** The last bytes of a passing event stream: whether it was complete, and whether an event is under way. */
export class LastWord {
  readonly #ending: StreamEnding
  #tail = ''

  constructor(ending = DONE) {
    this.#ending = ending
  }

  push(bytes: Buffer): void {
    const { tailBytes } = this.#ending
    const tail = bytes.toString('latin1', Math.max(0, bytes.length - tailBytes))
    this.#tail = tail.length === tailBytes ? tail : (this.#tail + tail).slice(-tailBytes)
  }

  /** The stream said its last word and nothing behind it. */
  get isDone(): boolean {
    return this.#ending.done.test(this.#tail)
  }

  get isMidEvent(): boolean {
    return this.#tail !== '' && !EVENT_END.test(this.#tail)
  }
}
