import type { IncomingMessage } from 'node:http'
import { type Fault, fault } from '../model/fault.ts'
import type { BodyAllowance } from '../model/ports.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { afterReads } from '../model/turn.ts'

/** Why the rest of a body will never come. */
export type BodyBreak = 'malformed' | 'client_closed' | 'timeout'

export const BREAKS: Readonly<Record<BodyBreak, Fault>> = {
  malformed: fault('invalid_body', 'the body is not framed as HTTP/1.1 frames one'),
  client_closed: fault('invalid_body', 'the body ended early', { reason: 'client_closed' }),
  timeout: fault('request_timeout', 'the request was not complete in time'),
}

const NOTHING = Buffer.alloc(0)

const BODY = Symbol('body')

/** A request that knows who reads it: so the listeners are the same functions for every request. */
interface Read extends IncomingMessage {
  [BODY]?: BodyReading
}

/** The body of one request on its way in: settled once, with all of it or with a fault. */
export class BodyReading {
  readonly #request: Read
  readonly #limitBytes: number
  readonly #allowance: BodyAllowance | null
  #settle: ((result: Result<Buffer, Fault>) => void) | null
  #first: Buffer | null = null
  #chunks: Buffer[] | null = null
  #length = 0

  constructor(
    request: IncomingMessage,
    limitBytes: number,
    allowance: BodyAllowance | null,
    settle: (result: Result<Buffer, Fault>) => void,
  ) {
    this.#request = request
    this.#limitBytes = limitBytes
    this.#allowance = allowance
    this.#settle = settle
    this.#request[BODY] = this
    request.on('data', onBytes).on('end', onEnd).on('error', ignore)
  }

  take(chunk: Buffer): void {
    this.#length += chunk.length
    const isTooLarge = this.#length > this.#limitBytes
    const refused = isTooLarge ? tooLarge(this.#limitBytes) : (this.#allowance?.take(chunk.length) ?? null)
    if (refused) this.fail(refused)
    else if (this.#first === null) this.#first = chunk
    else if (this.#chunks === null) this.#chunks = [this.#first, chunk]
    else this.#chunks.push(chunk)
  }

  /** All of it is there; it is handed on with the other bodies of this turn. */
  end(): void {
    afterReads(() => this.#handOn())
  }

  #handOn(): void {
    const settle = this.#settle
    if (settle === null) return
    const bytes = this.#chunks === null ? (this.#first ?? NOTHING) : Buffer.concat(this.#chunks, this.#length)
    this.#forget()
    settle(ok(bytes))
  }

  /** The request knows its reading for as long as its answer takes: the pieces would be in memory beside the whole. */
  #forget(): void {
    this.#settle = this.#first = this.#chunks = null
  }

  /** The time is up; null where all of it is there. */
  late(ofClient: Fault | null): void {
    if (ofClient) this.fail(ofClient)
  }

  /** Stops reading, unless the body was handed on. */
  fail(fault: Fault): void {
    const settle = this.#settle
    if (settle === null) return
    this.#forget()
    this.#request.removeListener('data', onBytes)
    this.#request.removeListener('end', onEnd)
    this.#request.pause()
    settle(failed(fault))
  }
}

/** `setting`: the one that says so. */
export function tooLarge(limitBytes: number, setting: 'max_body' | 'max_upload' = 'max_body'): Fault {
  return fault('body_too_large', `the body is larger than the ${limitBytes} bytes that \`${setting}\` allows`)
}

export function bodyLate(limitMs: number): Fault {
  return fault('request_timeout', `the body was not complete within ${limitMs} ms`)
}

function onBytes(this: Read, chunk: Buffer): void {
  this[BODY]?.take(chunk)
}

function onEnd(this: Read): void {
  this[BODY]?.end()
}

function ignore(): void {}
