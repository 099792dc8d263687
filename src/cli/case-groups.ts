import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { compilePattern } from '../model/pattern.ts'
import type { PlacedProblem } from '../model/problem.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { type CompiledPolicy, compilePolicy } from '../policy/compile.ts'
import type { CaseFile, CaseUpstream } from './case-files.ts'
import type { DecidedUpstream } from './policy-outcome.ts'
import { type CaseGroup, caseOf, testGroups } from './policy-tests.ts'

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
  const { name, document, place } = file
  const { requests = [], tests = [] } = document
  const cases = [...requests.map((one) => caseOf(one, true)), ...tests.map((one) => caseOf(one, false))]
  const own = document.upstreams?.map(decided)
  if (document.policy === undefined) {
    return ok({ file: name, policy: standing.policy, upstreams: own ?? standing.upstreams, cases })
  }
  const upstreams = own ?? []
  const source = { name, document: document.policy, digest: file.digest }
  const known = { issuers: issuersOf(document.policy), upstreams }
  const { policy, problems } = compilePolicy([source], known)
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
