import type { Fault } from '../model/fault.ts'
import type { JsonBody } from '../model/json.ts'
import type { ObjectKind } from '../model/objects.ts'
import type { TableOperation } from '../model/operations.ts'
import type { RequestFacts } from '../model/request.ts'
import type { Result } from '../model/result.ts'
import type { UpstreamKind } from '../model/settings.ts'

/** What stood in the path's placeholders, decoded; `model` may stand in the query, too. */
export type PathParameters = { readonly [Kind in ObjectKind | 'model']?: string }

/** Where an answer tells of itself: `none` for answers that carry no usage. */
export type AnswerKind = 'completion' | 'response' | 'embedding' | 'message' | 'none'

/**
 * What a request says of the one model that serves it; models that stand elsewhere in a body are always decided, too.
 *
 * - `none`: no model serves it.
 * - `required`, `optional`: `model` at the top of the body. A body that may leave it out takes it from something stored,
 *   or from the upstream: *cannot tell*.
 * - `nested`: only members further down name models; where none does, *cannot tell*.
 * - `indirect`: something stored says it, whatever the body names: *cannot tell*.
 * - `path`, `query`: a placeholder, or a parameter; a list that is not narrowed to a model by its query has none.
 */
export type ModelRole = 'none' | 'required' | 'optional' | 'nested' | 'indirect' | 'path' | 'query'

/**
 * What a parameter of a query holds: the id of an object, a model's name, a flag (`true` or `false`, and no other word
 * for it), or null for a setting. A name that ends in `[]` may stand several times; `metadata[*]` is any key of the
 * caller's own.
 */
export interface QueryForm {
  readonly [parameter: string]: ObjectKind | 'model' | 'flag' | null
}

/**
/**
 * Why an operation of the table is not carried yet: it is a WebSocket, or its answer lets the caller speak to the provider
 * without the proxy, or it holds requests that nobody would have decided.
 */
export type Awaits = 'websocket' | 'session' | 'requests'

/** Messages that speak of one session and what it is set to: those of the Realtime API, or of its translations. */
export type SessionDialect = 'realtime' | 'translation'

/** Which messages clients send on a WebSocket; those of the Responses API are requests, each one by itself. */
export type Dialect = SessionDialect | 'responses'

/** One operation of the API: how it is found, what a request to it asks for, and what its answer tells. */
export interface Endpoint {
  readonly operation: TableOperation
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** The canonical path; a kind of object, or `model`, in braces stands for one id. */
  readonly path: string
  /** Whose API it is: only an upstream of this kind serves it. */
  readonly api: UpstreamKind | 'any'
  /** `either`: JSON, or multipart where bytes come with it. */
  readonly body: 'none' | 'json' | 'multipart' | 'either'
  /** Parameters that go upstream; every other one is dropped. */
  readonly query: QueryForm
  /** `asked`: where the request says `stream`, or has a `stream_format` that is one of events. */
  readonly streams: 'no' | 'asked' | 'always'
  /** Creates, reads, changes or lists objects that outlive the request. */
  readonly stored: boolean
  readonly model: ModelRole
  /** Every place in a request where the API knows a model: `.tools[].model`, `?model`, `{model}`, `form model`. */
  readonly models: readonly string[]
  readonly awaits: Awaits | null
  /** Of a WebSocket whose messages are judged one by one; null for every other operation. */
  readonly dialect: Dialect | null
  /** The `OpenAI-Beta` header that the API asks for. */
  readonly beta: string | null
  readonly answer: AnswerKind
  /** The answer is a file of any type, not JSON. */
  readonly bytes: boolean
  /** A stream tells its usage only when `stream_options.include_usage` asks for it. */
  readonly usageOnRequest: boolean
  /**
   * Pure facts of one request; `body` is null exactly where the endpoint has none, `query` is canonical. The objects that
   * path and query name are not among them. Of a form `describeForm` says them. Faults: `invalid_body`.
   */
  describe(body: JsonBody | null, parameters: PathParameters, query?: string): Result<RequestFacts, Fault>
}
