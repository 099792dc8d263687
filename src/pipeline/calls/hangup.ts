import type { AnswerSink } from '../../model/ports.ts'
import { callHeaders } from '../../shape/made-call.ts'
import { forward } from '../../upstream/forward.ts'
import type { ServingUpstream } from '../snapshot.ts'

/** How long an upstream may take to end a call. Milliseconds. */
const HANGUP_MS = 3000

/** Ends a call at its upstream. True where it is over: also where the upstream does not have it any more. */
export async function hangUp(upstream: ServingUpstream, id: string): Promise<boolean> {
  const { basePath, settings } = upstream
  const headers = callHeaders(settings.apiKey, '*/*', undefined, null)
  const path = `${basePath}/realtime/calls/${id}/hangup`
  const request = { method: 'POST', path, headers, body: null, askedUsage: false }
  const sink = new Unheard()
  const delivery = await forward(upstream, request, sink, upstream.answerShape('none', false))
  return delivery.outcome === 'answered' && (sink.status < 300 || sink.status === 404)
}

/** Nobody waits for the answer, and the client whose call it was may be gone. */
class Unheard implements AnswerSink {
  onDrain: (() => void) | null = null
  onGone: AnswerSink['onGone'] = null
  readonly gone = false
  readonly stopped = null
  started = false
  status = 0
  #timer: NodeJS.Timeout | null = null

  start(status: number): void {
    this.started = true
    this.status = status
  }

  write(): boolean {
    return true
  }

  end(): void {}

  cut(): void {}

  limit(ms: number, onLate: () => void): void {
    this.unlimit()
    this.#timer = setTimeout(onLate, Math.min(ms, HANGUP_MS))
  }

  unlimit(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
