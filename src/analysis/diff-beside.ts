import type { CompiledPolicy } from '../policy/compile.ts'
import type { OutlineRule, PolicyOutline } from '../policy/outline.ts'
import type { Aside } from './diff-aside.ts'
import type { AccessReport } from './diff-report.ts'
import { sameText } from './diff-same.ts'
import { outlinesOf } from './diff-selectors.ts'
import { transformAsides } from './diff-transforms.ts'
import { together } from './diff-words.ts'
import { shownName } from './words.ts'

/**
 * What changes beside access; empty for policies that differ in the order of files and entries only, or in rules in force
 * that are said in other words. `access` is what changes in access between the two.
 */
export function asidesOf(before: CompiledPolicy, after: CompiledPolicy, access: AccessReport): Aside[] {
  const [old, young] = [before.outline(), after.outline()]
  return [
    ...transformAsides(outlinesOf(old, young)),
    ...ruleAsides(old.rules, young.rules, access),
    ...mapAsides('alias', old.aliases, young.aliases, aliasText),
    ...labelAsides(old, young),
    ...testAsides(before.tests, after.tests),
  ]
}

const plain = { change: 'changed', isWeaker: false } as const

function ruleAsides(old: readonly OutlineRule[], young: readonly OutlineRule[], access: AccessReport): Aside[] {
  const byId = (rules: readonly OutlineRule[]) => new Map(rules.map((rule) => [rule.id, rule]))
  const [before, after] = [byId(old), byId(young)]
  const pairs = old.flatMap((rule): [OutlineRule, OutlineRule][] => {
    const now = after.get(rule.id)
    return now ? [[rule, now]] : []
  })
  const isShadow = ({ mode }: OutlineRule) => mode === 'shadow'
  return [
    ...pairs.filter(([one, now]) => one.mode !== now.mode).map(([one]) => modeAside(one, access)),
    ...old.filter((rule) => isShadow(rule) && !after.has(rule.id)).map((rule) => shadowAside(rule, 'removed')),
    ...pairs.filter(([one, now]) => isShadow(one) && isShadow(now)).flatMap(([one, now]) => shadowChange(one, now)),
    ...young.filter((rule) => isShadow(rule) && !before.has(rule.id)).map((rule) => shadowAside(rule, 'added')),
    ...reasonAsides(pairs.filter(([one, now]) => one.reason !== now.reason).map(([{ id }]) => id)),
  ]
}

/** Of the rule as it was before. */
function modeAside({ id, mode }: OutlineRule, { changes, undecided }: AccessReport): Aside {
  const turn = mode === 'shadow' ? 'was in shadow mode and is enforced now' : 'was enforced and is in shadow mode now'
  const isNamed = changes.some(({ rules }) => rules.includes(id))
  const outcome = isNamed
    ? 'that changes access, as said'
    : undecided.length > 0
      ? 'whether that changes access could not be told'
      : changes.length > 0
        ? 'no change in access is by it'
        : 'no request is decided differently for it'
  return { ...plain, what: 'mode', names: [id], sentence: `rule ${shownName(id)} ${turn}: ${outcome}` }
}

function shadowAside({ id, effect }: OutlineRule, change: 'added' | 'removed'): Aside {
  const sentence = `shadow rule ${shownName(id)} is ${change} (${effect})`
  return { ...plain, what: 'shadow_rule', change, names: [id], sentence }
}

function shadowChange(before: OutlineRule, after: OutlineRule): Aside[] {
  const parts = (['effect', 'roles', 'workspaces', 'models', 'operations'] as const).filter(
    (name) => sameText(before[name]) !== sameText(after[name]),
  )
  const [old, young] = [before, after].map(({ when }) => new Map<string, unknown>(Object.entries(when)))
  const conditions = [...new Set([...(old?.keys() ?? []), ...(young?.keys() ?? [])])].filter(
    (name) => sameText(old?.get(name)) !== sameText(young?.get(name)),
  )
  const changed = [...parts, ...conditions]
  if (changed.length === 0) return []
  const sentence = `shadow rule ${shownName(after.id)} has changed: ${changed.join(', ')}`
  return [{ ...plain, what: 'shadow_rule', names: [after.id], sentence }]
}

function reasonAsides(names: readonly string[]): Aside[] {
  if (names.length === 0) return []
  const [reasons, rules] = names.length === 1 ? ['reason', 'rule'] : ['reasons', 'rules']
  const sentence = `the ${reasons} of the ${rules} ${together(names.map(shownName))} changed`
  return [{ ...plain, what: 'reason', names, sentence }]
}

type Texts = ReadonlyMap<string, string>

/** Entries that one map has and the other has not, or not so. */
function mapAsides(
  what: Aside['what'],
  before: Texts,
  after: Texts,
  textOf: (name: string, before: string | undefined, after: string | undefined) => string,
  names: (name: string) => readonly string[] = (name) => [name],
): Aside[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name): Aside[] => {
    const [old, young] = [before.get(name), after.get(name)]
    if (old === young) return []
    const change = old === undefined ? 'added' : young === undefined ? 'removed' : 'changed'
    return [{ ...plain, what, change, names: names(name), sentence: textOf(name, old, young) }]
  })
}

function aliasText(name: string, before: string | undefined, after: string | undefined): string {
  const alias = `the alias ${shownName(name)}`
  if (after === undefined) return `${alias} is removed`
  if (before === undefined) return `${alias} is added, for ${shownName(after)}`
  return `${alias} stands for ${shownName(after)} instead of ${shownName(before)}`
}

/** Of workspaces that both policies have. */
function labelAsides(before: PolicyOutline, after: PolicyOutline): Aside[] {
  return [...before.workspaces].flatMap(([workspace, { labels }]) => {
    const now = after.workspaces.get(workspace)
    if (!now) return []
    const textOf = (name: string, old: string | undefined, young: string | undefined) => {
      const label = `the label ${shownName(name)} of the workspace ${shownName(workspace)}`
      if (young === undefined) return `${label} is removed`
      return `${label} is ${shownName(young)}${old === undefined ? ' now' : ` instead of ${shownName(old)}`}`
    }
    const [old, young] = [new Map(Object.entries(labels)), new Map(Object.entries(now.labels))]
    return mapAsides('label', old, young, textOf, () => [workspace])
  })
}

/** By their names, of which several may be equal. */
function testAsides(before: CompiledPolicy['tests'], after: CompiledPolicy['tests']): Aside[] {
  const [old, young] = [before, after].map((tests) => {
    const byName = Map.groupBy(tests, ({ test }) => test.name)
    return new Map(
      [...byName].map(([name, list]) => [
        name,
        list
          .map(({ test }) => sameText(test))
          .sort()
          .join(),
      ]),
    )
  })
  const changed = mapAsides('test', old ?? new Map(), young ?? new Map(), () => '')
  return [...Map.groupBy(changed, ({ change }) => change)].map(([change, ones]) => {
    const names = ones.flatMap((one) => one.names)
    const tests = names.length === 1 ? `the test ${together(names.map(shownName))} is` : `${names.length} tests are`
    const said = names.length === 1 ? '' : `: ${together(names.map(shownName))}`
    return { ...plain, what: 'test', change, names, sentence: `${tests} ${change}${said}` }
  })
}
