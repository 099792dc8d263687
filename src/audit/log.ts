import type { AuditEvent, AuditLog } from '../model/audit.ts'
import type { Clock } from '../model/ports.ts'
import { eventId } from './event-id.ts'
import type { ServiceIdentity } from './formats/format.ts'
import { FORMATS } from './formats/index.ts'
import { degradedEvent, recoveryEvents, sentenceOf } from './outage.ts'
import { openSink } from './sink.ts'
import { LineWriter, type Timing, tell } from './writer.ts'

/** How long a decision may wait for its line to be written. */
const DEADLINE_MS = 250
const MAX_QUEUED_BYTES = 4 * 1024 * 1024
const MAX_QUEUED_LINES = 10_000

export type FormatName = (typeof FORMATS)[number]['name']

export interface AuditLogOptions {
  /** Nobody else may write to it: not `console`, not `process.stdout`. */
  readonly fd: number
  readonly format: FormatName
  /** `strict`: a commit is answered once its line is with the kernel; `relaxed`: once it is in the queue. */
  readonly delivery: 'strict' | 'relaxed'
  readonly service: ServiceIdentity
  readonly clock: Clock
  /** Takes a sentence for people when the sink fails or recovers; never called for a single event. */
  readonly report: (sentence: string) => void
}

export interface OpenAuditLog extends AuditLog {
  readonly queuedBytes: number
  /** Events that were lost, of refused requests and of others. */
  readonly dropped: number
  /** True once everything queued is written; false when that takes longer than `limitMs` or never can be. */
  flush(limitMs: number): Promise<boolean>
  /** Answers what still waits with false and gives the descriptor up. */
  close(): void
}

const REAL_TIME: Timing = {
  now: () => performance.now(),
  soon: (run) => void setImmediate(run),
  later(run, ms) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** An event that was taken and is not rendered yet. */
interface Waiting {
  readonly event: AuditEvent
  readonly answered: ((accepted: boolean) => void) | null
}

/**
 * Opens the audit log on a descriptor. Every event takes one number of `event.sequence`, in the order of the lines; an
 * event that is lost leaves its number out, so that the gaps add up to the `sallyport.dropped` that is told of them.
 */
export function openAuditLog(options: AuditLogOptions): OpenAuditLog {
  const format = FORMATS.find(({ name }) => name === options.format)
  if (!format) throw new Error(`unknown audit format ${options.format}`)
  return new EventLog(options, format.open(options.service))
}

type Render = ReturnType<(typeof FORMATS)[number]['open']>

/**
 * Events of one turn of the loop are rendered one after the other just before they are written together: the code and
 * the pieces of text that they share are at hand then, which halves what an event costs in a busy process.
 */
class EventLog implements OpenAuditLog {
  readonly #render: Render
  readonly #report: AuditLogOptions['report']
  readonly #isStrict: boolean
  readonly #writer: LineWriter
  #sequence = 0
  #waiting: Waiting[] = []

  constructor({ fd, delivery, clock, report }: AuditLogOptions, render: Render) {
    this.#render = render
    this.#report = report
    this.#isStrict = delivery === 'strict'
    this.#writer = new LineWriter({
      sink: openSink(fd),
      deadlineMs: this.#isStrict ? DEADLINE_MS : null,
      maxBytes: MAX_QUEUED_BYTES,
      maxLines: MAX_QUEUED_LINES,
      timing: REAL_TIME,
      degraded: (code) => this.#line(degradedEvent(clock(), code)),
      recovering: (losses) => recoveryEvents(clock(), losses).map((event) => this.#line(event)),
      changed: (state, code) => report(sentenceOf(state, code)),
    })
  }

  get writable(): boolean {
    return this.#writer.writable
  }

  get queuedBytes(): number {
    return this.#writer.queuedBytes
  }

  get dropped(): number {
    return this.#writer.dropped
  }

  commit(event: AuditEvent, answered: (accepted: boolean) => void): void {
    if (this.#takes(true)) {
      this.#wait({ event, answered: this.#isStrict ? answered : null })
      if (!this.#isStrict) answered(true)
    } else {
      this.#lose(true)
      answered(false)
    }
  }

  append(event: AuditEvent): void {
    if (this.#takes(false)) this.#wait({ event, answered: null })
    else this.#lose(false)
  }

  flush(limitMs: number): Promise<boolean> {
    this.#writeWaiting()
    return this.#writer.flush(limitMs)
  }

  close(): void {
    this.#writeWaiting()
    this.#writer.close()
  }

  #takes(isCommit: boolean): boolean {
    return this.#waiting.length < MAX_QUEUED_LINES && this.#writer.takes(isCommit)
  }

  #lose(isCommit: boolean): void {
    this.#sequence++
    this.#writer.lose(isCommit)
  }

  #wait(event: Waiting): void {
    if (this.#waiting.push(event) === 1) REAL_TIME.soon(this.#writeWaiting)
  }

  readonly #writeWaiting = (): void => {
    const batch = this.#waiting
    this.#waiting = []
    for (const { event, answered } of batch) {
      const text = this.#lineOrNull(event)
      if (text !== null) this.#writer.push(text, answered, answered === null ? undefined : event.request?.id)
      else {
        this.#writer.lose(answered !== null)
        if (answered) tell(answered, false)
      }
    }
    this.#writer.write()
  }

  /** A format never throws; should it have a bug, then the event counts as one that cannot be written. */
  #lineOrNull(event: AuditEvent): string | null {
    try {
      return this.#line(event)
    } catch {
      this.#report(`a bug keeps an audit event from being written: ${event.action}`)
      return null
    }
  }

  #line(event: AuditEvent): string {
    this.#sequence++
    return this.#render(event, { id: eventId(event.at), sequence: this.#sequence })
  }
}
