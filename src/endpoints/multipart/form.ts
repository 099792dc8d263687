import type { Fault } from '../../model/fault.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { FormParser } from './parser.ts'
import type { PartHead } from './part-head.ts'

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
