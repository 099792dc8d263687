import type { Route } from '../endpoints/route.ts'
import type { JsonBody, JsonValue } from '../model/json.ts'
import type { ObjectReference } from '../model/objects.ts'
import type { FormField } from '../shape/open-form.ts'

/** A request as far as whose objects it speaks of depends on it. */
export interface AskedObjects {
  readonly found: Route
  readonly body: JsonBody | null
  /** Of a form; null where the request has none. */
  readonly fields: readonly FormField[] | null
  /** What the files of a form are called. */
  readonly filenames: readonly string[]
  /** Named in the body. */
  readonly noted: readonly ObjectReference[]
  /** The verdict on the lines of its file: what they were judged for; null where it has none. */
  readonly judgedFor: string | null
  /** What the policy's transforms write for `store`; absent where they say nothing of it. */
  readonly store?: JsonValue | undefined
}
