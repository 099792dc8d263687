import type { Compiled } from '../config/load-all.ts'
import type { ConfigNames, UnreadPart } from '../config/names.ts'
import type { PolicySource } from '../config/policy-sources.ts'
import { overlapWithTable } from '../endpoints/passthrough.ts'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { Problem } from '../model/problem.ts'
import { type CompiledPolicy, compilePolicy } from '../policy/compile.ts'

/** Findings that say no more than that a name is not known, by the part that would have to be whole for them to hold. */
const STEMMING: { readonly [Part in UnreadPart]: readonly string[] } = {
  issuers: ['unknown_issuer'],
  upstreams: ['unknown_upstream'],
  upstream_facts: ['unknown_region', 'unknown_label'],
  passthrough: [],
  policies: ['unknown_role', 'unknown_workspace', 'unknown_set', 'unknown_rule'],
}

/** What the commands tell people of a policy, beside what decides. */
export interface NamedPolicy extends CompiledPolicy {
  readonly roles: readonly string[]
  readonly workspaces: readonly string[]
  /** The `reason` of each rule that has one, by its id. */
  readonly reasons: ReadonlyMap<string, string>
}

/** Compiles policies against the names of a config, and leaves out the findings that stem from its unread parts. */
export function compilePolicies(
  sources: readonly PolicySource[],
  { issuers, upstreams, passthrough, urls, unread }: ConfigNames,
): Compiled<NamedPolicy> {
  const { policy, problems } = compilePolicy(sources, { issuers, upstreams, routes: routeNames(passthrough, unread) })
  const stemming = new Set([...unread].flatMap((part) => STEMMING[part]))
  // A slip in a key such as `roles` hides every name below it.
  if (problems.some(({ path, code }) => path.length === 1 && code !== 'missing_key')) {
    for (const code of STEMMING.policies) stemming.add(code)
  }
  if (sources.some(({ document }) => hasRuleWithoutId(document))) stemming.add('unknown_rule')
  return {
    policy: policy && named(policy, sources),
    problems: problems.filter(({ code }) => !stemming.has(code)),
    ofConfig: openedOperations(passthrough, urls),
  }
}

/** Undefined where they could not all be read. */
function routeNames(passthrough: ConfigNames['passthrough'], unread: ConfigNames['unread']): string[] | undefined {
  return unread.has('passthrough') ? undefined : passthrough.flatMap(({ name }) => name ?? [])
}

/** A passthrough route must not be a second way to what the table judges. */
function openedOperations(passthrough: ConfigNames['passthrough'], urls: ConfigNames['urls']): Problem[] {
  return passthrough.flatMap(({ path, url }, index) => {
    const own = url === undefined ? null : URL.parse(url)
    if (path === undefined || own === null) return []
    const there = urls.map((one) => URL.parse(one)).filter((one) => one?.origin === own.origin)
    const bases = there.map((one) => basePathOf(one))
    const met = overlapWithTable(path, basePathOf(own), bases)
    if (met === null) return []
    const message = `leads to \`${met}\` of the API, which is judged by what it asks for; open paths beside it only`
    return [{ path: ['passthrough', index, 'path'], at: 'value', severity: 'error', code: 'overlap', message }]
  })
}

const basePathOf = (url: URL | null) => url?.pathname.replace(/\/+$/, '') ?? ''

function named(policy: CompiledPolicy, sources: readonly PolicySource[]): NamedPolicy {
  // A policy that compiles is what the schema says, so that nothing of another type is missed here.
  const documents = sources.map(({ document }) => document).filter(isJsonObject)
  const keys = (name: string) => documents.flatMap((document) => Object.keys(ownValue(document, name) ?? {}))
  const rules = documents.flatMap((document) => (ownValue(document, 'rules') ?? []) as readonly JsonObject[])
  const reasons = rules.map((rule) => [ownValue(rule, 'id'), ownValue(rule, 'reason')] as const)
  return {
    ...policy,
    roles: keys('roles'),
    workspaces: keys('workspaces'),
    reasons: new Map(reasons.filter((row): row is readonly [string, string] => typeof row[1] === 'string')),
  }
}

function hasRuleWithoutId(document: JsonValue): boolean {
  const rules = isJsonObject(document) ? ownValue(document, 'rules') : undefined
  return Array.isArray(rules) && rules.some((rule) => !isJsonObject(rule) || typeof ownValue(rule, 'id') !== 'string')
}
