import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Fault } from '../model/fault.ts'
import type { AnswerSink, TakePiece } from '../model/ports.ts'
import type { AnswerShape } from './answer-shape.ts'
import type { Delivery } from './delivery.ts'
import { faultOf, timedOut } from './faults.ts'
import { Transfer } from './forward.ts'
import type { Upstream } from './pools.ts'
import { broken, passOn, StandIn } from './stand-ins.ts'

/** What is sent: a head that was built here, and whatever the client says. */
export interface Carried {
  readonly method: string
  readonly path: string
  readonly headers: { readonly [name: string]: string }
}

/** Reads a body piece by piece; settled with what ended it early, or null once all of it was taken. */
export type BodySource = (take: TakePiece) => Promise<Fault | null>

/**
 * Passes a request whose body nobody reads on to an upstream, and its answer back, both while they come and with
 * backpressure. The answer is treated as every other one is: headers by the list, no redirect, no 401 of the upstream, the
 * key blotted out.
 */
export async function carry(
  upstream: Upstream,
  request: Carried,
  source: BodySource | null,
  sink: AnswerSink,
  shape: AnswerShape,
): Promise<Delivery> {
  const promised = Promise.withResolvers<Delivery>()
  const transfer = new Transfer(upstream, sink, shape, promised)
  const wire = new Wire(upstream, transfer, sink, promised.reject)
  transfer.onRequestStart(wire)
  if (!wire.aborted) wire.send(request, source)
  return promised.promise.finally(() => wire.close())
}

/** One request on a connection of its own: nothing that is left on it can become somebody else's answer. */
class Wire implements Dispatcher.DispatchController {
  aborted = false
  paused = false
  reason: Error | null = null
  readonly #upstream: Upstream
  readonly #transfer: Transfer
  readonly #sink: AnswerSink
  readonly #bug: (cause: unknown) => void
  readonly #body = new PassThrough()
  readonly #standIn = new StandIn(
    (answer) => this.#try(() => this.#answered(answer)),
    (error) => this.#try(() => this.#failed(error)),
    (status) => this.#try(() => this.#transfer.onResponseStart(this, status, {})),
  )
  #answer: IncomingMessage | null = null
  #limit: NodeJS.Timeout | undefined
  #isOver = false
  /** Of the piece that waits to be taken. */
  #letGo: (() => void) | null = null

  /** `bug` is told of what nobody expects: it must not end the process. */
  constructor(upstream: Upstream, transfer: Transfer, sink: AnswerSink, bug: (cause: unknown) => void) {
    this.#upstream = upstream
    this.#transfer = transfer
    this.#sink = sink
    this.#bug = bug
  }

  send({ method, path, headers }: Carried, source: BodySource | null): void {
    const { url, timeouts } = this.#upstream.settings
    const { origin, host } = new URL(url)
    const head = { method, url: path, headers: { ...headers, host }, httpVersionMajor: 1, socket: { destroyed: false } }
    this.#body.on('drain', () => this.#drained()).on('error', () => undefined)
    this.#wait(timeouts.firstByteMs, 'the upstream did not answer in time')
    const options = { target: origin, connectTimeout: timeouts.connectMs }
    this.#try(() => passOn(Object.assign(this.#body, head), this.#standIn, options))
    if (source === null) this.#body.end()
    else source((piece) => this.#take(piece)).then((reason) => this.#try(() => this.#sent(reason)), this.#bug)
  }

  abort(reason: Error): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.close()
    this.#transfer.onResponseError(this, reason)
  }

  pause(): void {
    this.paused = true
    this.#answer?.pause()
    clearTimeout(this.#limit)
  }

  resume(): void {
    this.paused = false
    this.#answer?.resume()
    if (!this.#isOver) this.#idle()
  }

  /** Whatever is still under way ends. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#limit)
    this.#standIn.emit('close')
    this.#answer?.destroy()
    this.#body.destroy()
    this.#drained()
  }

  /** After an answer the rest of a body is thrown away, so that the client's connection stays in step. */
  #take(piece: Buffer): null | Promise<null> {
    if (this.#isOver) return null
    if (this.#answer === null) this.#limit?.refresh()
    if (this.#body.write(piece)) return null
    return new Promise((resolve) => {
      this.#letGo = () => resolve(null)
    })
  }

  #drained(): void {
    if (this.#answer === null && !this.#isOver) this.#limit?.refresh()
    this.#letGo?.()
    this.#letGo = null
  }

  #sent(reason: Fault | null): void {
    if (this.#isOver) return
    if (reason) {
      if (reason.reason === 'client_closed') this.#transfer.leave()
      else this.#transfer.abort(reason)
      return
    }
    // Reading the body had a limit of its own, in the place of that for the whole.
    const { totalMs } = this.#upstream.settings.timeouts
    const late = timedOut(`the answer was not complete within ${totalMs} ms`)
    this.#sink.limit(totalMs, () => this.#transfer.abort(late))
    this.#body.end()
  }

  #answered(answer: IncomingMessage): void {
    if (this.#isOver) {
      answer.destroy()
      return
    }
    this.#answer = answer
    answer.on('error', this.#standIn.failed)
    answer.on('close', () => {
      if (!answer.complete) this.#standIn.failed(broken())
    })
    this.#idle()
    const { statusCode = 0, headersDistinct } = answer
    // Node takes what is below 100 for an answer, and everybody else for what comes before one.
    if (statusCode < 200) {
      this.#failed(broken())
      return
    }
    this.#transfer.onResponseStart(this, statusCode, singled(headersDistinct))
    if (this.aborted) return
    answer.on('data', (chunk: Buffer) => {
      if (!this.paused) this.#limit?.refresh()
      if (!this.aborted) this.#try(() => this.#transfer.onResponseData(this, chunk))
    })
    answer.on('end', () => {
      clearTimeout(this.#limit)
      if (answer.complete && !this.aborted) this.#transfer.onResponseEnd()
    })
  }

  #try(step: () => void): void {
    try {
      step()
    } catch (cause) {
      this.close()
      this.#bug(cause)
    }
  }

  #idle(): void {
    this.#wait(this.#upstream.settings.timeouts.idleMs, 'the upstream sent nothing for too long')
  }

  #wait(ms: number, message: string): void {
    clearTimeout(this.#limit)
    this.#limit = setTimeout(() => this.#transfer.abort(timedOut(message)), ms)
  }

  #failed(error: Error): void {
    if (this.aborted || this.#isOver) return
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ECONNECT_TIMEOUT') this.#transfer.abort({ ...faultOf(error), ...timedOut('no connection in time') })
    else this.abort(error)
  }
}

/** As undici gives them: a list only for a header that stood several times. */
function singled(headers: NodeJS.Dict<string[]>): IncomingHttpHeaders {
  const single = Object.entries(headers).map(([name, values = []]) => [name, values.length === 1 ? values[0] : values])
  return Object.fromEntries(single)
}
