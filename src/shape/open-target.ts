import { failed, ok, type Result } from '../model/result.ts'
import type { OpenId, Unopened } from './open-body.ts'

/** A request's target in its canonical form, and what its endpoint takes the parts of it for. */
export interface SealedTarget {
  /** `/v1/threads/{thread}/runs/{run}`. */
  readonly template: string
  readonly path: string
  readonly query: string
  /** The kind of object that a parameter names; `model`, `flag` and null hold no id. */
  readonly parameters: { readonly [name: string]: string | null }
}

export interface OpenedTarget {
  readonly path: string
  readonly query: string
}

/** What a path names within the object before it, and no answer gives an id: a model, or the number of a version. */
const NOT_SEALED: ReadonlySet<string> = new Set(['{model}', '{skill_version}'])

/**
 * The target with the ids in its path and query opened; a model's name is none. Fails with the first one that does not
 * open.
 */
export function openTarget(target: SealedTarget, open: OpenId): Result<OpenedTarget, Unopened> {
  const path = openPath(target, open)
  if (!path.ok) return path
  const query = openQuery(target, open)
  return query.ok ? ok({ path: path.value, query: query.value }) : query
}

function openPath({ template, path }: SealedTarget, open: OpenId): Result<string, Unopened> {
  if (!template.includes('{')) return ok(path)
  const places = template.split('/')
  const segments = path.split('/')
  for (const [at, place] of places.entries()) {
    const id = segments[at] ?? ''
    if (!place.startsWith('{') || NOT_SEALED.has(place)) continue
    const opened = open(id)
    if (opened === null) return failed({ key: place.slice(1, -1), id })
    segments[at] = opened
  }
  return ok(segments.join('/'))
}

function openQuery({ query, parameters }: SealedTarget, open: OpenId): Result<string, Unopened> {
  if (query === '') return ok(query)
  const pairs = query.split('&')
  for (const [at, pair] of pairs.entries()) {
    const equals = pair.indexOf('=')
    const key = decodeURIComponent(pair.slice(0, equals))
    const kind = Object.hasOwn(parameters, key) ? (parameters[key] ?? null) : null
    const id = decodeURIComponent(pair.slice(equals + 1))
    if (kind === null || kind === 'model' || kind === 'flag' || id === '') continue
    const opened = open(id)
    if (opened === null) return failed({ key, id })
    pairs[at] = `${pair.slice(0, equals)}=${encodeURIComponent(opened)}`
  }
  return ok(pairs.join('&'))
}
