import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { type Fault, fault } from '../model/fault.ts'
import type { AnswerSink, AnswerTap } from '../model/ports.ts'
import type { AnswerFacts, UpstreamRequest } from '../model/request.ts'
import { afterReads } from '../model/turn.ts'
import { isEventStream, tooManyEarly, unacceptable } from './answer-head.ts'
import type { AnswerShape } from './answer-shape.ts'
import type { Delivery } from './delivery.ts'
import { goneIn, lateIn } from './endings.ts'
import { faultOf } from './faults.ts'
import { KeptSending } from './kept-body.ts'
import { KeyGuard } from './key-guard.ts'
import { LastWord } from './last-word.ts'
import type { Upstream } from './pools.ts'

/** An upstream's error body is held back to this size, so that the provider's key can be blotted out of it. */
const ERROR_BODY_BYTES = 1024 * 1024

/**
 * Sends one shaped request to one upstream and streams its answer to the client, with backpressure both ways. Exactly
 * one attempt: a request that may have been run is never run twice (RFC 9110 section 9.2.2). So a connection that closes
 * in the very moment in which it is used again is `upstream_unavailable` (RFC 9112 section 9.3.1 allows a retry only of
 * what is idempotent); `pools.ts` keeps idle connections for less time than upstreams do, so that this stays rare.
 *
 * Redirects are not followed and an upstream's own 401 is not the caller's: both are `upstream_unavailable`. So is a
 * compressed answer, since `identity` was asked for.
 */
export function forward(
  upstream: Upstream,
  request: UpstreamRequest,
  sink: AnswerSink,
  shape: AnswerShape,
): Promise<Delivery> {
  return new Promise((resolve, reject) => {
    const { path, headers, body } = request
    const method = request.method as Dispatcher.HttpMethod
    if (body === null || Buffer.isBuffer(body)) {
      const transfer = new Transfer(upstream, sink, shape, { resolve, reject })
      upstream.pool.dispatch({ path, method, headers: headers as string[], body }, transfer)
      return
    }
    const promised = Promise.withResolvers<Delivery>()
    const transfer = new Transfer(upstream, sink, shape, promised)
    const { firstByteMs } = upstream.settings.timeouts
    const sending = new KeptSending(body, transfer, firstByteMs, (reason) => transfer.abort(reason))
    void promised.promise.finally(() => sending.close()).then(resolve, reject)
    const kept = { path, method, headers: headers as string[], body: sending.body, headersTimeout: 0 }
    upstream.pool.dispatch(kept, sending)
  })
}

type Promised = Pick<PromiseWithResolvers<Delivery>, 'resolve' | 'reject'>

/** The way of one answer to its client, whatever carries it here. */
export class Transfer implements Dispatcher.DispatchHandler {
  readonly #sink: AnswerSink
  readonly #shape: AnswerShape
  readonly #promised: Promised
  #controller: Dispatcher.DispatchController | null = null
  #settled = false
  #status = 0
  /** Of an event stream; null where the answer is none. */
  #lastWord: LastWord | null = null
  #firstByteAt = 0
  /** What a JSON answer announced; -1 when it did not. */
  #length = -1
  #whole: Buffer | null = null
  readonly #guard: KeyGuard | null
  #tap: AnswerTap | null = null
  #headers: string[] = []
  #held: Buffer[] | null = null
  #heldBytes = 0
  #stop: Fault | null = null
  /** Informational answers so far. */
  #early = 0
  /** The HTTP client has it and no connection for it. */
  #isQueued = true
  #letGo: (() => void) | null = null

