import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { type Fault, fault } from '../model/fault.ts'
import type { KeptBody } from '../model/request.ts'
import { timedOut } from './faults.ts'

/**
 * Sends a body that is read while it is sent. The HTTP client's own limit for the answer's head runs from the beginning of
 * the request, and a large body may take longer than that: here it runs anew with every piece that is sent, so that it
 * bounds an upstream that takes nothing more as well as one that does not answer.
 */
export class KeptSending implements Dispatcher.DispatchHandler {
  readonly body: Readable
  readonly #handler: Dispatcher.DispatchHandler
  readonly #limit: NodeJS.Timeout

  /** `abort` ends the transfer for a reason; `handler` hears of it then. */
  constructor(kept: KeptBody, handler: Dispatcher.DispatchHandler, limitMs: number, abort: (reason: Fault) => void) {
    this.#handler = handler
    this.body = kept.open()
    // Before the HTTP client listens: its own word for it would be that the upstream broke off.
    this.body.on('error', () => abort(unread))
    const late = () => abort(timedOut(`the upstream neither took the request nor answered within ${limitMs} ms`))
    this.#limit = setTimeout(late, limitMs)
  }

  /** Once the transfer is over, however it ended: what was not sent is not read any more. */
  close(): void {
    clearTimeout(this.#limit)
    this.body.destroy()
  }

  onBodySent(): void {
    this.#limit.refresh()
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#limit.refresh()
    this.#handler.onRequestStart?.(controller, context)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200) clearTimeout(this.#limit)
    this.#handler.onResponseStart?.(controller, status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk)
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#handler.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#handler.onResponseError?.(controller, error)
  }
}

const unread: Fault = fault('overloaded', 'the upload that was kept cannot be read: try again later', {
  reason: 'spool_unavailable',
  headers: ['retry-after', '5'],
})
