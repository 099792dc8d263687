import type { Fault } from '../model/fault.ts'
import type { JsonBody } from '../model/json.ts'
import type { OperationName, RequestFacts } from '../model/request.ts'
import type { Result } from '../model/result.ts'

/** What stood in the path's placeholders, decoded. */
export interface PathParameters {
  readonly model?: string
}

/** Where an answer tells of itself: `none` for answers that carry no usage. */
export type AnswerKind = 'completion' | 'response' | 'embedding' | 'none'

/** One operation of the API: how it is found, what a request to it asks for, and what its answer tells. */
export interface Endpoint {
  readonly operation: OperationName
  readonly method: 'GET' | 'POST'
  /** The canonical path; `{model}` stands for one name. */
  readonly path: string
  readonly body: 'none' | 'json'
  /** Query parameters that go upstream; every other one is dropped. */
  readonly query: readonly string[]
  readonly answer: AnswerKind
  /** A stream tells its usage only when `stream_options.include_usage` asks for it. */
  readonly usageOnRequest: boolean
  /** Pure facts of one request; `body` is null exactly where the endpoint has none. Faults: `invalid_body`. */
  describe(body: JsonBody | null, parameters: PathParameters): Result<RequestFacts, Fault>
}
