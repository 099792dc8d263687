import type { IncomingHttpHeaders } from 'node:http'
import { type Fault, fault } from '../model/fault.ts'

export function isEventStream(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type']
  if (type === 'application/json') return false
  return typeof type === 'string' && /^text\/event-stream(?:\s*;|\s*$)/i.test(type)
}

/** More than any server has hints to give: each one moves the time limit for the answer's head. */
const MAX_EARLY_ANSWERS = 16

/** The fault of an upstream that goes on sending informational answers (1xx), which are never handed on. */
export function tooManyEarly(count: number): Fault | null {
  if (count <= MAX_EARLY_ANSWERS) return null
  return fault('upstream_unavailable', `the upstream sent more than ${MAX_EARLY_ANSWERS} informational answers`, {
    reason: 'bad_stream',
  })
}

/** Answers that are never handed on, whatever they hold. */
export function unacceptable(status: number, headers: IncomingHttpHeaders): Fault | null {
  if (status >= 300 && status < 400) {
    return fault('upstream_unavailable', 'the upstream answered with a redirect, which is not followed', {
      reason: 'upstream_redirect',
    })
  }
  // 407 is between us and a proxy of ours; what is no status of HTTP is nobody's answer.
  if (status === 407 || status > 599) {
    return fault('upstream_unavailable', `the upstream answered with the status ${status}, which is not handed on`, {
      reason: 'bad_stream',
    })
  }
  if (status === 401) {
    return fault('upstream_unavailable', "the upstream refused the proxy's own key", { reason: 'upstream_401' })
  }
  const transfer: unknown = headers['transfer-encoding']
  // The HTTP client takes the chunks off and nothing else: what another coding has made of an answer nobody could read.
  if (transfer !== undefined && !isChunked(transfer)) {
    return fault('upstream_unavailable', 'the upstream framed its answer otherwise than in chunks or by its length', {
      reason: 'bad_stream',
    })
  }
  const coding = headers['content-encoding']
  if (coding !== undefined && coding !== 'identity' && coding !== '') {
    return fault('upstream_unavailable', 'the upstream compressed an answer that was asked for as it is', {
      reason: 'bad_stream',
    })
  }
  return null
}

function isChunked(coding: unknown): boolean {
  return coding === 'chunked' || (typeof coding === 'string' && coding.toLowerCase() === 'chunked')
}
