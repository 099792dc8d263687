import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { loadAll } from '../config/load-all.ts'
import { printable } from '../config/report.ts'
import type { Explanation } from '../model/decision.ts'
import type { JsonValue } from '../model/json.ts'
import { failed } from '../model/result.ts'
import { compilePolicies, type NamedPolicy } from '../serving/compile-policies.ts'
import { explanationJson, explanationText } from './answer.ts'
import { problemText } from './check.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { type DescribeFlags, describedByFlags } from './described-request.ts'
import { flagFault } from './flag-fault.ts'
import { type DecidedUpstream, decidedUpstreams, describedOutcome } from './policy-outcome.ts'

export interface PolicyOptions extends CommonOptions, DescribeFlags {
  readonly action: 'explain'
  readonly batch?: string
}

interface Subject {
  readonly policy: NamedPolicy
  /** The configured names of who vouches for callers. */
  readonly issuers: readonly string[]
  readonly upstreams: readonly DecidedUpstream[]
}

/** Lines of a batch that are answered before the output is written. */
const BATCH_FLUSH = 500

/** `sallyport policy explain`. Secrets are not looked for: it runs where the config is reviewed. */
export async function run(options: PolicyOptions, io: CommandIo): Promise<number> {
  const loaded = await loadAll(resolve(io.cwd, options.config), {
    env: io.env,
    secrets: false,
    compile: compilePolicies,
  })
  if (!loaded.settings || !loaded.policy) {
    io.stderr.write(problemText(loaded.problems, io.cwd))
    return EXIT.unusable
  }
  const { policy, settings } = loaded
  const issuers = [...settings.issuers.map(({ name }) => name), 'api_keys']
  const subject = { policy, issuers, upstreams: decidedUpstreams(settings) }
  return options.batch === undefined ? explainOne(subject, options, io) : explainBatch(subject, options.batch, io)
}

function explainOne(subject: Subject, options: PolicyOptions, io: CommandIo): number {
  const { policy, upstreams, issuers } = subject
  const known = { issuers, workspaces: policy.workspaces, upstreams: upstreams.map(({ name }) => name) }
  const fault = flagFault(options, known)
  const described = fault === null ? describedByFlags(options) : failed(fault)
  const outcome = described.ok ? describedOutcome(policy, upstreams, described.value, Date.now()) : described
  if (!outcome.ok) {
    io.stderr.write(`error: ${printable(outcome.fault)}\n`)
    return EXIT.unusable
  }
  const explanation = policy.explain(outcome.value.input, outcome.value.shadowInput)
  const answer = { ...explanation, ...outcome.value, note: noteOf(policy, explanation) }
  io.stdout.write(options.json ? `${JSON.stringify(explanationJson(answer), null, 2)}\n` : explanationText(answer))
  return EXIT.done
}

/** The `reason` of the rule that decided. */
function noteOf({ reasons }: NamedPolicy, { decision }: Explanation): string | undefined {
  return decision.rule === null ? undefined : reasons.get(decision.rule)
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
    const read = readLine(line)
    const outcome = read === undefined ? null : describedOutcome(policy, upstreams, read, now)
    if (outcome?.ok) {
      const explanation = policy.explain(outcome.value.input, outcome.value.shadowInput)
      const answer = { ...explanation, ...outcome.value, note: noteOf(policy, explanation) }
      answers.push(JSON.stringify(explanationJson(answer)))
    } else {
      answers.push(JSON.stringify({ error: { message: outcome === null ? 'the line is not JSON' : outcome.fault } }))
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

/** Undefined for what is not JSON. */
function readLine(line: string): JsonValue | undefined {
  try {
    return JSON.parse(line) as JsonValue
  } catch {
    return undefined
  }
}
