import fc from 'fast-check'
import t from 'tap'
import type { PolicyInput } from '../../src/model/decision.ts'
import type { CompiledPolicy } from '../../src/policy/compile.ts'
import { documentsArbitrary, pick } from '../support/policies.ts'
import type { ReferenceDocument, ReferenceRule, ReferenceTransform } from '../support/reference.ts'
import { anyInputArbitrary } from '../support/requests.ts'
import { compiled, INPUTS, runs } from './amount.ts'
import { transformsArbitrary } from './transform-policies.ts'

type Written = ReferenceDocument & {
  readonly version: number
  readonly aliases?: { readonly [alias: string]: string }
  readonly transforms?: readonly ReferenceTransform[]
}

/** An order for anything: a number for each thing, taken round and round. */
const order = fc.array(fc.nat(1000), { minLength: 7, maxLength: 7 })

function shuffled<Item>(items: readonly Item[], by: readonly number[]): Item[] {
  return items
    .map((item, index) => [((by[index % by.length] ?? 0) * (index + 1)) % 1009, item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}

/** The same value, every map of it with its keys in another order. */
function otherKeys(value: unknown, by: readonly number[]): unknown {
  if (Array.isArray(value)) return value.map((item) => otherKeys(item, by))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, member]) => [key, otherKeys(member, by)] as const)
  return Object.fromEntries(shuffled(entries, by))
}

const DEFINITIONS = ['roles', 'models', 'workspaces', 'aliases'] as const

/** Every definition, rule and transform in a file of its own, or in the next one's. */
function otherFiles(documents: readonly Written[], files: number, by: readonly number[]): Written[] {
  const pieces = documents.flatMap((document): Partial<Written>[] => [
    ...DEFINITIONS.flatMap((key) =>
      Object.entries(document[key] ?? {}).map(([name, value]) => ({ [key]: Object.fromEntries([[name, value]]) })),
    ),
    ...(document.rules ?? []).map((rule) => ({ rules: [rule] })),
    ...(document.transforms ?? []).map((transform) => ({ transforms: [transform] })),
  ])
  const mixed = shuffled(pieces, by)
  return Array.from({ length: files }, (_, file) => joined(mixed.filter((_, index) => index % files === file)))
}

function joined(pieces: readonly Partial<Written>[]): Written {
  const rules = pieces.flatMap((piece): readonly ReferenceRule[] => piece.rules ?? [])
  const transforms = pieces.flatMap((piece): readonly ReferenceTransform[] => piece.transforms ?? [])
  const named = DEFINITIONS.flatMap((key) => {
    const entries = pieces.flatMap((piece) => Object.entries(piece[key] ?? {}))
    return entries.length === 0 ? [] : [[key, Object.fromEntries(entries)] as const]
  })
  return {
    version: 1,
    ...Object.fromEntries(named),
    ...(rules.length > 0 ? { rules } : {}),
    ...(transforms.length > 0 ? { transforms } : {}),
  }
}

const ALIASES = ['fast', 'smart', 'toString', 'valueOf']
const aliases = fc
  .tuple(fc.shuffledSubarray(ALIASES), fc.array(pick(['gpt-4o', 'gpt-4o-mini', 'o', 'constructor', '__proto__'])))
  .map(([names, targets]) => Object.fromEntries(names.map((name, index) => [name, targets[index] ?? 'gpt-4o'])))

/** A policy in three files: what all properties have, aliases and transforms. */
const policies = fc.record({ documents: documentsArbitrary, aliases, transforms: transformsArbitrary }).map((one) => [
  ...(one.documents as unknown as Written[]),
  {
    version: 1,
    ...(Object.keys(one.aliases).length > 0 ? { aliases: one.aliases } : {}),
    transforms: one.transforms,
  },
])

/** A request, mostly for what an alias stands for. */
const asked = fc.record({ input: anyInputArbitrary, alias: fc.option(pick(ALIASES), { freq: 3 }) })

interface Told {
  readonly effect: string
  readonly isShadowed: boolean
  readonly isTransformed: boolean
  readonly isAliased: boolean
  readonly byRule: boolean
  /** Everything that a policy says of one request. */
  readonly text: string
}

function told(policy: CompiledPolicy, request: PolicyInput, alias: string | null): Told {
  const resolved = alias === null ? null : policy.resolveModel(alias)
  const input = resolved === null ? request : { ...request, model: resolved.model }
  const decided = policy.decide(input)
  const { decision, shadow, matched, unmet, obligations } = policy.explain(input)
  const done = policy.obligations(input)
  const transformed = done && [done.names, Object.entries(done.set).sort(), done.prepend]
  const apart = policy.shadow && [policy.shadow.decide(input), policy.shadow.speaksOfUpstream]
  const rows = unmet.map((row) => [row.rule, row.condition])
  return {
    effect: decided.effect,
    isShadowed: shadow !== null,
    isTransformed: decided.effect === 'allow' && done !== null,
    isAliased: resolved !== null && resolved.alias !== null,
    byRule: decided.effect === 'deny' && decided.rule !== null,
    text: JSON.stringify([resolved, decided, decision, shadow, apart, transformed, obligations, matched, rows]),
  }
}

t.test('the order of rules, definitions, files and keys never changes what a policy says', async (t) => {
  const seen = { allow: 0, deny: 0, step_up: 0, byRule: 0, shadow: 0, transformed: 0, aliased: 0, moved: 0 }
  let total = 0
  fc.assert(
    fc.property(
      policies,
      order,
      fc.integer({ min: 1, max: 6 }),
      fc.array(asked, { minLength: INPUTS, maxLength: INPUTS, size: 'max' }),
      (documents, by, files, requests) => {
        const rearranged = otherKeys(shuffled(otherFiles(documents, files, by), by), by) as ReferenceDocument[]
        const one = compiled(documents)
        const other = compiled(rearranged)
        if (JSON.stringify(documents) !== JSON.stringify(rearranged)) seen.moved++
        for (const { input, alias } of requests) {
          const here = told(one, input, alias)
          const there = told(other, input, alias)
          if (here.text !== there.text) throw new Error(`${here.text} and ${there.text}`)
          total++
          seen[here.effect as 'allow' | 'deny' | 'step_up']++
          if (here.byRule) seen.byRule++
          if (here.isShadowed) seen.shadow++
          if (here.isTransformed) seen.transformed++
          if (here.isAliased) seen.aliased++
        }
      },
    ),
    runs(0.1),
  )
  t.comment(JSON.stringify({ total, ...seen }))
  // A generator that makes one kind of answer alone would let anything pass.
  t.ok(seen.allow > total / 20, 'many are allowed')
  t.ok(seen.deny - seen.byRule > total / 20, 'many are denied because no rule allows them')
  t.ok(seen.byRule > total / 50, 'many are denied by a rule')
  t.ok(seen.step_up > total / 200, 'many are asked for stronger authentication')
  t.ok(seen.shadow > total / 100, 'for many the shadow rules say something else')
  t.ok(seen.transformed > total / 100, 'many are transformed')
  t.ok(seen.aliased > total / 10, 'many ask for an alias')
  t.ok(seen.moved > (total / INPUTS) * 0.9, 'nearly every policy was rearranged')
})
