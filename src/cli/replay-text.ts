import type { TalliedGroup, TalliedPerson, Tally } from '../analysis/replay-tally.ts'
import { printable, printableJson } from '../config/report.ts'

/** What the lines of a file were. */
export interface ReplaySummary {
  readonly lines: number
  readonly decisions: number
  readonly not_by_policy: number
  readonly complete: number
  readonly other_events: number
  readonly foreign: number
  readonly broken: number
  readonly broken_lines: readonly { readonly line: number; readonly message: string }[]
}

const CHANGES = [
  ['newly_denied', 'newly denied'],
  ['newly_stepped_up', 'newly asked for stronger authentication'],
  ['newly_allowed', 'newly allowed'],
  ['cannot_tell', 'cannot be told'],
] as const

/** People of one group that are named to people. */
const MAX_NAMED = 10

export function replayJson(ruleset: string, tally: Tally, summary: ReplaySummary): string {
  const { decisions, ...skipped } = summary
  const counts = { decisions, same_ruleset: tally.sameRuleset, ...tally.counts }
  return `${printableJson({ ruleset, ...counts, changes: tally.groups(), skipped }, 2)}\n`
}

export function replayText(_ruleset: string, tally: Tally, summary: ReplaySummary): string {
  const { counts, sameRuleset } = tally
  const told = CHANGES.filter(([change]) => counts[change] > 0)
  const words = told.map(([change, says]) => `${counts[change]} ${says}`)
  const lines = [
    `${counted(summary.decisions, 'decision')}: ${[`${counts.unchanged} unchanged`, ...words].join(', ')}`,
    ...(sameRuleset > 0 ? [`${sameRuleset} of them were made by the present policies`] : []),
    ...skippedLine(summary),
  ]
  const groups = tally.groups()
  for (const [change, says] of told) {
    lines.push('', `${says}:`)
    for (const group of groups) if (group.change === change) lines.push(...groupLines(group))
  }
  return lines.map((line) => `${printable(line)}\n`).join('')
}

function skippedLine({ not_by_policy, complete, other_events, foreign, broken }: ReplaySummary): string[] {
  const parts = [
    not_by_policy > 0 && `${counted(not_by_policy, 'event')} of requests that no policy decided`,
    complete > 0 && counted(complete, 'complete event'),
    other_events > 0 && counted(other_events, 'other event'),
    foreign > 0 && `${counted(foreign, 'line')} of somebody else`,
    broken > 0 && counted(broken, 'broken line'),
  ].filter((part) => part !== false)
  return parts.length === 0 ? [] : [`not decided again: ${parts.join(', ')}`]
}

function groupLines(group: TalliedGroup): string[] {
  const { count, people, others } = group
  const named = people.slice(0, MAX_NAMED)
  const rest = people.slice(MAX_NAMED).reduce((sum, { count: more }) => sum + more, others)
  return [
    `  ${headOf(group)}: ${counted(count, 'request')}`,
    ...named.map(personLine),
    ...(rest > 0 ? [`    ${String(rest).padStart(6)}  of others`] : []),
  ]
}

function headOf({ change, rule, reason, was, not_recorded }: TalliedGroup): string {
  const before = was.rule === null ? `${was.effect} by no rule (${was.reason})` : `${was.effect} by \`${was.rule}\``
  if (change === 'cannot_tell' && rule === null) return `the events do not say: ${not_recorded.join(', ')}`
  const facts = not_recorded.length === 0 ? '' : `, which depends on ${not_recorded.join(' and ')}`
  if (change === 'cannot_tell') return `near \`${rule}\`${facts}; was ${before}`
  if (reason === 'denied_or_step_up') return `denied or asked to sign in again, near \`${rule}\`${facts}; was ${before}`
  return `${rule === null ? `by no rule (${reason})` : `by \`${rule}\``}; was ${before}`
}

function personLine({ user, issuer, count, example }: TalliedPerson): string {
  const who = user === null ? 'somebody' : `${user} (${issuer ?? '?'})`
  const what = `${example.operation} ${example.model ?? ''}`.trim()
  const such = example.request === null ? '' : `, such as ${example.request}`
  return `    ${String(count).padStart(6)}  ${who}: ${what}${such}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
