import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { reasonOf } from '../config/read-file.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { CommandIo } from './command.ts'

/** A line, counted from 1. Null: longer than any event, and not kept. */
export interface TextLine {
  readonly number: number
  readonly text: string | null
}

/** Far more than an audit event has, so that a file without line ends does not fill the memory. */
const MAX_LINE_BYTES = 1024 * 1024

/**
 * Calls `take` with each line of a file (`-`: of stdin) that is not blank, in order and as they come: memory does not
 * grow with the file. The failure says what is wrong with the file, for people.
 */
export async function eachLine(
  file: string,
  io: CommandIo,
  take: (line: TextLine) => void,
): Promise<Result<null, string>> {
  const splitter = new LineSplitter(take)
  try {
    const source = file === '-' && io.stdin ? io.stdin : createReadStream(resolve(io.cwd, file))
    for await (const chunk of source) splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  } catch (cause) {
    // Only what reading says is the file's fault; anything else is a bug.
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    return failed(`\`${file.slice(0, 256)}\`: ${reasonOf(cause)}`)
  }
  splitter.end()
  return ok(null)
}

class LineSplitter {
  readonly #take: (line: TextLine) => void
  #number = 0
  #kept: Buffer[] = []
  #keptBytes = 0

  constructor(take: (line: TextLine) => void) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      this.#keep(chunk.subarray(from, end))
      this.#line()
      from = end + 1
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from))
  }

  end(): void {
    if (this.#keptBytes > 0) this.#line()
  }

  #keep(piece: Buffer): void {
    this.#keptBytes += piece.length
    if (this.#keptBytes <= MAX_LINE_BYTES) this.#kept.push(piece)
    else this.#kept = []
  }

  #line(): void {
    const [only] = this.#kept
    const bytes = this.#kept.length === 1 && only !== undefined ? only : Buffer.concat(this.#kept)
    const text = this.#keptBytes > MAX_LINE_BYTES ? null : bytes.toString('utf8')
    this.#kept = []
    this.#keptBytes = 0
    this.#number++
    const clean = this.#number === 1 && text?.startsWith('\ufeff') ? text.slice(1) : text
    if (clean === null || clean.trim() !== '') this.#take({ number: this.#number, text: clean })
  }
}

/** Undefined for what is not JSON. */
export function readJson(text: string): ReturnType<typeof JSON.parse> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
