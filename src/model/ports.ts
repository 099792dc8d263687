/** Interfaces that the edges implement for each other; the composition root joins them. */

import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { Fault } from './fault.ts'
import type { AnswerFacts } from './request.ts'
import type { Result } from './result.ts'
import type { Segment } from './segments.ts'

/** One API key as stored. `hash` (argon2id) and `tag` (a truncated digest) are not credentials. */
export interface StoredKey {
  readonly id: string
  readonly owner: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly workspace: string | null
  /** Addresses and CIDR ranges that it may be used from; empty for everywhere. */
  readonly networks: readonly string[]
  /** Patterns of the models that it may be used for, beside what the policy says; empty for all. */
  readonly models: readonly string[]
  readonly hash: string
  readonly tag: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly rotatedFrom: string | null
  readonly lastUsedAt: number | null
}

/** The read side of the key store, as the identity method needs it. Faults: throws, or rejects, when it cannot be read. */
export interface KeyReader {
  /** At once, where the store is a file. */
  find(id: string): StoredKey | undefined | Promise<StoredKey | undefined>
  /** Notes a use: written later, at best. Never waits and never throws. */
  touch(id: string, usedAt: number): void
}

/** Epoch milliseconds; an argument everywhere, so that tests own the time. */
export type Clock = () => number

/** Milliseconds of `performance.now`, which nobody sets: for how long ago something was. */
export type Stopwatch = () => number

/** The client's side of an answer, as the code that forwards sees it. */
export interface AnswerSink {
  /** Sends status and headers (name, value…). A stream's head goes out at once; another waits for its first bytes. */
  start(status: number, headers: readonly string[], stream: boolean): void
  /** False asks to pause until `onDrain` is called. */
  write(chunk: Buffer): boolean
  end(last: Buffer | null): void
  /** Ends an answer that has begun and cannot be completed, so that the client notices. */
  cut(): void
  /** Calls `onLate` once when `ms` have passed, a little late rather than early. One limit runs at a time. */
  limit(ms: number, onLate: () => void): void
  unlimit(): void
  readonly started: boolean
  onDrain: (() => void) | null
  /** Called when the client goes before the answer is complete (null), or when the proxy must end it with a fault. */
  onGone: ((stopped: Fault | null) => void) | null
  readonly gone: boolean
  /** Why the proxy ends what is not complete; null while it does not. */
  readonly stopped: Fault | null
}

/** Bytes that are kept for one request, counted as they arrive. */
export interface BodyAllowance {
  /** Takes bytes into account; a fault when they may not be kept. */
  take(bytes: number): Fault | null
}

/** The raw connection of a client that asked for a WebSocket, and what had come behind its request. */
export interface TakenConnection {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** A request that asks for a WebSocket. Until it is taken, it is answered like any other request. */
export interface ClientUpgrade {
  /** From now on the exchange notices when its client leaves, although nothing is read yet. */
  watch(): void
  /** Gives the connection away: nothing is answered on it any more but by who took it. Null where it is gone. */
  take(): TakenConnection | null
}

/** What of one connection is in memory and not yet of use, counted as it arrives. */
export interface HeldAllowance extends BodyAllowance {
  release(): void
}

/** What one end of a WebSocket may take of memory: messages that are not whole yet, and what waits for its peer. */
export interface SocketAllowances {
  readonly unread: HeldAllowance
  readonly unsent: HeldAllowance
}

/** One end of an open WebSocket: whole messages, however they were cut into frames. */
export interface MessageSocket {
  /** The protocol that its ends speak; empty where they agreed on none. */
  readonly protocol: string
  /** Sends a text, or bytes. False asks to send no more until `onDrain`. */
  send(message: Buffer | string, isBinary?: boolean): boolean
  ping(): void
  /** Reads no more, until `resume`. Some messages that were read already may still come. */
  pause(): void
  resume(): void
  /** Says goodbye; who does not answer that in a second is cut off. */
  close(code: number, reason: string): void
  /** Ends the connection without a word. */
  cut(): void
  onMessage: ((message: Buffer, isBinary: boolean) => void) | null
  onDrain: (() => void) | null
  /** Called when what comes, or what waits for the peer, is more than may be kept, or when it only pings. */
  onExcess: ((excess: Fault) => void) | null
  /**
   * Called once, with the code that the peer gave; 1005 where it gave none, 1006 where the connection ended without a
   * goodbye. `broke`: what it sent was not the protocol of WebSockets, or too large.
   */
  onClose: ((code: number, broke: boolean) => void) | null
  /** Of the last sign of life. Milliseconds of `performance.now`. */
  readonly heardAt: number
  /** Since when what was sent waits for the peer; infinite while it does not. Milliseconds of `performance.now`. */
  readonly fullSince: number
}

/** Takes one piece of a body; a promise asks to wait for it before there is another. A fault ends the reading. */
export type TakePiece = (piece: Buffer) => Fault | null | Promise<Fault | null>

export interface PieceLimits {
  readonly bytes: number
  /** Between two pieces. Milliseconds. */
  readonly idleMs: number
  /** For all of them. Milliseconds. */
  readonly totalMs: number
  /** Why it ends where the time runs out while a piece is being taken: the client is not the one who is late. */
  readonly untaken: Fault
}

/** Where the files of one upload are kept while it is judged and sent; who opened it disposes of it, on every path. */
export interface UploadSpool {
  write(bytes: Buffer): Fault | null | Promise<Fault | null>
  /** The segments as one stream, as often as it is asked for. */
  read(segments: readonly Segment[]): Readable
  dispose(): Promise<void>
}

/** One request's connection as the pipeline sees it: the body is read here and answers go out here, once. */
export interface ClientExchange extends AnswerSink {
  readonly id: string
  /** The status sent; 0 before there is one. */
  readonly status: number
  /** Where the request asks for a WebSocket on a path of one. */
  readonly upgrade: ClientUpgrade | null
  /** Bytes of answer bodies handed to the connection. */
  readonly bytesSent: number
  /** Reads the whole body; each piece is first taken into account by the allowance, which may refuse it. */
  readBody(
    announced: number | undefined,
    limitBytes: number,
    timeoutMs: number,
    allowance?: BodyAllowance,
  ): Promise<Result<Buffer, Fault>>
  /** Hands the body over piece by piece; null once all of it was taken. Rejects with what `take` throws: a bug. */
  readPieces(announced: number | undefined, limits: PieceLimits, take: TakePiece): Promise<Fault | null>
  /** Answers with a fault; without effect once an answer began. */
  refuse(fault: Fault): void
  json(status: number, document: string): void
  /** Ends an event stream that has begun with one error event; `midEvent`: the last event is not complete. */
  breakStream(fault: Fault, midEvent: boolean): void
}

/** Reads usage from a passing answer; `push` gives the bytes to send on now. */
export interface AnswerTap {
  /** It may make a JSON answer longer, so that the announced length does not hold. */
  readonly resizes?: true
  push(chunk: Buffer): Buffer | null
  end(): { readonly rest: Buffer | null; readonly facts: AnswerFacts }
}
