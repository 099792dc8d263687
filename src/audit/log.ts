import type { AuditEvent, AuditLog } from '../model/audit.ts'
import { unreachable } from '../model/exhaustive.ts'
import type { Clock } from '../model/ports.ts'
import { eventId } from './event-id.ts'
import type { ServiceIdentity } from './formats/format.ts'
import { FORMATS } from './formats/index.ts'
import { openSink } from './sink.ts'
import { LineWriter, type Losses, type Timing, tell } from './writer.ts'

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
  const { clock, delivery, report } = options
  const format = FORMATS.find(({ name }) => name === options.format)
  if (!format) throw new Error(`unknown audit format ${options.format}`)
  const render = format.open(options.service)
  let sequence = 0
  const line = (event: AuditEvent) => render(event, { id: eventId(event.at), sequence })
  // A format never throws; should it have a bug, then the event counts as one that cannot be written.
  const lineOrNull = (event: AuditEvent) => {
    sequence++
    try {
      return line(event)
    } catch {
      report(`a bug keeps an audit event from being written: ${event.action}`)
      return null
    }
  }
  const notice = (event: AuditEvent) => {
    sequence++
    return line(event)
  }
  const writer = new LineWriter({
    sink: openSink(options.fd),
    deadlineMs: delivery === 'strict' ? DEADLINE_MS : null,
    maxBytes: MAX_QUEUED_BYTES,
    maxLines: MAX_QUEUED_LINES,
    timing: REAL_TIME,
    degraded: (code) => notice(degradedEvent(clock(), code)),
    recovering: (losses) => recoveryEvents(clock(), losses).map(notice),
    changed: (state, code) => report(sentenceOf(state, code)),
  })

  const isStrict = delivery === 'strict'
  const takes = (isCommit: boolean) => waiting.length < MAX_QUEUED_LINES && writer.takes(isCommit)
  const lose = (isCommit: boolean) => {
    sequence++
    writer.lose(isCommit)
    return false
  }
  // Events of one turn of the loop are rendered one after the other just before they are written together: the code and
  // the pieces of text that they share are at hand then, which halves what an event costs in a busy process.
  let waiting: Waiting[] = []
  const wait = (event: Waiting) => {
    if (waiting.push(event) === 1) REAL_TIME.soon(writeWaiting)
  }
  const writeWaiting = () => {
    const batch = waiting
    waiting = []
    for (const { event, answered } of batch) {
      const text = lineOrNull(event)
      if (text !== null) writer.push(text, answered, answered === null ? undefined : event.request?.id)
      else {
        writer.lose(answered !== null)
        if (answered) tell(answered, false)
      }
    }
    writer.write()
  }

  return {
    get writable() {
      return writer.writable
    },
    get queuedBytes() {
      return writer.queuedBytes
    },
    get dropped() {
      return writer.dropped
    },
    commit(event, answered) {
      if (!takes(true)) return answered(lose(true))
      wait({ event, answered: isStrict ? answered : null })
      if (!isStrict) answered(true)
    },
    append(event) {
      if (takes(false)) wait({ event, answered: null })
      else lose(false)
    },
    flush(limitMs) {
      writeWaiting()
      return writer.flush(limitMs)
    },
    close() {
      writeWaiting()
      writer.close()
    },
  }
}

function degradedEvent(at: number, code: string): AuditEvent {
  const reason = reasonOf(code)
  return {
    at,
    action: 'audit-degraded',
    reason,
    message: 'audit events cannot be written; requests are refused',
    error: { type: reason, code },
  }
}

function recoveryEvents(at: number, { refused, unwritten, refusedButWritten }: Losses): AuditEvent[] {
  const gap: AuditEvent = {
    at,
    action: 'audit-gap',
    message: `${unwritten} audit events of requests that were served are lost`,
    extra: { dropped: unwritten },
  }
  const recovered: AuditEvent = {
    at,
    action: 'audit-recovered',
    message: 'audit events are written again',
    extra: {
      dropped: refused + unwritten,
      refused,
      ...(refusedButWritten === null ? {} : { refused_request_id: refusedButWritten }),
    },
  }
  return unwritten > 0 ? [gap, recovered] : [recovered]
}

function reasonOf(code: string): string {
  switch (code) {
    case 'EAGAIN':
      return 'sink_stalled'
    case 'ENOBUFS':
      return 'queue_full'
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return 'sink_full'
    default:
      return 'sink_failed'
  }
}

function sentenceOf(state: 'degraded' | 'open' | 'gone', code: string): string {
  switch (state) {
    case 'degraded':
      return `audit events cannot be written to stdout (${code}: ${reasonOf(code)}); requests are refused until they can`
    case 'open':
      return 'audit events are written to stdout again; requests are served'
    case 'gone':
      return `stdout is closed (${code}); no audit event can be written any more and every request is refused: restart with stdout open (\`> /dev/null\` to discard events on purpose)`
    default:
      return unreachable(state)
  }
}
