import { type EventReading, readEvent } from '../analysis/recorded.ts'
import { openReplay } from '../analysis/replay.ts'
import { openTally, type Tally } from '../analysis/replay-tally.ts'
import { printable } from '../config/report.ts'
import { unreachable } from '../model/exhaustive.ts'
import type { Settings } from '../model/settings.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { type ReplaySummary, replayJson, replayText } from './replay-text.ts'
import { loadSubject, type Subject } from './subject.ts'
import { eachLine, readJson, type TextLine } from './text-lines.ts'

interface ReplayCommandOptions extends CommonOptions {
  readonly events: string
  readonly failOnChange?: boolean
  readonly assumeRoles?: boolean
}

/** Broken lines that are told one by one. */
const MAX_BROKEN = 20
/** A credential may have to be asked about elsewhere before a body is read. */
const BEFORE_BODY_MS = 60_000

/** How long a request may have been on its way before its decision was written down. Unit: milliseconds. */
export function arrivalMs({ listen }: Settings): number {
  return listen.timeouts.bodyMs + BEFORE_BODY_MS
}

/**
 * `sallyport policy replay`: exit 1 with `--fail-on-change` where something changes for certain, 2 where the file cannot
 * be read or has nothing of ours in it.
 */
export async function run(options: ReplayCommandOptions, io: CommandIo): Promise<number> {
  const subject = await loadSubject(options.config, io)
  if (subject === null) return EXIT.unusable
  const tally = openTally()
  const { summary, take } = reader(subject, tally, options)
  const read = await eachLine(options.events, io, take)
  const fault = read.ok ? faultOf(summary) : read.fault
  if (fault !== null) {
    io.stderr.write(`error: ${printable(fault)}\n`)
    return EXIT.unusable
  }
  for (const { line, message } of summary.broken_lines) io.stderr.write(`line ${line}: ${message}\n`)
  const print = options.json ? replayJson : replayText
  io.stdout.write(print(subject.policy.digest, tally, summary))
  const { newly_allowed: allowed, newly_denied: denied, newly_stepped_up: asked } = tally.counts
  return options.failOnChange && allowed + denied + asked > 0 ? EXIT.no : EXIT.done
}

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

function reader({ policy, settings, upstreams }: Subject, tally: Tally, { assumeRoles }: ReplayCommandOptions) {
  const arrival = arrivalMs(settings)
  const replay = openReplay({ policy, upstreams, arrivalMs: arrival, assumesRoles: assumeRoles ?? false })
  const { summary, isBroken } = openSummary()
  const count = (read: EventReading) => {
    switch (read.kind) {
      case 'foreign':
        return summary.foreign++
      case 'other_event':
        return summary.other_events++
      case 'not_by_policy':
        return summary.not_by_policy++
      case 'incomplete':
        tally.addIncomplete(read.id, read.missing)
        return summary.decisions++
      case 'request':
        if (read.request.stage === 'complete') return summary.complete++
        tally.add(read.request, replay(read.request))
        return summary.decisions++
      default:
        return unreachable(read)
    }
  }
  const take = ({ number, text }: TextLine) => {
    summary.lines++
    if (text === null) return isBroken(number, 'the line is longer than any event')
    const event = readJson(text)
    if (event === undefined) return isBroken(number, 'the line is not JSON')
    count(readEvent(event))
  }
  return { summary, take }
}

function openSummary() {
  const broken: { line: number; message: string }[] = []
  const summary: Writable<ReplaySummary> = {
    lines: 0,
    decisions: 0,
    not_by_policy: 0,
    complete: 0,
    other_events: 0,
    foreign: 0,
    broken: 0,
    broken_lines: broken,
  }
  const isBroken = (line: number, message: string) => {
    summary.broken++
    if (broken.length < MAX_BROKEN) broken.push({ line, message })
  }
  return { summary, isBroken }
}

/** A file of something else would pass for traffic in which nothing changes. */
function faultOf({ lines, foreign, broken }: ReplaySummary): string | null {
  if (lines === 0 || lines > foreign + broken) return null
  return 'no line is an audit event of Sallyport; give what `sallyport serve` wrote to stdout'
}
