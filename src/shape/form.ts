import type { Readable } from 'node:stream'
import type { KeptBody } from '../model/request.ts'
import type { Segment } from '../model/segments.ts'

/** A form as it is written anew. */
interface Written {
  readonly contentType: string
  readonly length: number
  readonly segments: readonly Segment[]
}

/** A form that goes upstream: what was judged, and where its files are read from. */
export interface FormToSend {
  /** `changes`: fields to set, by their names. */
  readonly write: (changes: ReadonlyMap<string, string>) => Written
  readonly read: (segments: readonly Segment[]) => Readable
}

export interface ShapedForm {
  /** Name, value, name, value… */
  readonly headers: readonly string[]
  readonly body: KeptBody
}

const NO_CHANGES: ReadonlyMap<string, string> = new Map()

/** `model`: the one that stands in the place of the name that the form has; null where that stays. */
export function shapeForm({ write, read }: FormToSend, model: string | null): ShapedForm {
  const { contentType, length, segments } = write(model === null ? NO_CHANGES : new Map([['model', model]]))
  return {
    headers: ['content-type', contentType, 'content-length', String(length)],
    body: { length, open: () => read(segments) },
  }
}
