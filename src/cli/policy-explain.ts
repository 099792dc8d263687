import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { printable, printableJson } from '../config/report.ts'
import { failed } from '../model/result.ts'
import { explanationJson, explanationText } from './answer.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { type DescribeFlags, describedByFlags } from './described-request.ts'
import { explainEvents } from './explain-event.ts'
import { flagFault } from './flag-fault.ts'
import { describedOutcome } from './policy-outcome.ts'
import { loadSubject, noteOf, type Subject } from './subject.ts'
import { readJson } from './text-lines.ts'

interface ExplainOptions extends CommonOptions, DescribeFlags {
  readonly batch?: string
  readonly event?: string
  readonly request?: string
}

/** Lines of a batch that are answered before the output is written. */
const BATCH_FLUSH = 500

/** `sallyport policy explain`. Secrets are not looked for: it runs where the config is reviewed. */
export async function run(options: ExplainOptions, io: CommandIo): Promise<number> {
  const fault = sourceFault(options)
  if (fault !== null) {
    io.stderr.write(`error: ${printable(fault)}\n`)
    return EXIT.unusable
  }
  const subject = await loadSubject(options.config, io)
  if (subject === null) return EXIT.unusable
  if (options.event !== undefined) return explainEvents(subject, { ...options, event: options.event }, io)
  return options.batch === undefined ? explainOne(subject, options, io) : explainBatch(subject, options.batch, io)
}

/** Options that go with every way to say what the request is. */
const OF_ALL = new Set(['config', 'json', 'event', 'request', 'batch'])

/** A request is described in one way: flags beside a file would be ignored. */
function sourceFault(options: ExplainOptions): string | null {
  if (options.request !== undefined && options.event === undefined) return '`--request` goes with `--event`'
  const files = ['batch', 'event'].filter((name) => Object.hasOwn(options, name))
  if (files.length === 2) return '`--batch` and `--event` cannot be used together'
  const flag = Object.keys(options).find((name) => !OF_ALL.has(name))
  if (files.length === 0 || flag === undefined) return null
  const dashed = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return `\`--${dashed}\` and \`--${files[0]}\` cannot be used together: the file says what the request is`
}

function explainOne(subject: Subject, options: ExplainOptions, io: CommandIo): number {
  const { policy, upstreams, issuers, settings } = subject
  const routes = settings.passthrough.map(({ name }) => name)
  const known = { issuers, workspaces: policy.workspaces, upstreams: upstreams.map(({ name }) => name), routes }
  const fault = flagFault(options, known)
  const described = fault === null ? describedByFlags(options) : failed(fault)
  const outcome = described.ok ? describedOutcome(policy, upstreams, described.value, Date.now()) : described
  if (!outcome.ok) {
    io.stderr.write(`error: ${printable(outcome.fault)}\n`)
    return EXIT.unusable
  }
  const explanation = policy.explain(outcome.value.input, outcome.value.shadowInput)
  const answer = { ...explanation, ...outcome.value, note: noteOf(policy, explanation) }
  io.stdout.write(options.json ? `${printableJson(explanationJson(answer), 2)}\n` : explanationText(answer))
  return EXIT.done
}

/**
 * Answers each line with one object on one line, in order. A line that cannot be understood is answered with
 * `{"error":{"message"}}` and the others go on; the exit code is 2 then. Empty lines are not answered.
 */
async function explainBatch({ policy, upstreams }: Subject, batch: string, io: CommandIo): Promise<number> {
  const text = await readBatch(batch, io)
  if (text === null) return EXIT.unusable
  const now = Date.now()
  let code: number = EXIT.done
  let answers: string[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const read = readJson(line)
    const outcome = read === undefined ? null : describedOutcome(policy, upstreams, read, now)
    if (outcome?.ok) {
      const explanation = policy.explain(outcome.value.input, outcome.value.shadowInput)
      const answer = { ...explanation, ...outcome.value, note: noteOf(policy, explanation) }
      answers.push(printableJson(explanationJson(answer)))
    } else {
      answers.push(printableJson({ error: { message: outcome === null ? 'the line is not JSON' : outcome.fault } }))
      code = EXIT.unusable
    }
    if (answers.length < BATCH_FLUSH) continue
    io.stdout.write(`${answers.join('\n')}\n`)
    answers = []
  }
  if (answers.length > 0) io.stdout.write(`${answers.join('\n')}\n`)
  return code
}

async function readBatch(batch: string, io: CommandIo): Promise<string | null> {
  try {
    if (batch !== '-' || !io.stdin) return await readFile(resolve(io.cwd, batch), 'utf8')
    const chunks: Buffer[] = []
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks).toString('utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    io.stderr.write(`error: the batch file cannot be read${code}\n`)
    return null
  }
}
