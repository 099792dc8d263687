import { isPattern } from '../../model/pattern.ts'
import { append } from '../buckets.ts'
import { claimSteps } from '../claim-path.ts'
import { textsOf } from './implied.ts'
import type { LintRule, LintSubject } from './lint.ts'

type Roles = LintSubject['outline']['roles']

/** Finds the rules that could cover another one: each stands under the selector that the fewest share. */
interface RuleIndex {
  /** Lists of rules, each in the order that the index was given them; a rule may be in several. */
  readonly couldCover: (inner: LintRule) => readonly (readonly LintRule[])[]
}

const DIMENSIONS = ['roles', 'workspaces', 'models', 'operations'] as const
type Dimension = (typeof DIMENSIONS)[number]

const headOf = (pattern: string) => pattern.slice(0, pattern.indexOf('*'))
const keyOf = (dimension: Dimension, name: string) =>
  (dimension === 'models' || dimension === 'operations') && isPattern(name)
    ? `${dimension}^${headOf(name)}`
    : `${dimension}=${name}`

export function indexRules(rules: readonly LintRule[], roles: Roles): RuleIndex {
  const shared = new Map<string, number>()
  for (const rule of rules)
    for (const keys of allKeys(rule)) for (const key of keys) shared.set(key, 1 + (shared.get(key) ?? 0))
  const lists = new Map<string, LintRule[]>()
  const heads = { models: new Set<number>(), operations: new Set<number>() }
  for (const rule of rules) {
    const cost = (keys: readonly string[]) => keys.reduce((most, key) => Math.max(most, shared.get(key) ?? 0), 0)
    const [keys = ['']] = allKeys(rule).sort((a, b) => cost(a) - cost(b))
    for (const key of keys) append(lists, key, rule)
    for (const dimension of ['models', 'operations'] as const) {
      for (const name of rule[dimension] ?? []) if (isPattern(name)) heads[dimension].add(headOf(name).length)
    }
  }
  return {
    couldCover: (inner) => {
      const found = ['', ...roleKeys(inner, roles), ...workspaceKeys(inner)]
      for (const [first] of conditionKeys(inner)) if (first !== undefined) found.push(first)
      found.push(...nameKeys('models', inner.models?.[0], heads.models))
      found.push(...nameKeys('operations', inner.operations?.[0] ?? '*', heads.operations))
      return found.flatMap((key) => {
        const list = lists.get(key)
        return list ? [list] : []
      })
    },
  }
}

const allKeys = (rule: LintRule) => [...selectorKeys(rule), ...conditionKeys(rule)]

/** The keys of each selector that the rule has. */
function selectorKeys(rule: LintRule): string[][] {
  return DIMENSIONS.flatMap((dimension) => {
    const names = rule[dimension]
    return names === null ? [] : [names.map((name) => keyOf(dimension, name))]
  })
}

/** The texts of which a condition wants one, by condition. A covering rule wants all that the covered one does. */
function conditionKeys({ when: { claim, header, region, acr } }: LintRule): string[][] {
  const lists = [
    ['acr', acr],
    ['region', region],
    [`claim ${JSON.stringify(claim && claimSteps(claim.path))}`, claim && textsOf(claim)],
    [`header ${header?.name.toLowerCase()}`, header && textsOf(header)],
  ] as const
  return lists.flatMap(([name, texts]) => (texts ? [texts.map((text) => `${name}=${text}`)] : []))
}

/** A covering rule names a role that is held with the first one; so for the other selectors. */
function roleKeys({ roles: names }: LintRule, roles: Roles): string[] {
  return roles.get(names?.[0] ?? '')?.holds.map((name) => `roles=${name}`) ?? []
}

function workspaceKeys({ workspaces }: LintRule): string[] {
  return workspaces?.slice(0, 1).map((name) => `workspaces=${name}`) ?? []
}

/** A pattern stands for itself: only a star takes in a star. */
function nameKeys(dimension: 'models' | 'operations', name: string | undefined, heads: ReadonlySet<number>): string[] {
  if (name === undefined) return []
  const patterns = [...heads]
    .filter((length) => length <= name.length)
    .map((length) => `${dimension}^${name.slice(0, length)}`)
  return [`${dimension}=${name}`, ...patterns]
}
