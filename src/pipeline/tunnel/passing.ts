import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { type Fault, fault } from '../../model/fault.ts'
import { closeFrame } from '../../sockets/frame-borders.ts'
import type { KeyGuard } from '../../upstream/key-guard.ts'
import type { Tunnel } from '../../upstream/tunnel.ts'
import type { Ending } from '../events.ts'
import { closeCodeOf, internalError, upstreamBroke } from '../realtime/closing.ts'
import { Flow } from './flow.ts'

const TICK_MS = 1000
/** How long an end may take to leave once it was told to. Milliseconds. */
const GOODBYE_MS = 1000
/** A reader is given at least so long, however short the configured limit is. Milliseconds. */
const MIN_SILENCE_MS = 3000
/** The end of a connection without a goodbye, as events tell it. */
const NO_GOODBYE = 1006

/** Whether the caller may still have what was opened. */
export interface Lasting {
  /** Before bytes of the client go on. Why they do not; null while they do. Throws bugs. */
  fault(): Fault | null
  /** The same once a second, with a look at what costs more. */
  tick(now: number): Fault | null
}

export interface PassingLimits {
  /** Without a byte in either direction. Milliseconds. */
  readonly idleMs: number
  /** Of the whole. */
  readonly totalMs: number
  /** By when the client must have taken what waits for it. */
  readonly clientMs: number
}

/**
 * Passes the bytes of a WebSocket both ways until one end leaves or it may not go on, and counts them. Goodbyes of our own
 * are said only between two frames; elsewhere the connection is cut.
 */
export class Passing {
  readonly #client: Duplex
  readonly #tunnel: Tunnel
  readonly #guard: KeyGuard | null
  readonly #lasting: Lasting
  readonly #limits: PassingLimits
  readonly #bug: (cause: unknown) => void
  readonly #up: Flow
  readonly #down: Flow
  readonly #startedAt = performance.now()
  readonly #over = Promise.withResolvers<Ending>()
  #timer: NodeJS.Timeout | undefined
  #ending: Ending | null = null
  #openEnds = 2

  /** `bug` is told of what nobody expects; must not throw. */
  constructor(
    client: Duplex,
    tunnel: Tunnel,
    guard: KeyGuard | null,
    lasting: Lasting,
    limits: PassingLimits,
    bug: (cause: unknown) => void,
  ) {
    this.#client = client
    this.#tunnel = tunnel
    this.#guard = guard
    this.#lasting = lasting
    this.#limits = limits
    this.#bug = bug
    this.#up = new Flow(client, tunnel.end)
    this.#down = new Flow(tunnel.end, client)
  }

  get receivedBytes(): number {
    return this.#up.bytes
  }

