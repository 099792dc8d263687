import type { JsonBody } from '../model/json.ts'
import type { RequestFacts, UpstreamRequest } from '../model/request.ts'
import type { Secret } from '../model/secret.ts'
import type { Obligations } from '../model/transforms.ts'
import { askForUsage, type Edit, edited, outside, renamed } from './edits.ts'
import { type FormToSend, type ShapedForm, shapeForm } from './form.ts'
import { isTraceparent } from './trace-context.ts'
import { transformed } from './transforms.ts'

export interface ShapeInput {
  readonly route: {
    readonly endpoint: {
      readonly method: string
      readonly path: string
      readonly usageOnRequest: boolean
      readonly bytes: boolean
      readonly beta: string | null
    }
    readonly path: string
    readonly query: string
    readonly parameters: { readonly [placeholder: string]: string | undefined }
  }
  readonly body: JsonBody | null
  /** What is sent instead of JSON. */
  readonly form?: FormToSend | null
  readonly facts: RequestFacts
  /** The model that was decided. */
  readonly model: RequestFacts['model']
  /** The name that the client used for it; null when it used that very name. */
  readonly alias: string | null
  /** What opens the sealed ids in the body. */
  readonly opening?: readonly Edit[]
  /** What the policy does to the body; null for nothing. */
  readonly obligations: Obligations | null
  /** The path of the upstream's url, without a slash at its end: `/v1`. */
  readonly basePath: string
  readonly apiKey: Secret | null
  /** What an upstream of Anthropic's API is told in the head; null for one of OpenAI's. */
  readonly messageHead: { readonly version: string; readonly betas: string | null } | null
  readonly traceparent?: string | undefined
}

/** What the canonical paths of the table begin with; the upstream's own path stands in its place. */
const API_ROOT = '/v1'

/**
 * Builds the request that goes upstream, from nothing: of the client's own head not one byte goes on but a well-formed
 * `traceparent`, and to Anthropic's API its version and the features of it that are admitted. The body is the very bytes that were judged; an alias, the policy's transforms and the question for
 * usage change their own members in the text and nothing else. `host` and `content-length` are the HTTP client's to add.
 */
export function shapeRequest(input: ShapeInput): UpstreamRequest {
  const { route, body, facts, basePath } = input
  const edits = body ? policyEdits(body, input) : []
  const asks = body !== null && route.endpoint.usageOnRequest && facts.stream ? askForUsage(body) : []
  edits.push(...asks)
  const form = input.form ? shapeForm(input.form, input.alias === null ? null : (input.model ?? null)) : null
  if (input.opening) edits.push(...outside(input.opening, edits))
  return {
    method: route.endpoint.method,
    path: basePath + upstreamPath(input) + (route.query === '' ? '' : `?${route.query}`),
    headers: upstreamHeaders(input, form),
    body: form ? form.body : body && (edits.length === 0 ? body.bytes : Buffer.from(edited(body.text, edits))),
    askedUsage: asks.length > 0,
  }
}

type Judged = Pick<ShapeInput, 'facts' | 'model' | 'alias' | 'obligations'>

/** What the policy does to a body: an alias becomes its model, and its transforms are made. */
function policyEdits(body: JsonBody, { facts, model, alias, obligations }: Judged): Edit[] {
  const edits = alias !== null && typeof model === 'string' ? renamed(body.text, model) : []
  if (obligations !== null) edits.push(...transformed(body, facts.operation, obligations))
  return edits
}

/** The text of a body that goes on within another one, with what `shapeRequest` does to one by itself. */
export function shapeBody(body: JsonBody, judged: Judged, opening: readonly Edit[]): string {
  const edits = policyEdits(body, judged)
  edits.push(...outside(opening, edits))
  return edits.length === 0 ? body.text : edited(body.text, edits)
}

function upstreamPath({ route, model, alias }: ShapeInput): string {
  if (alias === null || route.parameters.model === undefined || typeof model !== 'string') {
    return route.path.slice(API_ROOT.length)
  }
  return route.endpoint.path
    .slice(API_ROOT.length)
    .replace(/\{(\w+)\}/g, (_, kind) => encodeURIComponent(kind === 'model' ? model : (route.parameters[kind] ?? '')))
}

function upstreamHeaders(
  { route, body, facts, apiKey, messageHead, traceparent }: ShapeInput,
  form: ShapedForm | null,
): string[] {
  const { bytes, beta } = route.endpoint
  const accept = facts.stream ? 'text/event-stream' : bytes ? '*/*' : 'application/json'
  const headers = ['accept', accept, 'accept-encoding', 'identity']
  if (beta !== null) headers.push('openai-beta', beta)
  headers.push('user-agent', 'sallyport')
  if (form !== null) headers.push(...form.headers)
  else if (body !== null) headers.push('content-type', 'application/json')
  if (messageHead !== null) {
    headers.push('anthropic-version', messageHead.version)
    if (messageHead.betas !== null) headers.push('anthropic-beta', messageHead.betas)
    if (apiKey !== null) headers.push('x-api-key', apiKey.reveal())
  } else if (apiKey !== null) headers.push('authorization', `Bearer ${apiKey.reveal()}`)
  if (traceparent !== undefined && isTraceparent(traceparent)) headers.push('traceparent', traceparent)
  return headers
}
