import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { compilePattern } from '../model/pattern.ts'
import type { PlacedProblem } from '../model/problem.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { type CompiledPolicy, compilePolicy } from '../policy/compile.ts'
import { testSchema } from '../policy/described-schema.ts'
import type { TestDocument } from '../policy/schema.ts'
import { testProblems } from '../policy/test-references.ts'
import type { Draft } from '../schema/draft.ts'
import { shapeProblems } from '../schema/shape.ts'
import type { CaseFile, CaseUpstream } from './case-files.ts'
import type { DecidedUpstream } from './policy-outcome.ts'
import { type CaseGroup, caseOf, type PolicyCase, testGroups } from './policy-tests.ts'

/** What the config has: asked where a file does not bring its own. */
export interface Standing {
  readonly policy: CompiledPolicy
  readonly upstreams: readonly DecidedUpstream[]
}

/** The cases of files, each with its policy compiled; every problem of these policies where one has an error. */
export function fileGroups(
  files: readonly CaseFile[],
  standing: Standing,
): Result<readonly CaseGroup[], readonly PlacedProblem[]> {
  const problems: PlacedProblem[] = []
  const groups: CaseGroup[] = []
  for (const file of files) {
    const group = fileGroup(file, standing)
    if (group.ok) groups.push(group.value)
    else problems.push(...group.fault)
  }
  return problems.length === 0 ? ok(groups) : failed(problems)
}

function fileGroup(file: CaseFile, standing: Standing): Result<CaseGroup, readonly PlacedProblem[]> {
  const { name, document } = file
  const { requests = [], tests = [] } = document
  const cases = [...requests.map((one) => caseOf(one, true)), ...tests.map((one) => caseOf(one, false))]
  const own = document.upstreams?.map(decided)
  if (document.policy !== undefined) return ownGroup(file, document.policy, own ?? [], cases)
  const upstreams = own ?? standing.upstreams
  const found = referenceProblems(file, { policy: standing.policy, upstreams })
  return found.length > 0 ? failed(found) : ok({ file: name, policy: standing.policy, upstreams, cases })
}

/** A file that brings its own policy, with the tests in it. */
function ownGroup(
  file: CaseFile,
  document: JsonValue,
  upstreams: readonly DecidedUpstream[],
  cases: readonly PolicyCase[],
): Result<CaseGroup, readonly PlacedProblem[]> {
  const { name, digest, place } = file
  const known = { issuers: issuersOf(document), upstreams }
  const { policy, problems } = compilePolicy([{ name, document, digest }], known)
  if (policy === null) {
    return failed(
      problems.map(({ path, at, severity, code, message }) => {
        return { file: name, ...place(['policy', ...path], at), severity, code, message }
      }),
    )
  }
  const found = referenceProblems(file, { policy, upstreams })
  if (found.length > 0) return failed(found)
  const written = testGroups(policy, upstreams).flatMap((group) => group.cases)
  return ok({ file: name, policy, upstreams, cases: [...written, ...cases] })
}

/**
 * What `check` would say of the tests if their file were among those of the policies: one that expects a denial would
 * hold for ever of an operation that there is not. Tests of another shape are about that, and `requests` about anything.
 */
function referenceProblems({ name, document, place }: CaseFile, { policy, upstreams }: Standing): PlacedProblem[] {
  const ids = new Set(policy.outline().rules.map(({ id }) => id))
  const known = { issuers: [], upstreams }
  const found = (document.tests ?? []).flatMap((written, index) => {
    if (shapeProblems(testSchema, { as: {}, request: {}, ...written }).length > 0) return []
    const value = written as unknown as Draft<TestDocument>
    return testProblems({ file: name, path: ['tests', index], value }, ids, known)
  })
  return found.map(({ path, at, ...problem }) => ({ ...problem, ...place(path, at) }))
}

function decided({ name, models = ['*'], region, labels = {} }: CaseUpstream): DecidedUpstream {
  const tests = models.map(compilePattern)
  return { name, region, labels, serves: (model) => tests.some((test) => test(model)) }
}

/** A policy that stands in its cases has no config beside it: the issuers that it names are those that there are. */
function issuersOf(policy: JsonValue): string[] {
  if (!isJsonObject(policy)) return []
  const owners = ['roles', 'workspaces'].flatMap((key) => {
    const written = ownValue(policy, key)
    return isJsonObject(written) ? Object.values(written) : []
  })
  const members = owners.flatMap((owner) => {
    const list = isJsonObject(owner) ? ownValue(owner, 'members') : undefined
    return Array.isArray(list) ? list.filter(isJsonObject) : []
  })
  return members.map((member) => ownValue(member, 'issuer')).filter((issuer) => typeof issuer === 'string')
}
