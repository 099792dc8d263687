import type { Secret } from '../model/secret.ts'

/** A shorter key could stand in an answer by chance; what such a one opens is no secret. Unit: characters. */
const MIN_KEY = 12
const FILL = 42 // *

/**
 * Keeps the provider's own key out of an answer that passes: wherever the key stands in it, asterisks of the same number
 * go on, so that no length changes. Bytes wait only while they could be the beginning of the key.
 *
 * Does not find: the key in another encoding. Error bodies are searched for those, since providers quote keys there.
 */
export class KeyGuard {
  readonly #key: Buffer
  #held: Buffer | null = null

  private constructor(key: Buffer) {
    this.#key = key
  }

  /** Null where there is no key, or none that could be told from other text. */
  static open(apiKey: Secret | null): KeyGuard | null {
    const key = Buffer.from(apiKey?.reveal() ?? '', 'latin1')
    return key.length < MIN_KEY ? null : new KeyGuard(key)
  }

  push(chunk: Buffer): Buffer {
    const bytes = this.#held === null ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = null
    const clean = this.#filled(bytes)
    const cut = this.#beginning(clean)
    if (cut === clean.length) return clean
    this.#held = clean.subarray(cut)
    return clean.subarray(0, cut)
  }

  /** What waited for the rest of a key that did not come. */
  end(): Buffer | null {
    const held = this.#held
    this.#held = null
    return held
  }

  /** Header values (name, value…) without the key. */
  headers(headers: string[]): string[] {
    const key = this.#key.toString('latin1')
    for (let index = 1; index < headers.length; index += 2) {
      const value = headers[index] ?? ''
      if (value.includes(key)) headers[index] = value.replaceAll(key, '*'.repeat(key.length))
    }
    return headers
  }

  /** The chunk belongs to the HTTP client, which reuses nothing of it, and is changed in a copy all the same. */
  #filled(bytes: Buffer): Buffer {
    let at = bytes.indexOf(this.#key)
    if (at === -1) return bytes
    const clean = Buffer.from(bytes)
    while (at !== -1) {
      clean.fill(FILL, at, at + this.#key.length)
      at = clean.indexOf(this.#key, at + this.#key.length)
    }
    return clean
  }

  /** Where a beginning of the key starts that the end of `bytes` cuts off; its length where there is none. */
  #beginning(bytes: Buffer): number {
    const key = this.#key
    const first = key[0] ?? 0
    let at = bytes.indexOf(first, Math.max(0, bytes.length - key.length + 1))
    while (at !== -1) {
      if (key.compare(bytes, at, bytes.length, 0, bytes.length - at) === 0) return at
      at = bytes.indexOf(first, at + 1)
    }
    return bytes.length
  }
}
