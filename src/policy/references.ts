import type { TSchema } from 'typebox'
import type { JsonValue } from '../model/json.ts'
import { isOperationName, OPERATION_PATTERNS, SPELLED_OPERATIONS } from '../model/operations.ts'
import { isPattern } from '../model/pattern.ts'
import type { Draft } from '../schema/draft.ts'
import { nearest } from '../schema/nearest.ts'
import { shapeProblems } from '../schema/shape.ts'
import { claimTestSchema } from './claim-path.ts'
import type { ConditionFault } from './conditions/condition.ts'
import { CONDITIONS } from './conditions/index.ts'
import { cyclicNames } from './cycles.ts'
import { denyWarnings } from './deny-warnings.ts'
import { type KnownNames, unopenedRoute } from './known-names.ts'
import { type FileProblem, type Merged, type Placed, problemAt } from './merge.ts'
import type { MemberDocument, RuleDocument } from './schema.ts'
import { testProblems } from './test-references.ts'
import { type TextTest, textTestFault } from './text-test.ts'
import { transformProblems } from './transform-references.ts'

type Texts = readonly (string | undefined)[] | undefined

/** Every reference to nothing, cycle and contradiction: what the schema of one file cannot say. */
export function referenceProblems(merged: Merged, known: KnownNames): FileProblem[] {
  const { roles, models, aliases, workspaces, rules, tests } = merged
  const issuers = [...known.issuers, 'api_keys']
  const found: FileProblem[] = []
  for (const role of roles.values()) {
    found.push(...memberProblems(role, role.value?.members, issuers))
    found.push(...unknownNames(role, ['includes'], role.value?.includes, roles, 'role'))
  }
  for (const workspace of workspaces.values()) {
    found.push(...memberProblems(workspace, workspace.value?.members, issuers))
  }
  for (const set of models.values()) found.push(...modelProblems(set, [], set.value, merged))
  const includes = new Map([...roles].map(([name, { value }]) => [name, texts(value?.includes)]))
  found.push(...cycles(roles, includes, 'role'))
  const members = new Map(
    [...models].map(([name, { value }]) => [
      name,
      texts(value).flatMap((entry) => (entry.startsWith('@') ? [entry.slice(1)] : [])),
    ]),
  )
  found.push(...cycles(models, members, 'set'))
  for (const [name, alias] of aliases) found.push(...aliasProblems(name, alias, merged))
  for (const rule of rules) {
    found.push(...selectorProblems(rule, merged, known), ...conditionProblems(rule), ...denyWarnings(rule))
    found.push(...upstreamWarnings(rule, known))
  }
  for (const transform of merged.transforms) found.push(...selectorProblems(transform, merged, known))
  found.push(...transformProblems(merged))
  const ids = new Set(rules.map(({ value }) => value.id ?? ''))
  for (const test of tests) found.push(...testProblems(test, ids, known))
  return found
}

type Selecting = Placed<Pick<Draft<RuleDocument>, 'roles' | 'workspaces' | 'models' | 'operations'>>

/** Of a rule or a transform. */
function selectorProblems(selecting: Selecting, merged: Merged, known: KnownNames): FileProblem[] {
  const { value } = selecting
  return [
    ...unknownNames(selecting, ['roles'], value.roles, merged.roles, 'role'),
    ...unknownNames(selecting, ['workspaces'], value.workspaces, merged.workspaces, 'workspace'),
    ...modelProblems(selecting, ['models'], value.models, merged),
    ...operationProblems(selecting, known),
  ]
}

function texts(list: Texts): string[] {
  return (list ?? []).filter((entry) => entry !== undefined)
}

function didYouMean(written: string, known: Iterable<string>): string {
  const close = nearest(written, [...known])
  return close ? `; did you mean \`${close}\`?` : ''
}

function unknownNames(
  placed: Placed<unknown>,
  inner: readonly string[],
  list: Texts,
  known: ReadonlyMap<string, unknown>,
  what: string,
): FileProblem[] {
  return [...(list ?? []).entries()].flatMap(([index, name]) => {
    if (name === undefined || known.has(name)) return []
    const message = `no ${what} has this name${didYouMean(name, known.keys())}`
    return [problemAt(placed, [...inner, index], `unknown_${what}`, message)]
  })
}

/** Who vouches by a name that no config gives, where the config asks for none of it. */
const WANTED: ReadonlyMap<string, string> = new Map([
  ['local', 'the config has no users of the store: set `identity.local.enabled: true`, or take this away'],
  ['mtls', 'the config takes no client certificates: set `identity.mtls`, or take this away'],
  [
    'tokens',
    'tokens of the proxy are of whom the person signed in with: name that issuer, directory or provider, or `local`',
  ],
])

function memberProblems(
  placed: Placed<unknown>,
  members: readonly (Draft<MemberDocument> | undefined)[] | undefined,
  issuers: readonly string[],
): FileProblem[] {
  return [...(members ?? []).entries()].flatMap(([index, member]) => {
    const found: FileProblem[] = []
    if (member?.issuer !== undefined && !issuers.includes(member.issuer)) {
      const message =
        WANTED.get(member.issuer) ?? `the config has no issuer of this name${didYouMean(member.issuer, issuers)}`
      found.push(problemAt(placed, ['members', index, 'issuer'], 'unknown_issuer', message))
    }
    const claim = isWhole(claimTestSchema, member?.claim ?? null) ? (member?.claim as TextTest) : null
    const fault = claim && textTestFault(claim)
    if (fault) found.push(problemAt(placed, ['members', index, 'claim'], 'incomplete', `\`claim\` ${fault}`))
    return found
  })
}

