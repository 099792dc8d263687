import type { IncomingHttpHeaders } from 'node:http'
import type { Fault } from '../model/fault.ts'
import type { AnswerTap } from '../model/ports.ts'
import type { StreamEnding } from './last-word.ts'

/** The pure parts of an answer, handed in by the composition root. */
export interface AnswerShape {
  readonly headers: (headers: IncomingHttpHeaders, stream: boolean) => string[]
  readonly openTap: (kind: 'json' | 'sse', status: number) => AnswerTap
  /** How a stream ends; absent: with `[DONE]`. */
  readonly ending?: StreamEnding
  /** Takes the provider's key out of an error body. */
  readonly blot: (body: Buffer) => Buffer
  /** The proxy's own fault that is answered in the place of an upstream's error; null for none. */
  readonly faultFor?: (status: number, body: Buffer) => Fault | null
}
