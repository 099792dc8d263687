import type { Problem } from '../model/problem.ts'
import type { Draft } from '../schema/draft.ts'
import type { Config } from './schema.ts'

/** Steps of plain characters; at the end a slash, or a slash and a star, for everything below. */
const PATH = /^(?:\/[A-Za-z0-9._~:@+,=-]+)+(?:\/\*?)?$/

/** What a schema cannot say of passthrough routes. That none leads to an operation of the table, who knows that says. */
export function passthroughProblems({ passthrough = [], upstreams }: Draft<Config>): Problem[] {
  const found: Problem[] = []
  const wrong = (index: number, key: string, code: string, message: string) =>
    found.push({ path: ['passthrough', index, key], at: 'value', severity: 'error', code, message })
  const areKnown = upstreams?.every((entry) => entry?.name !== undefined) ?? false
  for (const [index, entry] of passthrough.entries()) {
    const { name, path, upstream } = entry ?? {}
    const before = passthrough.slice(0, index)
    if (name !== undefined && before.some((other) => other?.name === name)) {
      wrong(index, 'name', 'duplicate', 'another entry has this `name`; each one needs its own')
    }
    if (areKnown && upstream !== undefined && !upstreams?.some((one) => one?.name === upstream)) {
      wrong(index, 'upstream', 'unknown_upstream', 'no upstream has this name')
    }
    if (path === undefined) continue
    if (!PATH.test(path) || path.split('/').some((step) => step === '.' || step === '..')) {
      const message =
        'must be a path such as `/v1/organization/users`, `/vendor/` or `/vendor/*`, with `*` only at its end'
      wrong(index, 'path', 'invalid_path', message)
    } else if (before.some((other) => other?.path !== undefined && doMeet(openedPath(other.path), openedPath(path)))) {
      wrong(index, 'path', 'overlap', 'another route leads there, too; give each path to one route')
    }
  }
  return found
}

/** A path as settings have it: what stands for everything below is a slash at the end. */
export function openedPath(written: string): string {
  return written.replace(/\/\*$/, '/')
}

function doMeet(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()]
  return a === b || (a.endsWith('/') && b.startsWith(a)) || (b.endsWith('/') && a.startsWith(b))
}
