import type { Explanation, ShadowVerdict } from '../model/decision.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import type { TestDocument } from '../policy/schema.ts'
import { type DecidedUpstream, describedOutcome } from './policy-outcome.ts'

type Expectation = TestDocument['expect']

/** One request and what is expected of it. */
export interface PolicyCase {
  readonly name: string
  readonly expect: Expectation
  /** As a line of `explain --batch` describes a request. */
  readonly described: JsonValue
  /** `expect` says all: without a `rule` no rule decides, and `unmet` is complete. */
  readonly isExact: boolean
}

/** The cases of one file, and the policy that they are asked of. */
export interface CaseGroup {
  readonly file: string
  readonly policy: CompiledPolicy
  readonly upstreams: readonly DecidedUpstream[]
  readonly cases: readonly PolicyCase[]
}

export interface TestResult {
  readonly file: string
  readonly name: string
  readonly ok: boolean
  /** False, and only then there, where no upstream serves the model: the test is of the policy alone. */
  readonly served?: false
  readonly expected: string
  readonly got: string
}

export interface GroupResults {
  readonly group: CaseGroup
  readonly results: readonly TestResult[]
  /** The rules that a passing test exercises. */
  readonly exercised: ReadonlySet<string>
}

/** The `tests` of a policy, by the file that they stand in. */
export function testGroups(policy: CompiledPolicy, upstreams: readonly DecidedUpstream[]): CaseGroup[] {
  const byFile = Map.groupBy(policy.tests, ({ file }) => file)
  return [...byFile].map(([file, tests]) => ({
    file,
    policy,
    upstreams,
    cases: tests.map(({ test }) => caseOf(test as unknown as JsonObject, false)),
  }))
}

/** `one` has a name and an expectation: the schema of its file has seen to it. */
export function caseOf(one: JsonObject, isExact: boolean): PolicyCase {
  const { name, expect } = one as unknown as Pick<TestDocument, 'name' | 'expect'>
  return { name, expect, described: one, isExact }
}

/** Runs the cases of one file. `now` stands where a case does not say when. Unit: epoch milliseconds. */
export function runGroup(group: CaseGroup, now: number): GroupResults {
  const exercised = new Set<string>()
  const results = group.cases.map((one) => {
    const { result, rules } = runCase(group, one, now)
    if (result.ok) for (const rule of rules) exercised.add(rule)
    return result
  })
  return { group, results, exercised }
}

function runCase({ file, policy, upstreams }: CaseGroup, one: PolicyCase, now: number) {
  const { name, expect, described } = one
  const about = { file, name, expected: expectation(one) }
  const outcome = describedOutcome(policy, upstreams, described, now)
  if (!outcome.ok) return { result: { ...about, ok: false, got: outcome.fault }, rules: [] }
  const { input, shadowInput, served } = outcome.value
  const explanation = policy.explain(input, shadowInput)
  const result: TestResult = { ...about, ok: meets(one, explanation), got: said(one, explanation) }
  const rules = exercisedRules(expect, explanation)
  // A policy with no upstreams beside it is asked of no model that somebody would have to serve.
  return { result: served || upstreams.length === 0 ? result : { ...result, served: false as const }, rules }
}

/**
 * The rules that a test says something of: the one that decides, the one in shadow mode that would, and those of which
 * it names the condition that is not met.
 */
function exercisedRules({ unmet = [] }: Expectation, { decision, shadow }: Explanation): string[] {
  const named = unmet.map((row) => row.slice(0, row.lastIndexOf('.')))
  return [decision.rule, shadow?.rule, ...named].filter((id) => typeof id === 'string')
}

function meets({ expect, isExact }: PolicyCase, { decision, shadow, unmet: rows }: Explanation): boolean {
  const { effect, reason, unmet } = expect
  const rule = expect.rule ?? (isExact ? null : undefined)
  const missing = new Set(rows.map((row) => `${row.rule}.${row.condition}`))
  return (
    decision.effect === effect &&
    (rule === undefined || decision.rule === rule) &&
    (reason === undefined || decision.reason === reason) &&
    (unmet ?? []).every((row) => missing.has(row)) &&
    (!isExact || unmet === undefined || missing.size === new Set(unmet).size) &&
    meetsShadow(expect.shadow, shadow)
  )
}

/** A test that does not speak of the shadow rules holds whatever they say. */
function meetsShadow(expected: Expectation['shadow'], shadow: Explanation['shadow']): boolean {
  if (expected === undefined) return true
  if (expected === 'none' || shadow === null) return expected === 'none' && shadow === null
  const { effect, rule, reason } = expected
  return (
    shadow.effect === effect &&
    (rule === undefined || shadow.rule === rule) &&
    (reason === undefined || shadow.reason === reason)
  )
}

function expectation({ expect: { effect, rule, reason, unmet = [], shadow }, isExact }: PolicyCase): string {
  const by = rule === undefined ? isExact && 'by no rule' : `by ${rule}`
  const words = [effect, by, reason && `(${reason})`, unmet.length > 0 && `unmet ${unmet.join(', ')}`]
  const said = words.filter((word) => typeof word === 'string').join(' ')
  if (shadow === undefined) return said
  if (shadow === 'none') return `${said}; ${NO_SHADOW}`
  const would = [shadow.effect, shadow.rule && `by ${shadow.rule}`, shadow.reason && `(${shadow.reason})`]
  return `${said}; in shadow ${would.filter((word) => typeof word === 'string').join(' ')}`
}

const NO_SHADOW = 'in shadow nothing else'

/** What came of it; of the shadow rules, where the test speaks of them. */
function said({ expect }: PolicyCase, { decision, unmet, shadow }: Explanation): string {
  const missing = unmet.slice(0, 5).map((row) => `${row.rule}.${row.condition}`)
  const rest = missing.length > 0 && decision.effect !== 'allow' ? ` unmet ${missing.join(', ')}` : ''
  const would = shadow === null ? NO_SHADOW : `in shadow ${verdict(shadow)}`
  return `${verdict(decision)}${rest}${expect.shadow === undefined ? '' : `; ${would}`}`
}

function verdict({ effect, rule, reason }: ShadowVerdict): string {
  return `${effect} ${rule === null ? 'by no rule' : `by ${rule}`} (${reason})`
}
