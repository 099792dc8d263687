import type { Fault } from '../../model/fault.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { FormParser } from './parser.ts'
import type { PartHead } from './part-head.ts'

/**
 * A form is judged whole, and not one byte of it goes upstream before that: its files are kept meanwhile, in memory or on
 * disk (`Spool`). To decide early, where `model` and all that is judged stand before the file, and to break the upload off
 * when something judged comes behind it, would save the disk and half of the time. It is not done, because
 * - a denied request must not reach the upstream at all, and a form that is broken off has: a tolerant reader takes what
 *   is there, and has stored the file or begun its work by then;
 * - what decides is not known before the end: a second `model`, a form that is no form, a line of a batch file;
 * - the caller chooses the order, so that the safe half of this would still have to be built and would be the one that is
 *   used for a caller who means harm;
 * - a form that is there can be sent with its length, and once more to the next upstream; a slow caller holds no
 *   connection to one.
 */

/** A field with its value, or a file by where its bytes stand among those of all files of the form. */
export type FormPart =
  | { readonly kind: 'field'; readonly head: PartHead; readonly text: string }
  | { readonly kind: 'file'; readonly head: PartHead; readonly from: number; readonly to: number }

/** A form that was read whole. */
export interface Form {
  readonly parts: readonly FormPart[]
  /** Of the body that it was read from. */
  readonly bytes: number
}

const NONE: readonly Buffer[] = []

/** Reads a form whose files somebody else keeps: `push` answers their bytes, which belong one behind the other. */
export class FormReader {
  readonly #parser: FormParser
  readonly #parts: FormPart[] = []
  #bytes = 0
  #fileBytes = 0
  #file: { readonly head: PartHead; readonly from: number } | null = null

  constructor(boundary: string) {
    this.#parser = new FormParser(boundary)
  }

  push(chunk: Buffer): Result<readonly Buffer[], Fault> {
    this.#bytes += chunk.length
    const events = this.#parser.push(chunk)
    if (!events.ok) return events
    let kept: Buffer[] | null = null
    for (const event of events.value) {
      if (event.kind === 'bytes') {
        this.#fileBytes += event.bytes.length
        kept ??= []
        kept.push(event.bytes)
      } else if (event.kind === 'file') this.#file = { head: event.head, from: this.#fileBytes }
      else if (event.kind === 'field') this.#parts.push(event)
      else if (this.#file !== null) this.#parts.push({ kind: 'file', ...this.#file, to: this.#fileBytes })
    }
    return ok(kept ?? NONE)
  }

  /** The form, once all of the body was pushed. */
  end(): Result<Form, Fault> {
    const fault = this.#parser.end()
    return fault === null ? ok({ parts: this.#parts, bytes: this.#bytes }) : failed(fault)
  }
}
