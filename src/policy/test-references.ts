import { isOperationName, SPELLED_OPERATIONS } from '../model/operations.ts'
import type { Draft } from '../schema/draft.ts'
import { nearest } from '../schema/nearest.ts'
import { instantOf } from './described.ts'
import { type KnownNames, unopenedRoute } from './known-names.ts'
import { type FileProblem, type Placed, problemAt } from './merge.ts'
import type { TestDocument } from './schema.ts'

/** What a test refers to and nobody has: a test that can never hold, or holds for the wrong reason. */
export function testProblems(
  test: Placed<Draft<TestDocument>>,
  ids: ReadonlySet<string>,
  { upstreams, routes }: KnownNames,
): FileProblem[] {
  const { request, expect, at, upstream } = test.value
  const found: FileProblem[] = []
  const operation = request?.operation
  if (operation !== undefined && (!isOperationName(operation) || operation.includes('*'))) {
    const close = nearest(operation, SPELLED_OPERATIONS)
    const meant = close === null ? 'a request is of one, such as `chat` or `models.list`' : `did you mean \`${close}\`?`
    const message = `no operation has this name; ${meant}`
    found.push(problemAt(test, ['request', 'operation'], 'unknown_operation', message))
  }
  const unopened = operation === undefined ? null : unopenedRoute(operation, routes)
  if (unopened) found.push(problemAt(test, ['request', 'operation'], 'unknown_operation', unopened))
  if (expect?.rule !== undefined && !ids.has(expect.rule)) {
    found.push(problemAt(test, ['expect', 'rule'], 'unknown_rule', 'no rule has this `id`'))
  }
  const shadow = expect?.shadow
  if (typeof shadow === 'object' && shadow.rule !== undefined && !ids.has(shadow.rule)) {
    found.push(problemAt(test, ['expect', 'shadow', 'rule'], 'unknown_rule', 'no rule has this `id`'))
  }
  if (at !== undefined && instantOf(at) === null) {
    const message = '`at` must be an ISO time with a zone such as `"2026-03-02T09:00:00Z"`'
    found.push(problemAt(test, ['at'], 'wrong_value', message))
  }
  if (upstream !== undefined && !upstreams.some(({ name }) => name === upstream)) {
    found.push(problemAt(test, ['upstream'], 'unknown_upstream', 'the config has no upstream of this name'))
  }
  return found
}
