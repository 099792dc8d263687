const HEAD_END = '\r\n\r\n'
const LAST_CHUNK = '\r\n0\r\n\r\n'

/**
 * Tells where each answer on one keep-alive connection ends, without copying it. Enough HTTP for the answers of the
 * bench: a length or chunks, no trailers, and no body that holds the bytes of a last chunk.
 */
export class AnswerReader {
  status = 0
  #remaining = -1
  #chunked = false
  #tail = ''
  #head: Buffer | null = null

  /** True when the answer is complete with these bytes. */
  push(bytes: Buffer): boolean {
    if (this.#remaining === -1 && !this.#chunked) return this.#begin(bytes)
    return this.#chunked ? this.#chunks(bytes) : this.#length(bytes.length)
  }

  #begin(received: Buffer): boolean {
    const bytes = this.#head === null ? received : Buffer.concat([this.#head, received])
    const end = bytes.indexOf(HEAD_END)
    this.#head = end === -1 ? Buffer.from(bytes) : null
    return end === -1 ? false : this.#framed(bytes, end)
  }

  #framed(bytes: Buffer, end: number): boolean {
    const head = bytes.toString('latin1', 0, end).toLowerCase()
    this.status = Number(head.slice(9, 12))
    const at = head.indexOf('\r\ncontent-length:')
    const body = end + HEAD_END.length
    if (at === -1) {
      this.#chunked = true
      return this.#chunks(bytes.subarray(end + 2))
    }
    this.#remaining = Number.parseInt(head.slice(at + 17), 10)
    return this.#length(bytes.length - body)
  }

  #length(received: number): boolean {
    this.#remaining -= received
    if (this.#remaining > 0) return false
    if (this.#remaining < 0) throw new Error('bytes after the answer')
    this.#remaining = -1
    return true
  }

  #chunks(bytes: Buffer): boolean {
    const last = this.#tail + bytes.toString('latin1', Math.max(0, bytes.length - LAST_CHUNK.length))
    if (!last.endsWith(LAST_CHUNK)) {
      this.#tail = last.slice(-LAST_CHUNK.length)
      return false
    }
    this.#tail = ''
    this.#chunked = false
    return true
  }
}
