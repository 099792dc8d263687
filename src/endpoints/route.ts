import { type Fault, fault } from '../model/fault.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Endpoint, PathParameters } from './endpoint.ts'
import { ENDPOINTS } from './index.ts'
import { modelNameProblem } from './model-name.ts'
import { decodeStrictly, readQuery } from './url-text.ts'

const MAX_TARGET = 4096
const PLACEHOLDER = '{model}'

/** One request's endpoint and the one target that is decided, forwarded and logged. */
export interface Route {
  readonly endpoint: Endpoint
  readonly parameters: PathParameters
  /** Canonical, as it stands in the table: `/v1/models/gpt-4o`. */
  readonly path: string
  /** Only the parameters that the endpoint names, canonical, without a question mark; empty where there are none. */
  readonly query: string
}

export type Router = (method: string, target: string) => Result<Route, Fault>

/** Endpoints by path, and by what comes before a name; then by method. */
interface Table {
  readonly fixed: Map<string, Map<string, Endpoint>>
  readonly named: Map<string, Map<string, Endpoint>>
}

/** Finds the endpoint of a request target in the table of all endpoints. */
export const route: Router = openRouter(ENDPOINTS)

/**
 * Matches a target byte for byte: nothing is normalised, so every spelling but the one in the table is another path.
 * A name in the path may be percent-encoded where it must be; it is decoded once and written again canonically.
 *
 * Faults: `unknown_endpoint`, `method_not_allowed` (with `allow`), `invalid_request` for what is no request target.
 */
export function openRouter(endpoints: readonly Endpoint[]): Router {
  const table = openTable(endpoints)
  return (method, target) => {
    if (!isTarget(target)) return invalid('the request target must be an absolute path of visible ASCII characters')
    const mark = target.indexOf('?')
    const path = mark === -1 ? target : target.slice(0, mark)
    const fixed = table.fixed.get(path)
    if (fixed) return finish(fixed, method, path, {}, mark === -1 ? '' : target.slice(mark + 1))
    const cut = path.lastIndexOf('/') + 1
    const named = table.named.get(path.slice(0, cut))
    if (!named || cut === path.length) return unknown()
    const model = readName(path.slice(cut))
    if (!model.ok) return model
    const canonical = path.slice(0, cut) + encodeURIComponent(model.value)
    return finish(named, method, canonical, { model: model.value }, mark === -1 ? '' : target.slice(mark + 1))
  }
}

function openTable(endpoints: readonly Endpoint[]): Table {
  const table: Table = { fixed: new Map(), named: new Map() }
  for (const endpoint of endpoints) {
    const isNamed = endpoint.path.endsWith(`/${PLACEHOLDER}`)
    const key = isNamed ? endpoint.path.slice(0, -PLACEHOLDER.length) : endpoint.path
    const paths = isNamed ? table.named : table.fixed
    const methods = paths.get(key) ?? new Map<string, Endpoint>()
    paths.set(key, methods.set(endpoint.method, endpoint))
  }
  return table
}

/** Origin-form (RFC 9112 section 3.2.1), of bytes that every reader takes for themselves. */
function isTarget(target: string): boolean {
  if (target.length > MAX_TARGET || target.charCodeAt(0) !== 47) return false
  for (let index = 0; index < target.length; index++) {
    const code = target.charCodeAt(index)
    if (code <= 32 || code >= 127 || code === 35 || code === 92) return false
  }
  return true
}

function finish(
  methods: ReadonlyMap<string, Endpoint>,
  method: string,
  path: string,
  parameters: PathParameters,
  written: string,
): Result<Route, Fault> {
  const endpoint = methods.get(method)
  if (!endpoint) return notAllowed([...methods.keys()])
  if (written === '') return ok({ endpoint, parameters, path, query: '' })
  const query = readQuery(written, endpoint.query)
  return query.ok ? ok({ endpoint, parameters, path, query: query.value }) : query
}

/** The name in the last segment. What a second decoder could take for a path is no name. */
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

function notAllowed(methods: readonly string[]): Result<never, Fault> {
  const allow = methods.join(', ')
  return failed(
    fault('method_not_allowed', `this endpoint takes ${allow} only`, {
      param: 'method',
      reason: 'endpoint_not_allowed',
      headers: ['allow', allow],
    }),
  )
}

function invalid(message: string, param = 'path'): Result<never, Fault> {
  return failed(fault('invalid_request', message, { param, reason: 'head_malformed' }))
}
