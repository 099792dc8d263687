import { type Answer, type Line, LineQueue } from './queue.ts'
import type { Sink } from './sink.ts'

/** What was lost since it was last told, for the event that says so. */
export interface Losses {
  /** Decisions whose request was refused, because they could not be written. */
  readonly refused: number
  /** Events of things that did happen. */
  readonly unwritten: number
  /** The request that was refused although its decision was half written, and therefore stands in the log. */
  readonly refusedButWritten: string | null
}

export interface WriterOptions {
  readonly sink: Sink
  /** How long a line may wait before the sink counts as failed; null never gives up before the queue is full. */
  readonly deadlineMs: number | null
  readonly maxBytes: number
  readonly maxLines: number
  readonly timing: Timing
  /** The line that tells of the outage; it is the first to be written after what is already queued. */
  readonly degraded: (code: string) => string
  /** The lines that tell of what was lost, once lines can be written again. */
  readonly recovering: (losses: Losses) => readonly string[]
  readonly changed: (state: 'degraded' | 'open' | 'gone', code: string) => void
}

/** Time, as tests own it. `now` is monotonic and in milliseconds. */
export interface Timing {
  readonly now: () => number
  /** Runs after the I/O of this turn of the event loop. */
  readonly soon: (run: () => void) => void
  readonly later: (run: () => void, ms: number) => () => void
}

const RETRY_MS = { first: 1, open: 16, degraded: 50 } as const
/** The other side is gone for good, or there never was one. */
const FATAL = new Set(['EPIPE', 'EBADF', 'ECONNRESET', 'ENOTCONN', 'EDESTADDRREQ', 'EINVAL'])

/**
 * Writes whole lines, in order, to a sink that may stall, and answers each commit once: true when the kernel has the
 * whole line, false when it could not be written in time. All lines of one turn of the event loop share one write.
 *
 * A line that was answered false is taken out of the queue, so that no log says `allow` for a request that was
 * refused. One line an outage may be half written by then: it is completed, for torn lines are worse, and its request
 * is named in the losses. What was only appended stays queued until the bound of the queue.
 */
export class LineWriter {
  readonly #options: WriterOptions
  readonly #queue: LineQueue
  #state: 'open' | 'degraded' | 'gone' | 'closed' = 'open'
  #isScheduled = false
  #cancelRetry: (() => void) | null = null
  #retryMs: number = RETRY_MS.first
  #losses: { refused: number; unwritten: number; refusedButWritten: string | null } = noLosses()
  /** The losses of this outage were told once. */
  #hasTold = false
  readonly #idle = new Set<(drained: boolean) => void>()
  dropped = 0

  constructor(options: WriterOptions) {
    this.#options = options
    this.#queue = new LineQueue(options.sink)
  }

  get writable(): boolean {
    return this.#state === 'open'
  }

  get queuedBytes(): number {
    return this.#queue.size
  }

