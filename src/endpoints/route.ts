import { type Fault, fault } from '../model/fault.ts'
import { OBJECT_KINDS, type ObjectKind, type ObjectReference } from '../model/objects.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Endpoint, PathParameters } from './endpoint.ts'
import { ENDPOINTS } from './index.ts'
import { modelNameProblem } from './model-name.ts'
import { decodeStrictly, readQuery } from './url-text.ts'

/** What the paths of the table begin with. */
export const API_ROOT = '/v1'

const MAX_TARGET = 4096
/** An id as it stands in a path; one of dots alone would be a step to somebody. */
const ID = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,256}$/

/** One request's endpoint and the one target that is decided, forwarded and logged. */
export interface Route {
  readonly endpoint: Endpoint
  readonly parameters: PathParameters
  /** Canonical, as it stands in the table: `/v1/models/gpt-4o`. */
  readonly path: string
  /** Only the parameters that the endpoint names, canonical, without a question mark; empty where there are none. */
  readonly query: string
  /** The objects that path and query name. */
  readonly objects: readonly ObjectReference[]
}

export type Router = (method: string, target: string) => Result<Route, Fault>

type Methods = Map<string, Endpoint>

/** What may stand behind a segment of a path: one of some words, or else a name. */
interface Step {
  readonly words: Map<string, Step>
  /** The placeholder in this place, and what may follow it. */
  name: { readonly kind: ObjectKind | 'model'; readonly next: Step } | null
  /** Endpoints that end here. */
  readonly methods: Methods
}

/** Endpoints by their whole path, and those with names in theirs by its segments. */
interface Table {
  readonly fixed: Map<string, Methods>
  readonly named: Step
}

/** What was found: where the path ended, what its placeholders hold, and the path as it is written canonically. */
interface Found {
  readonly methods: Methods
  readonly parameters: PathParameters
  readonly path: string
  readonly objects: readonly ObjectReference[]
}

const NOTHING: PathParameters = Object.freeze({})
const NO_OBJECTS: readonly ObjectReference[] = Object.freeze([])

/** Finds the endpoint of a request target in the table of all endpoints. */
export const route: Router = openRouter(ENDPOINTS)

const SESSIONS: ReadonlySet<string> = new Set(
  ENDPOINTS.filter(({ dialect }) => dialect !== null).map(({ path }) => path),
)

/** True for a target of a WebSocket whose messages are judged; its path is one without placeholders. */
export function isSessionTarget(target: string): boolean {
  const mark = target.indexOf('?')
  return SESSIONS.has(mark === -1 ? target : target.slice(0, mark))
}

/**
 * Matches a target byte for byte: nothing is normalised, so every spelling but the one in the table is another path. A
 * word of a path goes before a placeholder in its place. The id of an object stands for itself; a model's name may be
 * percent-encoded where it must be, and is decoded once and written again canonically.
 *
 * Faults: `unknown_endpoint`, `method_not_allowed` (with `allow`), `invalid_request` for what is no request target.
 */
export function openRouter(endpoints: readonly Endpoint[]): Router {
  const table = openTable(endpoints)
  return (method, target) => {
    if (!isTarget(target)) return invalid('the request target must be an absolute path of visible ASCII characters')
    const mark = target.indexOf('?')
    const path = mark === -1 ? target : target.slice(0, mark)
    const query = mark === -1 ? '' : target.slice(mark + 1)
    const fixed = table.fixed.get(path)
    if (fixed) return finish({ methods: fixed, parameters: NOTHING, path, objects: NO_OBJECTS }, method, query)
    const found = find(table.named, path)
    return found.ok ? finish(found.value, method, query) : found
  }
}

function openTable(endpoints: readonly Endpoint[]): Table {
  const table: Table = { fixed: new Map(), named: openStep() }
  for (const endpoint of endpoints) {
    const methods = endpoint.path.includes('{') ? stepTo(table.named, endpoint.path).methods : fixedAt(table, endpoint)
    methods.set(endpoint.method, endpoint)
  }
  return table
}

function fixedAt({ fixed }: Table, { path }: Endpoint): Methods {
  const methods = fixed.get(path) ?? new Map<string, Endpoint>()
  fixed.set(path, methods)
  return methods
}

