import { type Fault, fault } from '../model/fault.ts'

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])

export function timedOut(message: string): Fault {
  return fault('upstream_timeout', message, { reason: 'upstream_timeout' })
}

/** Translates what the HTTP client reports; its message may hold addresses, so only its code goes on. */
export function faultOf(error: Error): Fault {
  const code = (error as NodeJS.ErrnoException).code ?? error.name
  if (TIMEOUTS.has(code)) return { ...timedOut('the upstream did not answer in time'), cause: code }
  return fault('upstream_unavailable', 'the upstream could not be reached or broke off', {
    reason: 'upstream_reset',
    cause: code,
  })
}