  /** False when a line would not be taken now. A full queue ends the service as a stalled sink does. */
  takes(isCommit: boolean): boolean {
    if (this.#state === 'open' && this.#isFull()) {
      // What one busy turn of the loop has queued may only wait for its write.
      if (!this.#cancelRetry) this.#attempt()
      if (this.#state === 'open' && this.#isFull()) this.#degrade('ENOBUFS')
    }
    return this.#state === 'open' || (this.#state === 'degraded' && !isCommit && !this.#isFull())
  }

  /** Counts an event that was not taken. */
  lose(isCommit: boolean): void {
    this.dropped++
    if (isCommit) this.#losses.refused++
    else this.#losses.unwritten++
  }

  /** Queues a line that `takes` said it would take. */
  push(text: string, answer: Answer | null, request: string | undefined): void {
    this.#queue.push({ text, at: this.#options.timing.now(), request, answer })
    if (this.#isScheduled || this.#cancelRetry) return
    this.#isScheduled = true
    this.#options.timing.soon(this.#run)
  }

  /** Writes what is queued without waiting for the end of this turn; a sink that stalls is waited for as ever. */
  write(): void {
    if (!this.#cancelRetry) this.#attempt()
  }

  /** True once everything is written; false when that takes longer than `limitMs` or cannot be. */
  flush(limitMs: number): Promise<boolean> {
    this.#attempt()
    if (this.#queue.length === 0) return Promise.resolve(this.#state === 'open')
    return new Promise((resolve) => {
      const settle = (drained: boolean) => {
        cancel()
        this.#idle.delete(settle)
        resolve(drained)
      }
      const cancel = this.#options.timing.later(() => settle(false), limitMs)
      this.#idle.add(settle)
    })
  }

  close(): void {
    if (this.#state === 'closed') return
    if (this.#state !== 'gone') this.#options.sink.close()
    this.#state = 'closed'
    this.#abandon()
  }

  #isFull(): boolean {
    const { maxBytes, maxLines } = this.#options
    return this.#queue.size >= maxBytes || this.#queue.length >= maxLines
  }

  readonly #run = () => {
    this.#isScheduled = false
    this.#attempt()
  }

  readonly #retry = () => {
    this.#cancelRetry = null
    this.#attempt()
  }

  #attempt(): void {
    if (this.#state === 'gone' || this.#state === 'closed') return
    const written: Line[] = []
    let code = this.#queue.drain(written)
    while (code === null && this.#state === 'degraded') {
      if (this.#recover()) break
      code = this.#queue.drain(written)
    }
    if (code === null || written.length > 0) this.#retryMs = RETRY_MS.first
    if (code !== null) this.#failed(code)
    else for (const settle of this.#idle) settle(true)
    for (const { answer } of written) if (answer) tell(answer, true)
  }

  /** True when nothing is left to tell and lines can be taken again. */
  #recover(): boolean {
    const losses = this.#losses
    const hasNews = losses.refused > 0 || losses.unwritten > 0 || losses.refusedButWritten !== null
    if (this.#hasTold && !hasNews) {
      this.#state = 'open'
      this.#options.changed('open', '')
      return true
    }
    this.#hasTold = true
    this.#losses = noLosses()
    for (const line of this.#options.recovering(losses)) this.#queueNotice(line)
    return false
  }

  #failed(code: string): void {
    if (FATAL.has(code)) {
      this.#state = 'gone'
      this.#options.sink.close()
      this.#abandon()
      this.#options.changed('gone', code)
      return
    }
    const { deadlineMs, timing } = this.#options
    const oldest = this.#queue.oldest
    const isLate = deadlineMs !== null && oldest !== undefined && timing.now() - oldest.at >= deadlineMs
    if (isLate && this.#state === 'open') this.#degrade(code)
    this.#cancelRetry ??= timing.later(this.#retry, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, this.#state === 'open' ? RETRY_MS.open : RETRY_MS.degraded)
  }

  #degrade(code: string): void {
    this.#state = 'degraded'
    this.#hasTold = false
    const { withdrawn, begun } = this.#queue.withdraw()
    for (const _ of withdrawn) this.lose(true)
    if (begun) this.#losses.refusedButWritten = begun.request ?? null
    this.#queueNotice(this.#options.degraded(code))
    this.#options.changed('degraded', code)
    if (begun?.answer) tell(begun.answer, false)
    for (const { answer } of withdrawn) if (answer) tell(answer, false)
  }

  #queueNotice(text: string): void {
    this.#queue.push({ text, at: this.#options.timing.now(), request: undefined, answer: null })
  }

  /** Nothing queued will ever be written. */
  #abandon(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = null
    const left = this.#queue.clear()
    for (const { answer } of left) this.lose(answer !== null)
    for (const settle of this.#idle) settle(false)
    for (const { answer } of left) if (answer) tell(answer, false)
  }
}

function noLosses() {
  return { refused: 0, unwritten: 0, refusedButWritten: null }
}

/** A bug of whoever waits must not keep the others from their answer. */
export function tell(answer: Answer, accepted: boolean): void {
  try {
    answer(accepted)
  } catch (bug) {
    queueMicrotask(() => {
      throw bug
    })
  }
}
