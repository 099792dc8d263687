import { Readable } from 'node:stream'
import { type Fault, fault } from '../model/fault.ts'
import type { BodyAllowance, UploadSpool } from '../model/ports.ts'
import type { Segment } from '../model/segments.ts'
import { openUnlinked, type SpoolFile } from './spool-file.ts'

/**
 * What a spool keeps in memory: one read of a connection. Most forms of text and a small picture need no file; a larger
 * one costs the disk a write for each block, whatever the pieces that it came in.
 */
export const BLOCK_BYTES = 64 * 1024
const FIRST_BLOCK_BYTES = 4 * 1024
const NOTHING = Buffer.alloc(0)

export interface SpoolPorts {
  /** Absolute path of the folder that files are made in. */
  readonly folder: string
  /** Bounds what is kept, of the process and of the caller; it is released by who opened it. */
  readonly allowance: BodyAllowance
  readonly openFile?: (folder: string) => Promise<SpoolFile>
}

/**
 * Keeps the files of one upload until it is decided, in memory bounded by one block: what is more goes to an unlinked
 * file of 0600. Who opens it disposes of it, on every path; what is written or read after that fails.
 *
 * Faults: those of the allowance; `overloaded` when the disk does not take it (full, read-only, gone), after which
 * nothing can be written or read any more.
 */
export class Spool implements UploadSpool {
  readonly #ports: SpoolPorts
  #file: SpoolFile | null = null
  #fileBytes = 0
  #block: Buffer = NOTHING
  #blockBytes = 0
  /** From then on the block is what readers have slices of. */
  #isRead = false
  #fault: Fault | null = null
  /** What is being written; it never rejects. */
  #busy: Promise<Fault | null> | null = null
  #disposal: Promise<void> | null = null
  readonly #readers = new Set<Readable>()

  constructor(ports: SpoolPorts) {
    this.#ports = ports
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#fileBytes + this.#blockBytes
  }

  /** Appends; a promise asks to wait for it before there is more. The bytes may be reused once it is settled. */
  write(bytes: Buffer): Fault | null | Promise<Fault | null> {
    if (this.#fault !== null) return this.#fault
    if (this.#busy !== null || this.#isRead) throw new Error('a spool is written to while it writes or is read')
    this.#fault = this.#ports.allowance.take(bytes.length)
    if (this.#fault !== null) return this.#fault
    if (this.#blockBytes + bytes.length <= BLOCK_BYTES) {
      this.#append(bytes)
      return null
    }
    this.#busy = this.#spill(bytes).finally(() => {
      this.#busy = null
    })
    return this.#busy
  }

  /** The segments as one stream, as often as it is asked for. What it does not find makes it fail. */
  read(segments: readonly Segment[]): Readable {
    if (this.#busy !== null) throw new Error('a spool is read while it writes')
    this.#isRead = true
    const pieces = this.#pieces(segments)
    const reader = Readable.from(pieces, { objectMode: false, highWaterMark: BLOCK_BYTES })
    this.#readers.add(reader)
    reader.once('close', () => this.#readers.delete(reader))
    return reader
  }

  /** Ends what is being read, and frees memory and file once what is under way has ended. Can be called again. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose()
    return this.#disposal
  }

  async #dispose(): Promise<void> {
    this.#fault ??= disposed
    // Without an error, which would end the process where nobody listens any more: who still reads sees an early end.
    for (const reader of this.#readers) reader.destroy()
    await this.#busy
    this.#block = NOTHING
    const file = this.#file
    this.#file = null
    // Whatever closing says, the descriptor is gone.
    await file?.close().catch(() => undefined)
  }

  #append(bytes: Buffer): void {
    const length = this.#blockBytes + bytes.length
    if (length > this.#block.length) {
      const size = Math.max(FIRST_BLOCK_BYTES, 2 ** Math.ceil(Math.log2(length)))
      const larger = Buffer.allocUnsafeSlow(size)
      this.#block.copy(larger, 0, 0, this.#blockBytes)
      this.#block = larger
    }
    bytes.copy(this.#block, this.#blockBytes)
    this.#blockBytes = length
  }

  /** Appends what does not fit into the block: full blocks go to the file. */
  async #spill(bytes: Buffer): Promise<Fault | null> {
    try {
      this.#file ??= await (this.#ports.openFile ?? openUnlinked)(this.#ports.folder)
      for (let at = 0; at < bytes.length; ) {
        const taken = Math.min(BLOCK_BYTES - this.#blockBytes, bytes.length - at)
        this.#append(bytes.subarray(at, at + taken))
        at += taken
        if (this.#blockBytes === BLOCK_BYTES) await this.#flush(this.#file)
      }
    } catch (cause) {
      this.#fault ??= unavailable(cause)
    }
    return this.#fault
  }

  async #flush(file: SpoolFile): Promise<void> {
    for (let done = 0; done < this.#blockBytes; ) {
      const { bytesWritten } = await file.write(this.#block, done, this.#blockBytes - done, this.#fileBytes + done)
      if (bytesWritten === 0) throw new Error('the disk took nothing')
      done += bytesWritten
    }
    this.#fileBytes += this.#blockBytes
    this.#blockBytes = 0
  }

  async *#pieces(segments: readonly Segment[]): AsyncGenerator<Buffer> {
    for (const segment of segments) {
      if (Buffer.isBuffer(segment)) yield segment
      else
        for (let at = segment.from; at < segment.to; ) {
          const piece = await this.#piece(at, segment.to)
          at += piece.length
          yield piece
        }
    }
  }

  /** Some of the bytes from `from` to `to`, and not none. */
  async #piece(from: number, to: number): Promise<Buffer> {
    if (this.#fault !== null || to > this.length) throw new Error('the spool does not have these bytes')
    const inBlock = from - this.#fileBytes
    if (inBlock >= 0) return this.#block.subarray(inBlock, Math.min(this.#blockBytes, to - this.#fileBytes))
    if (this.#file === null) throw new Error('a spool without the file that it wrote')
    const piece = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, Math.min(to, this.#fileBytes) - from))
    const { bytesRead } = await this.#file.read(piece, 0, piece.length, from)
    if (bytesRead === 0) throw new Error('the spool does not have these bytes')
    return piece.subarray(0, bytesRead)
  }
}

const disposed: Fault = fault('invalid_body', 'the upload was given up', { reason: 'client_closed' })

function unavailable(cause: unknown): Fault {
  return fault('overloaded', 'the upload cannot be kept at the moment: try again later', {
    reason: 'spool_unavailable',
    headers: ['retry-after', '5'],
    cause: cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.name) : undefined,
  })
}