  constructor(upstream: Upstream, sink: AnswerSink, shape: AnswerShape, promised: Promised) {
    this.#sink = sink
    this.#shape = shape
    this.#promised = promised
    this.#guard = KeyGuard.open(upstream.settings.apiKey)
    sink.limit(upstream.settings.timeouts.totalMs, lateIn(this, upstream.settings.timeouts.totalMs))
    sink.onGone = goneIn(this)
    if (sink.stopped) this.abort(sink.stopped)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#isQueued = false
    if (this.#sink.gone) this.leave()
    // A request that waited for a connection while its client left or its time ran out is never sent.
    if (this.#settled) controller.abort(new Error('settled'))
    this.#letGo?.()
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#settled) return
    if (status < 200) {
      const flood = tooManyEarly(++this.#early)
      if (flood) this.abort(flood)
      return
    }
    this.#status = status
    this.#firstByteAt = performance.now()
    const refused = unacceptable(status, headers)
    if (refused) {
      this.abort(refused)
      return
    }
    const isStream = isEventStream(headers)
    if (isStream) this.#lastWord = new LastWord(this.#shape.ending)
    const passed = this.#shape.headers(headers, isStream)
    this.#headers = this.#guard?.headers(passed) ?? passed
    const length = headers['content-length']
    if (status >= 400) {
      this.#held = []
      return
    }
    this.#tap = this.#shape.openTap(isStream ? 'sse' : 'json', status)
    // Known length, no chunked framing: a stream's length may change when usage is taken out of it. A 204 may not tell of
    // one (RFC 9110 section 8.6): a reader that believed it would take the next answer for its body.
    if (!isStream && status !== 204 && typeof length === 'string' && !this.#tap.resizes) {
      this.#headers.push('content-length', length)
      this.#length = Number(length)
    }
    this.#sink.start(status, this.#headers, isStream)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return
    if (this.#held) {
      this.#heldBytes += chunk.length
      if (this.#heldBytes <= ERROR_BODY_BYTES) this.#held.push(chunk)
      else this.abort(fault('upstream_unavailable', 'the upstream sent too large an error'))
      return
    }
    const clean = this.#guard?.push(chunk) ?? chunk
    const bytes = this.#tap && clean.length > 0 ? this.#tap.push(clean) : clean
    if (bytes === null || bytes.length === 0) return
    this.#lastWord?.push(bytes)
    // The whole answer came in one piece: its end, which follows at once, sends it together with the head.
    if (bytes.length === this.#length) this.#whole = bytes
    else if (!this.#sink.write(bytes)) this.#pause(controller)
  }

  #pause(controller: Dispatcher.DispatchController): void {
    this.#sink.onDrain ??= () => {
      if (controller.paused) controller.resume()
    }
    controller.pause()
  }

  /** The end is passed on with that of the other answers of this turn. */
  onResponseEnd(): void {
    afterReads(() => {
      try {
        this.#finish()
      } catch (bug) {
        this.#settled = true
        this.#sink.unlimit()
        this.#promised.reject(bug)
      }
    })
  }

  #finish(): void {
    if (this.#settled) return
    if (this.#held) {
      const body = this.#shape.blot(Buffer.concat(this.#held, this.#heldBytes))
      const own = this.#shape.faultFor?.(this.#status, body)
      if (own) {
        this.#settle('failed', {}, own)
        return
      }
      this.#sink.start(this.#status, [...this.#headers, 'content-length', String(body.length)], false)
      this.#sink.end(body)
      this.#settle('answered', {})
      return
    }
    const kept = this.#guard?.end() ?? null
    const bytes = kept && this.#tap ? this.#tap.push(kept) : kept
    const { rest, facts } = this.#tap ? this.#tap.end() : { rest: null, facts: {} }
    if (bytes && rest) this.#sink.write(bytes)
    this.#sink.end(rest ?? bytes ?? this.#whole)
    this.#settle('answered', facts)
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#isQueued = false
    this.#letGo?.()
    if (this.#settled) return
    const reason = this.#stop ?? faultOf(error)
    if (this.#isDone) {
      this.#sink.end(null)
      this.#settle('answered', this.#tap?.end().facts ?? {})
      return
    }
    this.#settle(this.#sink.started ? 'broken' : 'failed', this.#tap?.end().facts ?? {}, reason)
  }

  /** A stream said its last word: clients leave at once then, and what the connection does afterwards is no failure. */
  get #isDone(): boolean {
    return this.#lastWord?.isDone ?? false
  }

  /** For the listeners of this module: the client left. */
  leave(): void {
    // What is being stopped ends for that reason, whoever leaves meanwhile.
    if (this.#settled || this.#stop) return
    const facts = this.#tap?.end().facts ?? {}
    this.#settle(this.#isDone ? 'answered' : 'client_gone', facts)
    this.#controller?.abort(new Error('client_gone'))
  }

  /** For the listeners of this module: ends what is not complete, for this reason. */
  abort(reason: Fault): void {
    if (this.#settled || this.#stop) return
    this.#stop = reason
    if (this.#controller) this.#controller.abort(new Error(reason.code))
    else this.#settle('failed', {}, reason)
  }

  #settle(outcome: Delivery['outcome'], facts: AnswerFacts, reason?: Fault): void {
    this.#settled = true
    this.#sink.unlimit()
    this.#sink.onGone = this.#sink.onDrain = null
    const delivery = {
      outcome,
      status: this.#status,
      stream: this.#lastWord !== null,
      midEvent: this.#lastWord?.isMidEvent ?? false,
      facts,
      firstByteAt: this.#firstByteAt,
    }
    const queued = this.#isQueued ? { queued: this.#untilLetGo() } : null
    this.#promised.resolve(reason || queued ? { ...delivery, ...(reason && { fault: reason }), ...queued } : delivery)
  }

  #untilLetGo(): Promise<void> {
    return new Promise((resolve) => {
      this.#letGo = resolve
    })
  }
}
