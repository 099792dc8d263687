import type { Draft } from '../schema/draft.ts'
import { type FileProblem, type Placed, problemAt } from './merge.ts'
import type { RuleDocument } from './schema.ts'

/**
 * Conditions that hold when *everything* of a kind matches, in a deny: one thing more evades it, and it applies to what
 * has nothing of the kind. That is what such a rule says, and hardly ever what its author meant: only a warning. A rule
 * in shadow mode keeps nothing out, so that nothing is said of it before it is enforced.
 */
export function denyWarnings(rule: Placed<Draft<RuleDocument>>): FileProblem[] {
  const { effect, mode, when } = rule.value
  if (effect !== 'deny' || mode === 'shadow') return []
  const { tools, urls } = when ?? {}
  const found: FileProblem[] = []
  const warn = (path: readonly string[], every: string, grant: string) => {
    const message =
      `this deny applies only where every ${every} of the request matches, and where it has none: one that does not ` +
      `match evades the rule; nothing is allowed but by a rule, so leave the deny out and ${grant}`
    const problem = problemAt(rule, ['when', ...path], 'deny_holds_for_all', message, 'key')
    found.push({ ...problem, severity: 'warning' })
  }
  const listed = (key: string) => `list what is granted in \`tools.${key}\` of each allow`
  if (tools?.functions !== undefined) warn(['tools', 'functions'], 'function', listed('functions'))
  if (tools?.hosted !== undefined) warn(['tools', 'hosted'], 'hosted tool', listed('hosted'))
  if (urls !== undefined) warn(['urls'], 'host in a URL', 'list the hosts that are granted in `urls` of an allow')
  return found
}
