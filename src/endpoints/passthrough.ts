import type { Fault } from '../model/fault.ts'
import { ok, type Result } from '../model/result.ts'
import type { PassthroughSettings } from '../model/settings.ts'
import type { QueryForm } from './endpoint.ts'
import { ENDPOINTS } from './index.ts'
import { API_ROOT, isSessionTarget, isTarget, notAllowed, route } from './route.ts'
import { decodeStrictly, readQuery } from './url-text.ts'

/** A request to a passthrough route: the one target that is decided, forwarded and logged. */
export interface Passage {
  readonly route: PassthroughSettings
  /** Byte for byte as the client wrote it: of a path that has several spellings only one is taken. */
  readonly path: string
  /** The parameters that the route names, canonical, without a question mark. */
  readonly query: string
}

/** A step of a path: what stands for itself in every decoder's eyes, and percent-encoded whatever needs it. */
const SEGMENT = /^(?:[A-Za-z0-9._~:@+,=-]|%[0-9A-F]{2})+$/
/** What a server behind could take for the end of a step, of the path, or for another encoding. */
const STEPS_OUT = /[\p{C}\\/%;?#]/u

/**
 * Finds the passthrough route of a request; null where none is open, or the table has the path: what is judged is never
 * reached unjudged. Faults: `method_not_allowed`, `invalid_request` for a query that cannot be read.
 */
export function passage(
  routes: readonly PassthroughSettings[],
  method: string,
  target: string,
): Result<Passage, Fault> | null {
  if (routes.length === 0 || !isTarget(target)) return null
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const open = routes.find((one) => leadsTo(one.path, path))
  if (open === undefined || !isCanonical(path) || isInTable(target)) return null
  if (!open.methods.includes(method)) return notAllowed(open.methods, 'route')
  if (mark === -1) return ok({ route: open, path, query: '' })
  const query = readQuery(target.slice(mark + 1), formOf(open))
  return query.ok ? ok({ route: open, path, query: query.value.text }) : query
}

/** Whether a WebSocket may be meant by a GET of this target: the path of one, or of a route that takes them. */
export function mayUpgrade(routes: readonly PassthroughSettings[], target: string): boolean {
  if (isSessionTarget(target)) return true
  if (!routes.some(({ websocket }) => websocket)) return false
  const found = passage(routes, 'GET', target)
  return found?.ok === true && found.value.route.websocket
}

/** Where a path of the proxy is on an upstream: the API below its url, everything else as it stands. */
export function pathAt(basePath: string, path: string): string {
  return path.startsWith(`${API_ROOT}/`) ? basePath + path.slice(API_ROOT.length) : path
}

/** The path of an operation that a route would lead to, on the proxy or on a server with these url paths; null for none. */
export function overlapWithTable(path: string, own: string, basePaths: readonly string[]): string | null {
  const there = pathAt(own, path)
  for (const endpoint of ENDPOINTS) {
    const below = endpoint.path.slice(API_ROOT.length)
    const isMet = doPathsMeet(path, endpoint.path) || basePaths.some((base) => doPathsMeet(there, base + below))
    if (isMet) return endpoint.path
  }
  return null
}

/** Whether a route leads to a path of a template, in whatever case a server reads either. */
function doPathsMeet(path: string, template: string): boolean {
  const isFolder = path.endsWith('/')
  const steps = stepsOf(isFolder ? path.slice(0, -1) : path)
  const others = stepsOf(template)
  if (isFolder ? others.length <= steps.length : others.length !== steps.length) return false
  return steps.every((step, index) => others[index]?.startsWith('{') || step === others[index])
}

const stepsOf = (path: string) => path.toLowerCase().split('/').slice(1)

function leadsTo(open: string, path: string): boolean {
  return open.endsWith('/') ? path.startsWith(open) : path === open
}

function isCanonical(path: string): boolean {
  return path.slice(1).split('/').every(isStep)
}

function isStep(segment: string): boolean {
  if (!SEGMENT.test(segment)) return false
  const read = decodeStrictly(segment)
  return read !== null && read !== '.' && read !== '..' && !STEPS_OUT.test(read)
}

function isInTable(target: string): boolean {
  const found = route('GET', target)
  return found.ok || found.fault.code !== 'unknown_endpoint'
}

const forms = new WeakMap<PassthroughSettings, QueryForm>()

function formOf(open: PassthroughSettings): QueryForm {
  const known = forms.get(open) ?? Object.fromEntries(open.query.map((name) => [name, null]))
  forms.set(open, known)
  return known
}