function openStep(): Step {
  return { words: new Map(), name: null, methods: new Map() }
}

/** Throws on a template that the table cannot hold: two names for one place, or one that nothing is known of. */
function stepTo(first: Step, path: string): Step {
  let step = first
  for (const segment of path.slice(1).split('/')) {
    if (!segment.startsWith('{')) {
      const next = step.words.get(segment) ?? openStep()
      step.words.set(segment, next)
      step = next
      continue
    }
    const kind = kindOf(segment)
    if (step.name !== null && step.name.kind !== kind) throw new Error(`two placeholders stand in one place: ${path}`)
    step.name ??= { kind, next: openStep() }
    step = step.name.next
  }
  return step
}

function kindOf(placeholder: string): ObjectKind | 'model' {
  const written = placeholder.slice(1, -1)
  const kind = written === 'model' ? written : OBJECT_KINDS.find((name) => name === written)
  if (kind === undefined) throw new Error(`no kind of object is called ${placeholder}`)
  return kind
}

/** Follows a path segment by segment. */
function find(first: Step, path: string): Result<Found, Fault> {
  const parameters: { [Kind in ObjectKind | 'model']?: string } = {}
  const objects: ObjectReference[] = []
  let canonical = ''
  let step = first
  for (const segment of path.slice(1).split('/')) {
    const word = step.words.get(segment)
    if (word) {
      step = word
      canonical += `/${segment}`
      continue
    }
    if (step.name === null || segment === '') return unknown()
    const { kind, next } = step.name
    if (kind === 'model') {
      const model = readName(segment)
      if (!model.ok) return model
      parameters.model = model.value
      canonical += `/${encodeURIComponent(model.value)}`
    } else {
      if (!ID.test(segment)) return unknown()
      parameters[kind] = segment
      objects.push({ key: kind, kind, id: segment })
      canonical += `/${segment}`
    }
    step = next
  }
  if (step.methods.size === 0) return unknown()
  return ok({ methods: step.methods, parameters, path: canonical, objects })
}

/** Origin-form (RFC 9112 section 3.2.1), of bytes that every reader takes for themselves. */
export function isTarget(target: string): boolean {
  if (target.length > MAX_TARGET || target.charCodeAt(0) !== 47) return false
  for (let index = 0; index < target.length; index++) {
    const code = target.charCodeAt(index)
    if (code <= 32 || code >= 127 || code === 35 || code === 92) return false
  }
  return true
}

function finish({ methods, parameters, path, objects }: Found, method: string, written: string): Result<Route, Fault> {
  const endpoint = methods.get(method)
  if (!endpoint) return notAllowed([...methods.keys()])
  if (written === '') return ok({ endpoint, parameters, path, query: '', objects })
  const query = readQuery(written, endpoint.query)
  if (!query.ok) return query
  const { text, model, objects: named } = query.value
  return ok({
    endpoint,
    parameters: model === undefined ? parameters : { ...parameters, model },
    path,
    query: text,
    objects: named.length === 0 ? objects : [...objects, ...named],
  })
}

/** A model's name in a segment. What a second decoder could take for a path is no name. */
function readName(segment: string): Result<string, Fault> {
  const name = decodeStrictly(segment)
  if (name === null) return invalid('the path is not percent-encoded as it must be')
  if (/[\\%]|(?:^|\/)\.{0,2}(?:\/|$)/.test(name)) return unknown()
  const problem = modelNameProblem(name)
  return problem === null ? ok(name) : invalid(`the model's name ${problem}`, 'model')
}

function unknown(): Result<never, Fault> {
  return failed(
    fault('unknown_endpoint', 'there is no such endpoint here', { param: 'path', reason: 'endpoint_not_allowed' }),
  )
}

/** `what`: what has been asked for, as callers are told. */
export function notAllowed(methods: readonly string[], what = 'endpoint'): Result<never, Fault> {
  const allow = methods.join(', ')
  return failed(
    fault('method_not_allowed', `this ${what} takes ${allow} only`, {
      param: 'method',
      reason: 'endpoint_not_allowed',
      headers: ['allow', allow],
    }),
  )
}

function invalid(message: string, param = 'path'): Result<never, Fault> {
  return failed(fault('invalid_request', message, { param, reason: 'head_malformed' }))
}
