import { unlabelledCall } from '../model/call-id.ts'
import type { Sealer } from '../model/sealing.ts'
import { sealQuoted } from './quoted-ids.ts'

/** What an id takes of memory beside its letters. Unit: bytes. */
const ID_BYTES = 128

/**
 * The ids of one request. All of them are opened by the one sealer that opened the first: objects of two upstreams cannot
 * meet in one request. Each id is opened once.
 */
export class RequestIds {
  readonly #sealers: readonly Sealer[]
  readonly #known = new Map<string, string | null>()
  /** What was opened: the upstream's id, and how the request wrote it. */
  readonly #sealedBy = new Map<string, string>()
  #owner: Sealer | null = null
  #heldBytes = 0

  constructor(sealers: readonly Sealer[]) {
    this.#sealers = sealers
  }

  /** Of the upstream whose ids these are; null while none was opened. */
  get owner(): Sealer | null {
    return this.#owner
  }

  /** The id as the upstream knows it; null for one that is not this caller's. */
  readonly open = (sealed: string): string | null => {
    const known = this.#known.get(sealed)
    if (known !== undefined) return known
    const found = this.#find(sealed)
    const id = found === null ? null : unlabelledCall(found)
    this.#known.set(sealed, id)
    if (id !== null) {
      this.#sealedBy.set(copied(id), copied(sealed))
      this.#heldBytes += id.length + sealed.length + ID_BYTES
    }
    return id
  }

  /** What is kept of them until the answer is over. Unit: bytes. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** For when all are opened: a part of a text keeps all of it in memory, and an answer may take half an hour. */
  settle(): this {
    this.#known.clear()
    return this
  }

  /**
   * An error of the upstream as the caller may see it: the ids that it sent are as it sent them. No other id becomes a
   * sealed one, since an error quotes what it is told.
   */
  sealError(body: Buffer): Buffer {
    const sealedBy = this.#sealedBy
    if (sealedBy.size === 0) return body
    const text = body.toString('latin1')
    const sealed = sealQuoted(text, sealedBy)
    return sealed === text ? body : Buffer.from(sealed, 'latin1')
  }

  #find(sealed: string): string | null {
    if (this.#owner !== null) return this.#owner.open(sealed)
    for (const sealer of this.#sealers) {
      const id = sealer.open(sealed)
      if (id === null) continue
      this.#owner = sealer
      return id
    }
    return null
  }
}

/** What opens is ASCII. */
function copied(id: string): string {
  return Buffer.from(id, 'latin1').toString('latin1')
}
