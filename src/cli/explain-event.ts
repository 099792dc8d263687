import { type RecordedRequest, readEvent } from '../analysis/recorded.ts'
import { openReplay, type Replayed } from '../analysis/replay.ts'
import { printable, printableJson } from '../config/report.ts'
import type { PolicyInput } from '../model/decision.ts'
import { type Answer, explanationJson, explanationText } from './answer.ts'
import { type CommandIo, EXIT } from './command.ts'
import { outcomeOf } from './policy-outcome.ts'
import { arrivalMs } from './policy-replay.ts'
import { noteOf, type Subject } from './subject.ts'
import { eachLine, readJson, type TextLine } from './text-lines.ts'

interface ExplainEventOptions {
  readonly event: string
  /** Only this request. */
  readonly request?: string
  readonly json?: boolean
}

/** Requests that are remembered, so that the second event of one is not explained again. */
const MAX_REMEMBERED = 100_000

/**
 * Explains each recorded request of a file, once: by its decision event, or by its complete event where that comes
 * alone. An event that names no request is one of its own. Exit 2 where there is none, or a line is not JSON.
 */
export async function explainEvents(subject: Subject, options: ExplainEventOptions, io: CommandIo): Promise<number> {
  const faults: string[] = []
  const { print, printed } = printer(subject, options, io)
  const take = ({ number, text }: TextLine) => {
    const event = text === null ? undefined : readJson(text)
    // Of a request that was asked for by its id, other lines are not the matter.
    if (event === undefined && options.request !== undefined) return
    if (event === undefined) return void faults.push(`line ${number}: ${text === null ? 'is too long' : 'is not JSON'}`)
    const read = readEvent(event)
    if (read.kind === 'incomplete' && isAsked(options, read.id)) {
      faults.push(`line ${number}: the event does not tell the request: ${read.missing} is missing or was cut`)
    }
    if (read.kind === 'not_by_policy' && options.request === undefined) {
      io.stderr.write(`line ${number}: no policy decided this request, so that there is nothing to explain\n`)
    }
    if (read.kind === 'request' && isAsked(options, read.request.id)) print(read.request)
  }
  const read = await eachLine(options.event, io, take)
  if (!read.ok) faults.push(read.fault)
  else if (printed() === 0) faults.push(nothingFound(options))
  for (const fault of faults) io.stderr.write(`error: ${printable(fault)}\n`)
  return faults.length === 0 ? EXIT.done : EXIT.unusable
}

/** Prints what is to be said of a request, unless that has been said of its other event. */
function printer(subject: Subject, { json }: ExplainEventOptions, io: CommandIo) {
  const seen = new Set<string>()
  const explain = explainer(subject)
  let count = 0
  const print = (request: RecordedRequest) => {
    const { id } = request
    if (id !== null && seen.has(id)) return
    if (id !== null && seen.size < MAX_REMEMBERED) seen.add(id)
    const { answer, replayed } = explain(request)
    if (json) io.stdout.write(`${printableJson(eventJson(request, answer, replayed))}\n`)
    else io.stdout.write(`${count > 0 ? '\n' : ''}${eventText(request, answer, replayed)}`)
    count++
  }
  return { print, printed: () => count }
}

function isAsked({ request }: ExplainEventOptions, id: string | null): boolean {
  return request === undefined || request === id
}

function nothingFound({ request }: ExplainEventOptions): string {
  return request === undefined
    ? 'there is no event of a request that a policy decided; give what `sallyport serve` wrote to stdout'
    : `there is no event of the request \`${request.slice(0, 128)}\` that a policy decided`
}

function explainer({ policy, settings, upstreams }: Subject) {
  const replay = openReplay({ policy, upstreams, arrivalMs: arrivalMs(settings), assumesRoles: false })
  return (request: RecordedRequest): { readonly answer: Answer; readonly replayed: Replayed } => {
    const replayed = replay(request)
    const outcome = outcomeOf(policy, upstreams, withRoles(request, replayed), null)
    if (!outcome.ok) throw new Error(outcome.fault)
    const { input, shadowInput, served } = outcome.value
    const explanation = policy.explain(input, shadowInput)
    return { answer: { ...explanation, served, note: noteOf(policy, explanation) }, replayed }
  }
}

