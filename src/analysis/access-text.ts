import type { ReachAnswer, RoleAccess, UseGroup } from './access.ts'
import type { Way } from './access-cell.ts'
import { shownName, shownRole } from './words.ts'

/** Answers in sentences, one a line. Names may be hostile: what prints a line escapes it. */

/** What is left of the conditions of a way; empty where nothing is. */
export function wayConditions({ conditions, unless }: Way): string {
  const but = unless.map(
    ({ rule, conditions: all }) => `unless ${all.map(({ text }) => text).join(' and ')} (rule ${shownName(rule)})`,
  )
  return [...conditions.map(({ text }) => text), ...but].join(', ')
}

function wayRules({ rule, also, through, everybody }: Way, isEverybody: boolean): string {
  const by = `rule ${shownName(rule)}${also.length > 0 ? `, also ${also.map(shownName).join(', ')}` : ''}`
  if (through.length > 0) return `through ${through.map(shownName).join(', ')}; ${by}`
  return everybody && !isEverybody ? `like everybody; ${by}` : by
}

export function reachLines({ model, groups }: ReachAnswer): string[] {
  const lines = model === null ? [] : [modelLine(model)]
  for (const { operations, access } of groups) {
    lines.push(`${operations.join(', ')}:`)
    const everybody = access.find(({ role }) => role === null)
    const told = access.flatMap((row) => (row === everybody ? roleLines(row, null) : roleLines(row, everybody ?? null)))
    lines.push(...told)
  }
  if (!groups.some(({ access }) => access.some(({ ways }) => ways.length > 0))) lines.push('nobody can')
  return lines
}

function modelLine({ asked, name, alias, upstreams }: NonNullable<ReachAnswer['model']>): string {
  const what = alias ? `${shownName(asked)}, an alias of ${shownName(name)}` : shownName(name)
  if (upstreams.length > 0) return `${what}, served by ${upstreams.map(shownName).join(', ')}`
  return `${what}: no upstream of the config serves it, so that the proxy answers 404 \`model_not_found\``
}

/** What everybody may do is told once: a role is told of where it may do more, or less. */
function roleLines({ role, ways, removed }: RoleAccess, everybody: RoleAccess | null): string[] {
  const who = shownRole(role)
  const before = new Set([...(everybody?.ways ?? []), ...(everybody?.removed ?? [])].map((one) => JSON.stringify(one)))
  const own = ways.filter((way) => !before.has(JSON.stringify(way)))
  const taken = removed.filter((one) => !before.has(JSON.stringify(one)))
  return [
    ...own.map((way) => {
      const conditions = wayConditions(way)
      return `  ${who}${conditions === '' ? '' : `, ${conditions}`}  [${wayRules(way, role === null)}]`
    }),
    ...taken.map(
      ({ rule, by }) => `  taken away from ${who}  [rule ${shownName(rule)}, by ${by.map(shownName).join(', ')}]`,
    ),
  ]
}

/** `members`: what is in a set, for the names that are sets. */
export function useLines(groups: readonly UseGroup[], members: (name: string) => readonly string[]): string[] {
  const lines: string[] = []
  for (const { models, uses } of groups) {
    lines.push(`${models === null ? 'without a model' : models.map((name) => modelName(name, members)).join(', ')}:`)
    for (const { operations, ways, removed } of uses) {
      const what = operations.join(', ')
      for (const way of ways) lines.push(`  ${what}: ${wayConditions(way) || 'yes'}  [${wayRules(way, false)}]`)
      for (const { rule, by } of removed) {
        lines.push(`  ${what}: taken away  [rule ${shownName(rule)}, by ${by.map(shownName).join(', ')}]`)
      }
    }
  }
  return lines.length > 0 ? lines : ['nothing is allowed']
}

function modelName(name: string, members: (name: string) => readonly string[]): string {
  if (name === '*') return 'every model'
  const list = members(name)
  return list.length === 0 ? shownName(name) : `${shownName(name)} (${list.map(shownName).join(', ')})`
}