  /** Resolves when both ends are closed. */
  run(): Promise<Ending> {
    const [client, { end: upstream }] = [this.#client, this.#tunnel]
    client.on('data', (chunk: Buffer) => this.#try(() => this.#fromClient(chunk)))
    client.on('drain', () => this.#down.drained())
    client.once('end', () => this.#try(() => this.#left('client_gone')))
    client.once('close', () => this.#closed('client_gone'))
    upstream.on('data', (chunk: Buffer) => this.#try(() => this.#fromUpstream(chunk)))
    upstream.on('drain', () => this.#up.drained())
    upstream.once('end', () => this.#try(() => this.#left('broken')))
    upstream.once('close', () => this.#closed('broken'))
    this.#timer = setInterval(() => this.#try(() => this.#tick(performance.now())), TICK_MS)
    if (client.destroyed) this.#closed('client_gone')
    if (upstream.destroyed) this.#closed('broken')
    return this.#over.promise
  }

  /** Ends both for a reason. Never throws. */
  end(reason: Fault): void {
    this.#try(() => this.#end(reason))
  }

  #end(reason: Fault): void {
    const code = closeCodeOf(reason)
    if (!this.#settle('broken', code, reason)) return
    this.#dismissClient(closeFrame(code, reason.code, null))
    this.#dismissUpstream(1000)
  }

  #fromClient(chunk: Buffer): void {
    if (this.#ending !== null) return
    const lost = this.#lasting.fault()
    if (lost === null) this.#up.pass(chunk, asItIs)
    else this.#end(lost)
  }

  #fromUpstream(chunk: Buffer): void {
    if (this.#ending === null) this.#down.pass(chunk, this.#clean)
  }

  /** Without the provider's key: a beginning of it waits for the rest, but not past the end of a frame. */
  readonly #clean = (chunk: Buffer, isWhole: boolean): Buffer => {
    if (this.#guard === null) return chunk
    const clean = this.#guard.push(chunk)
    const rest = isWhole ? this.#guard.end() : null
    return rest === null ? clean : Buffer.concat([clean, rest])
  }

  /** One end leaves: after a goodbye of either as such things end. */
  #left(who: 'client_gone' | 'broken'): void {
    const code = this.#down.frames.closeCode ?? this.#up.frames.closeCode
    if (code === null && who === 'broken') {
      this.#end(upstreamBroke)
      return
    }
    if (!this.#settle(code === null ? who : 'answered', code ?? NO_GOODBYE)) return
    this.#client.end()
    this.#dismissUpstream(1001)
  }

  /** Says goodbye where there is one to say and a place for it; an end that cannot be told is cut. */
  #dismissClient(goodbye: Buffer): void {
    const { closeCode, isAtBorder } = this.#down.frames
    if (closeCode !== null) this.#client.end()
    else if (isAtBorder) this.#client.end(goodbye)
    else this.#client.destroy()
  }

  #dismissUpstream(code: number): void {
    const { closeCode, isAtBorder } = this.#up.frames
    if (closeCode !== null) this.#tunnel.end.end()
    else if (isAtBorder) this.#tunnel.end.end(closeFrame(code, '', randomBytes(4)))
    else this.#tunnel.cut()
  }

  #closed(who: 'client_gone' | 'broken'): void {
    this.#try(() => this.#left(who))
    if (--this.#openEnds > 0 || this.#ending === null) return
    // Whatever the library still has of it.
    this.#tunnel.cut()
    this.#over.resolve(this.#ending)
  }

  #tick(now: number): void {
    const { idleMs, totalMs, clientMs } = this.#limits
    const lost = this.#lasting.tick(now)
    if (lost !== null) this.#end(lost)
    else if (now - this.#startedAt >= totalMs) this.#end(tookTooLong)
    else if (now - Math.max(this.#up.movedAt, this.#down.movedAt) >= idleMs) this.#end(idle)
    else if (now - this.#up.fullSince >= Math.max(idleMs, MIN_SILENCE_MS)) this.#end(upstreamFull)
    else if (now - this.#down.fullSince >= Math.max(clientMs, MIN_SILENCE_MS)) {
      this.#client.destroy()
      this.#left('client_gone')
    }
  }

  /** What it was, once; its ends may still have to close. */
  #settle(outcome: Ending['outcome'], closeCode: number, reason?: Fault): boolean {
    if (this.#ending !== null) return false
    clearInterval(this.#timer)
    this.#ending = {
      outcome,
      status: 101,
      facts: {},
      firstByteAt: this.#down.firstByteAt,
      ...(reason && { fault: reason }),
      session: { status: 101, bytesSent: this.#down.bytes, extra: { 'session.close_code': closeCode } },
    }
    // Whoever is to be heard leaving must be read; what is read is not passed on any more.
    this.#client.resume()
    this.#tunnel.end.resume()
    const limit = setTimeout(() => this.#cut(), GOODBYE_MS)
    void this.#over.promise.finally(() => clearTimeout(limit))
    return true
  }

  #cut(): void {
    this.#client.destroy()
    this.#tunnel.cut()
  }

  /** INVARIANT: nothing that a socket or the clock calls throws, for that would end every session of the process. */
  #try(step: () => void): void {
    try {
      step()
    } catch (cause) {
      this.#bug(cause)
      this.#settle('broken', closeCodeOf(internalError), internalError)
      this.#cut()
    }
  }
}

const asItIs = (chunk: Buffer): Buffer => chunk

const idle = fault('upstream_timeout', 'nothing passed for too long', { reason: 'session_idle' })
const upstreamFull = fault('upstream_timeout', 'the upstream does not take what it is sent', {
  reason: 'upstream_timeout',
})
const tookTooLong = fault('upstream_timeout', 'the connection has lasted as long as one may', {
  reason: 'session_too_long',
})