/** Under the present policies, the roles that were held are those that are: those that rest on claims, too. */
function withRoles({ input, was }: RecordedRequest, { isSameRuleset }: Replayed): PolicyInput {
  if (!isSameRuleset || was.roles === null) return input
  return { ...input, principal: { ...input.principal, roles: was.roles } }
}

/** Facts that no condition is about are no loss to an explanation. */
function unrecordedOf({ unrecorded }: RecordedRequest): string[] {
  return [...unrecorded].filter((fact) => fact !== 'arrival').sort()
}

function eventJson(request: RecordedRequest, answer: Answer, { change, isSameRuleset, open }: Replayed): object {
  const { effect, rule, reason, ruleset } = request.was
  return {
    ...explanationJson(answer),
    event: {
      request: request.id,
      at: new Date(request.input.at).toISOString(),
      was: { effect, rule, reason, ruleset },
      same_ruleset: isSameRuleset,
      change,
      not_recorded: unrecordedOf(request),
      open,
    },
  }
}

function eventText(request: RecordedRequest, answer: Answer, replayed: Replayed): string {
  const { input, was, id } = request
  const { principal, operation, model, at } = input
  const files = replayed.isSameRuleset ? 'the present policies' : `other policies (${was.ruleset ?? 'not named'})`
  const by = was.rule === null ? 'by no rule' : `by rule ${was.rule}`
  const named = id === null ? 'a request without an id,' : `request ${id}`
  const lines = [
    `${named} of ${new Date(at).toISOString()}: ${principal.id ?? '?'} (${principal.issuer ?? '?'}), ${operation} ${model ?? ''}`,
    `recorded: ${was.effect}  ${by}  (${was.reason}), under ${files}`,
    `not recorded, and *cannot tell* below: ${unrecordedOf(request).join(', ')}`,
  ]
  const head = lines.map((line) => `${printable(line).trimEnd()}\n`).join('')
  return `${head}${explanationText(answer)}${verdictText(request, answer, replayed)}`
}

/** Whether the decision is the recorded one, and what could explain it where it is not. */
function verdictText({ was }: RecordedRequest, answer: Answer, replayed: Replayed): string {
  const { change, open } = replayed
  const facts = open.map(({ rule, facts }) => `${facts.join(' and ')} (\`${rule}\`)`).slice(0, 10)
  const could = facts.length === 0 ? '' : `; it depends on what is not recorded: ${facts.join(', ')}`
  if (change === 'cannot_tell') return `${printable(`whether it differs from the record cannot be told${could}`)}\n`
  if (change !== 'unchanged') return `differs from the record: ${change.replaceAll('_', ' ')}\n`
  if (!answer.served || answer.decision.effect !== was.effect) {
    return `${printable(`differs from the record${could}`)}\n`
  }
  const other = otherGrounds(was, answer.decision, replayed)
  return other === null ? 'as recorded\n' : `${printable(`the effect is as recorded, ${other}${could}`)}\n`
}

/** How a decision of the same effect came about in another way; null where it did not. */
function otherGrounds(was: RecordedRequest['was'], here: Answer['decision'], { rule }: Replayed): string | null {
  const name = (id: string | null) => (id === null ? 'no rule' : `\`${id}\``)
  if (was.rule === here.rule) {
    return was.reason === here.reason ? null : `but not the reason: ${was.reason} then, ${here.reason} here`
  }
  if (rule === here.rule) return `but not the rule: ${name(was.rule)} decided then, ${name(rule)} does now`
  const rules = `${name(was.rule)} decided then, ${name(here.rule)} here with what is not recorded as *cannot tell*`
  return `and whether the rule is cannot be told: ${rules}`
}
