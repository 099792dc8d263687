import { printable } from '../config/report.ts'
import type { Explanation, ShadowVerdict } from '../model/decision.ts'

/** What `explain` says of one request. */
export interface Answer extends Explanation {
  readonly served: boolean
  /** The `reason` of the rule that decided, where it has one. */
  readonly note: string | undefined
}

/** What `explain --json` and each line of a batch answer. `served` stands there only where nobody serves the model. */
export function explanationJson({ decision, shadow, obligations, matched, unmet, served, note }: Answer): object {
  const { effect, rule, reason } = decision
  const applied = obligations.length === 0 ? {} : { obligations }
  const more = { ...applied, ...(note === undefined ? {} : { note }), ...(served ? {} : { served }) }
  return { effect, rule, reason, matched, unmet, shadow, ...more }
}

function verdictText({ effect, rule, reason }: ShadowVerdict): string {
  return `${effect}  ${rule === null ? 'by no rule' : `by rule ${rule}`}  (${reason})`
}

/** The same for people. */
export function explanationText({ decision, shadow, obligations, matched, unmet, served, note }: Answer): string {
  const lines = [verdictText(decision)]
  if (shadow) lines.push(`with the shadow rules enforced: ${verdictText(shadow)}`)
  if (obligations.length > 0) lines.push(`applied: ${obligations.join(', ')}`)
  if (note !== undefined) lines.push(`note: ${note}`)
  if (!served) lines.push('no upstream that could be asked serves the model: the proxy answers 404 `model_not_found`')
  if (matched.length > 0) lines.push(`matched: ${matched.join(', ')}`)
  if (decision.effect === 'step_up') {
    const { acrValues, maxAgeSeconds } = decision.challenge
    if (acrValues.length > 0) lines.push(`sign in again with acr: ${acrValues.join(' or ')}`)
    if (maxAgeSeconds !== null) lines.push(`sign in again: at most ${maxAgeSeconds}s ago`)
  }
  for (const [index, row] of unmet.entries()) {
    if (unmet[index - 1]?.rule !== row.rule) lines.push(`${row.rule} does not apply:`)
    lines.push(`  ${row.condition}: wants ${row.want}; got ${row.got}`)
  }
  return lines.map((line) => `${printable(line)}\n`).join('')
}
