import { isUtf8 } from 'node:buffer'
import { failed, ok, type Result } from '../../model/result.ts'

const FIRST_BYTES = 256

/** The value of one field while it comes in: copied, for a slice of one byte would keep what it was cut from. */
export class TextPart {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  add(piece: Buffer): void {
    const length = this.#length + piece.length
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    piece.copy(this.#bytes, this.#length)
    this.#length = length
  }

  /**
   * The text, unless readers could take it for different ones: they replace what is no UTF-8, leave a byte order mark out
   * and end at a zero byte. The failure is the end of a sentence.
   */
  read(): Result<string, string> {
    const bytes = this.#bytes.subarray(0, this.#length)
    if (!isUtf8(bytes)) return failed('is not valid UTF-8')
    if (bytes.includes(0)) return failed('has a zero byte in its text')
    const text = bytes.toString('utf8')
    return text.startsWith('\ufeff') ? failed('begins with a byte order mark: leave it out') : ok(text)
  }
}