function modelProblems(
  placed: Placed<unknown>,
  inner: readonly string[],
  list: Texts,
  { models, aliases }: Merged,
): FileProblem[] {
  return [...(list ?? []).entries()].flatMap(([index, name]) => {
    const path = [...inner, index]
    if (name?.startsWith('@') && !models.has(name.slice(1))) {
      const message = `no set of models has this name${didYouMean(name.slice(1), models.keys())}`
      return [problemAt(placed, path, 'unknown_set', message)]
    }
    if (name === undefined || !aliases.has(name)) return []
    const message = 'this is an alias, which is resolved before rules are asked; name the model that it stands for'
    return [problemAt(placed, path, 'alias_in_rule', message)]
  })
}

function aliasProblems(name: string, alias: Placed<string | undefined>, { aliases }: Merged): FileProblem[] {
  const found: FileProblem[] = []
  if (isPattern(name) || name.startsWith('@')) {
    found.push(problemAt(alias, [], 'wrong_name', 'an alias is one plain name, without `*` and `@`', 'key'))
  }
  const target = alias.value
  if (target !== undefined && (isPattern(target) || target.startsWith('@'))) {
    found.push(problemAt(alias, [], 'wrong_value', 'an alias stands for one model, not for a pattern or a set'))
  }
  if (target !== undefined && aliases.has(target)) {
    found.push(problemAt(alias, [], 'alias_of_alias', 'this is an alias itself; name the model that it stands for'))
  }
  return found
}

function cycles(
  definitions: ReadonlyMap<string, Placed<unknown>>,
  references: ReadonlyMap<string, readonly string[]>,
  what: string,
): FileProblem[] {
  const cyclic = cyclicNames(references)
  return [...definitions].flatMap(([name, placed]) => {
    if (!cyclic.has(name)) return []
    return [
      problemAt(placed, [], 'cycle', `this ${what} contains itself by way of others; take one reference out`, 'key'),
    ]
  })
}

function operationProblems(selecting: Selecting, { routes }: KnownNames): FileProblem[] {
  return [...(selecting.value.operations ?? []).entries()].flatMap(([index, name]) => {
    const unopened = name === undefined ? null : unopenedRoute(name, routes)
    if (unopened) return [problemAt(selecting, ['operations', index], 'unknown_operation', unopened)]
    if (name === undefined || isOperationName(name)) return []
    const meant = didYouMean(name, [...SPELLED_OPERATIONS, ...OPERATION_PATTERNS])
    const message = `no operation has this name${meant || '; write one such as `chat`, `models.list` or `files.*`'}`
    return [problemAt(selecting, ['operations', index], 'unknown_operation', message)]
  })
}

function conditionProblems(rule: Placed<Draft<RuleDocument>>): FileProblem[] {
  const when: { readonly [name: string]: unknown } = rule.value.when ?? {}
  return Object.values(CONDITIONS).flatMap((condition) => {
    const written = when[condition.name]
    if (written === undefined || !('check' in condition) || !condition.check || !isWhole(condition.schema, written))
      return []
    const check = condition.check as (written: unknown) => readonly ConditionFault[]
    return check(written).map(({ path, code, message }) =>
      problemAt(rule, ['when', condition.name, ...path], code, message),
    )
  })
}

/**
 * Nothing is missing from a draft, so that what the schema cannot say can be checked. A part that is missing is absent or
 * undefined, and undefined is of no schema's type.
 */
function isWhole(schema: TSchema, draft: unknown): boolean {
  return shapeProblems(schema, draft as JsonValue).length === 0
}

/**
 * A region or label that no upstream has: the condition then never holds. Only a warning, since one policy may serve
 * several deployments and such a condition fails closed or is plainly not met.
 */
function upstreamWarnings(rule: Placed<Draft<RuleDocument>>, { upstreams }: KnownNames): FileProblem[] {
  const { region, upstream } = rule.value.when ?? {}
  const warning = (path: readonly (string | number)[], code: string, message: string): FileProblem => ({
    ...problemAt(rule, ['when', ...path], code, message),
    severity: 'warning',
  })
  const mend = 'correct it, or give it to an upstream'
  const regions = new Set(upstreams.map((known) => known.region))
  const unknown = [...(region ?? []).entries()].flatMap(([index, name]) =>
    name === undefined || regions.has(name)
      ? []
      : [warning(['region', index], 'unknown_region', `no upstream of the config has this region; ${mend}`)],
  )
  const labels = Object.entries(upstream?.labels ?? {}).flatMap(([name, value]) =>
    upstreams.some((known) => Object.hasOwn(known.labels, name) && known.labels[name] === value)
      ? []
      : [warning(['upstream', 'labels', name], 'unknown_label', `no upstream of the config has this label; ${mend}`)],
  )
  return [...unknown, ...labels]
}
