import pino from 'pino'

/** Diagnostics for operators: one JSON object a line on stderr. They never hold a credential, a body or a claim. */
export interface Diagnostics {
  info(message: string, details?: object): void
  warn(message: string, details?: object): void
  error(message: string, details?: object): void
}

/** Unread diagnostics are dropped past this, so that a stalled reader of stderr costs memory up to here and no time. */
const MAX_QUEUED_BYTES = 1024 * 1024

export function openDiagnostics(): Diagnostics {
  const destination = pino.destination({ fd: 2, sync: false, minLength: 0, maxLength: MAX_QUEUED_BYTES })
  // What cannot be told on stderr cannot be told at all; the audit has a way of its own.
  destination.on('error', () => undefined)
  const logger = pino(
    {
      base: { name: 'sallyport' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return {
    info: (message, details = {}) => logger.info(details, message),
    warn: (message, details = {}) => logger.warn(details, message),
    error: (message, details = {}) => logger.error(details, message),
  }
}
