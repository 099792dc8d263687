import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { compilePattern } from '../model/pattern.ts'
import type { PlacedProblem } from '../model/problem.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { type CompiledPolicy, compilePolicy } from '../policy/compile.ts'
import type { TestDocument } from '../policy/schema.ts'
import { testProblems } from '../policy/test-references.ts'
import type { Draft } from '../schema/draft.ts'
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
  const found = file.isOfPolicies ? referenceProblems(file, tests, standing) : []
  if (found.length > 0) return failed(found)
  return ok({ file: name, policy: standing.policy, upstreams: own ?? standing.upstreams, cases })
}

/** A file that brings its own policy, with the tests in it. */
function ownGroup(
  { name, digest, place }: CaseFile,
  document: JsonValue,
  upstreams: readonly DecidedUpstream[],
  cases: readonly PolicyCase[],
): Result<CaseGroup, readonly PlacedProblem[]> {
  const known = { issuers: issuersOf(document), upstreams }
  const { policy, problems } = compilePolicy([{ name, document, digest }], known)
  if (policy === null) {
    return failed(
      problems.map(({ path, at, severity, code, message }) => {
        return { file: name, ...place(['policy', ...path], at), severity, code, message }
      }),
    )
  }
  const written = testGroups(policy, upstreams).flatMap((group) => group.cases)
  return ok({ file: name, policy, upstreams, cases: [...written, ...cases] })
}

/** What `check` would say of the tests if their file were among those of the policies. */
function referenceProblems(
  { name, place }: CaseFile,
  tests: readonly JsonObject[],
  { policy, upstreams }: Standing,
): PlacedProblem[] {
  const ids = new Set(policy.outline().rules.map(({ id }) => id))
  const known = { issuers: [], upstreams }
  const found = (tests as unknown as readonly Draft<TestDocument>[]).flatMap((value, index) =>
    testProblems({ file: name, path: ['tests', index], value }, ids, known),
  )
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
