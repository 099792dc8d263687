import { modelOfCallId } from '../model/call-id.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { ObjectKind } from '../model/objects.ts'
import { apiOf, type TableOperation } from '../model/operations.ts'
import type { RequestFacts } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { type BodyMembers, bodyMembers, describeBody, factsOf, type MemberReader } from './body.ts'
import { openDraft } from './draft.ts'
import type { Endpoint, PathParameters, QueryForm } from './endpoint.ts'

type Rest = Partial<Omit<Endpoint, 'operation' | 'api' | 'method' | 'path' | 'describe'>>

/** What a JSON body may hold beside what all bodies do. */
interface Members {
  /** Settings and prose at the top of the body. */
  readonly known?: readonly string[]
  readonly readers?: Iterable<readonly [string, MemberReader]>
  readonly outputLimits?: readonly string[]
  /** Keys that name stored objects in these bodies, at any depth. */
  readonly ids?: readonly string[]
  /** Something stored says what is done, whatever the body names: its tools, hosts and input are not told. */
  readonly runsStored?: boolean
}

const PLAIN = {
  body: 'none',
  query: {},
  streams: 'no',
  stored: true,
  model: 'none',
  models: [],
  awaits: null,
  dialect: null,
  beta: null,
  answer: 'none',
  bytes: false,
  usageOnRequest: false,
} as const satisfies Rest

/** Reads something that is kept: one object, or its bytes. */
export function get(operation: TableOperation, path: string, rest: Rest = {}): Endpoint {
  return bodiless(operation, 'GET', path, rest)
}

/** Reads the bytes of something that is kept. */
export function content(operation: TableOperation, path: string, rest: Rest = {}): Endpoint {
  return bodiless(operation, 'GET', path, { bytes: true, ...rest })
}

/** Lists what is kept, from the object of a kind on that a page ended with. */
export function list(operation: TableOperation, path: string, kind: ObjectKind, query: QueryForm, rest: Rest = {}) {
  return bodiless(operation, 'GET', path, { ...rest, query: { after: kind, limit: null, ...query } })
}

export function remove(operation: TableOperation, path: string, rest: Rest = {}): Endpoint {
  return bodiless(operation, 'DELETE', path, rest)
}

/** Does something to what is kept, with nothing to say beside its id: cancels it, pauses it. */
export function act(operation: TableOperation, path: string, rest: Rest = {}): Endpoint {
  return bodiless(operation, 'POST', path, rest)
}

/** Opens a WebSocket; without a dialect nobody could judge its messages. */
export function connect(operation: TableOperation, path: string, rest: Rest = {}): Endpoint {
  const awaits = rest.dialect === undefined ? 'websocket' : null
  return bodiless(operation, 'GET', path, { stored: false, streams: 'always', awaits, ...rest })
}

/** Sends a form with a file in it. */
export function upload(operation: TableOperation, path: string, rest: Rest = {}): Endpoint {
  const describe = () => failed(fault('invalid_body', 'the request needs a form', { reason: 'body_invalid' }))
  return { ...PLAIN, body: 'multipart', ...rest, operation, api: apiOf(operation), method: 'POST', path, describe }
}

/** Sends a JSON body. */
export function send(operation: TableOperation, path: string, rest: Rest & Members = {}): Endpoint {
  const { known = [], readers = [], outputLimits = [], ids = [], runsStored = false, ...more } = rest
  const model = more.model ?? 'none'
  const inBody: BodyMembers = bodyMembers(operation, { model, outputLimits, readers, known, ids, runsStored })
  return {
    ...PLAIN,
    body: 'json',
    ...more,
    operation,
    api: apiOf(operation),
    method: 'POST',
    path,
    describe: (body, parameters) => describeBody(inBody, body, parameters.model),
  }
}

function bodiless(operation: TableOperation, method: Endpoint['method'], path: string, rest: Rest): Endpoint {
  const endpoint = { ...PLAIN, ...rest }
  return {
    ...endpoint,
    operation,
    api: apiOf(operation),
    method,
    path,
    describe: (_, parameters, query) => describeHead(operation, endpoint, parameters, query),
  }
}

/** Facts of a request that has no body. */
function describeHead(
  operation: TableOperation,
  { model: role, streams, dialect }: Pick<Endpoint, 'model' | 'streams' | 'dialect'>,
  { model }: PathParameters,
  query = '',
): Result<RequestFacts, Fault> {
  const stream = streams === 'always' || (streams === 'asked' && query.split('&').includes('stream=true'))
  const named = model ?? modelOfCall(query) ?? (role === 'none' || role === 'query' ? null : undefined)
  const draft = openDraft()
  // It goes on with something that its path or query names.
  draft.storedSettings = role === 'indirect'
  // Opening a session asks for no output: what is said in it does, message by message.
  const maxOutputTokens = dialect === null ? undefined : 0
  return ok(factsOf(operation, draft, { model: named, stream, maxOutputTokens, bytes: 0 }))
}

/** A call that is joined is one of the model that its id names; what its upstream tells of it says whether that is so. */
function modelOfCall(query: string): string | undefined {
  const call = query.split('&').find((parameter) => parameter.startsWith('call_id='))
  return call === undefined ? undefined : modelOfCallId(decodeURIComponent(call.slice('call_id='.length)))
}
