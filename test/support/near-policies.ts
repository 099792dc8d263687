/** Pairs of policies that are nearly equal, or say the same in other words. */
import fc from 'fast-check'
import { documentsArbitrary } from './policies.ts'
import type { ReferenceDocument, ReferenceRule } from './reference.ts'

type Files = readonly ReferenceDocument[]
type Change = (files: Files, other: Files, pick: number) => Files

const ALIASES = { fast: 'gpt-4o-mini', swift: 'gpt-4o' }

const rulesOf = (files: Files) => files.flatMap(({ rules = [] }) => rules)

/** Every rule as the change makes it, and none where it makes nothing of it. */
function mapRules(files: Files, change: (rule: ReferenceRule, index: number) => readonly ReferenceRule[]): Files {
  let index = 0
  return files.map(({ rules = [], ...rest }) => {
    const changed = rules.flatMap((rule) => change(rule, index++))
    return { ...rest, ...(changed.length > 0 ? { rules: changed } : {}) }
  })
}

/** One member of one rule, as another policy has it. */
const exchange =
  (key: 'effect' | 'roles' | 'workspaces' | 'models' | 'operations' | 'when'): Change =>
  (files, other, pick) => {
    const all = rulesOf(files)
    const others = rulesOf(other)
    const from = others[pick % others.length]
    return mapRules(files, (rule, index) => {
      if (index !== pick % all.length) return [rule]
      const { [key]: _, ...rest } = rule
      return [{ ...rest, ...(from?.[key] === undefined ? {} : { [key]: from[key] }) } as ReferenceRule]
    })
  }

/** One named part of the first file or the second, as another policy has it. */
const definition =
  (key: 'roles' | 'models' | 'workspaces'): Change =>
  (files, other, pick) =>
    files.map((file, index) => {
      const own = file[key]
      const name = own ? Object.keys(own)[pick % Object.keys(own).length] : undefined
      const from = other[index]?.[key]
      if (!own || !from || name === undefined) return file
      const entries = Object.entries(own).map(([one, value]) => [one, one === name ? from[name] : value])
      return { ...file, [key]: Object.fromEntries(entries) }
    })

const without: Change = (files, _, pick) =>
  mapRules(files, (rule, index) => (index === pick % rulesOf(files).length && rulesOf(files).length > 1 ? [] : [rule]))

/** Says the same: one rule for each of its operations, models or roles. */
const split =
  (key: 'operations' | 'models' | 'roles'): Change =>
  (files) =>
    mapRules(files, (rule) => {
      const list = rule[key]
      if (!list || list.length < 2) return [rule]
      return list.map((entry, index) => ({
        ...rule,
        id: index === 0 ? rule.id : `${rule.id} ${index}`,
        [key]: [entry],
      }))
    })

const aliased =
  (aliases: { readonly [name: string]: string }): Change =>
  (files) =>
    files.map((file, index) => (index === 0 ? ({ ...file, aliases } as ReferenceDocument) : file))

const CHANGES: readonly Change[] = [
  (files) => files,
  (files) => [...files].reverse(),
  (_, other) => other,
  ...(['effect', 'roles', 'workspaces', 'models', 'operations', 'when'] as const).map(exchange),
  ...(['when', 'when', 'roles'] as const).map(exchange),
  ...(['roles', 'models', 'workspaces'] as const).map(definition),
  ...(['operations', 'models', 'roles'] as const).map(split),
  without,
  aliased({ fast: 'gpt-4o' }),
  aliased(ALIASES),
]

export const nearPolicies: fc.Arbitrary<{ readonly before: Files; readonly after: Files }> = fc
  .tuple(documentsArbitrary, documentsArbitrary, fc.constantFrom(...CHANGES), fc.nat(1000), fc.boolean())
  .map(([files, other, change, pick, hasAliases]) => {
    const before: Files = hasAliases ? aliased(ALIASES)(files, other, pick) : files
    return { before, after: change(before, other, pick) }
  })
