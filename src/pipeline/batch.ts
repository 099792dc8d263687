import { setImmediate } from 'node:timers/promises'
import { LineReader } from '../endpoints/batch-lines.ts'
import { batchVerdict } from '../endpoints/batch-verdicts.ts'
import { describeForm } from '../endpoints/multipart/describe-form.ts'
import type { FormPart } from '../endpoints/multipart/form.ts'
import { formFieldsOf } from '../endpoints/multipart/forms.ts'
import type { Route } from '../endpoints/route.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { ClientExchange, UploadSpool } from '../model/ports.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { BatchJudge, lineOf, ofLine } from './batch-judge.ts'
import { policyInput } from './judge.ts'
import { judged, type Prepared, withObjects } from './prepare.ts'
import type { Served } from './served.ts'
import type { Refused } from './standings.ts'
import type { Trail } from './trail.ts'
import { fieldsOf, filenamesOf, type Holding, type UploadedForm } from './upload.ts'

/** How long lines are judged before other requests have their turn. */
const SLICE_MS = 8
/** What a line leaves behind until its file is judged: its name. */
const LINE_BYTES = 160

export interface BatchUpload extends Served {
  readonly found: Route
  readonly upload: UploadedForm
  readonly holding: Holding
}

/**
 * Judges an upload whose file holds the requests of a batch: first the upload, then each line as a request of its own, of
 * the same caller and for the upstream that the file will be on. One line that is refused refuses the file, and nothing of
 * it has gone anywhere. What goes on is written anew, line by line, of what was judged.
 *
 * Memory: one line and the names of all. Other requests have their turn between lines.
 * Faults: those of the upload and of each line; those name the line.
 */
export async function judgedBatch(batch: BatchUpload): Promise<Result<Prepared, Fault>> {
  const { head, principal, found, upload, holding, snapshot, trail } = batch
  const described = describeForm(upload.form, formFieldsOf(found.endpoint.operation))
  if (!described.ok) return described
  const facts = withObjects(described.value, found)
  trail.described(facts, null, null)
  const judge = new BatchJudge({ head, principal, snapshot, at: trail.startedAt })
  const input = policyInput(principal, head, facts, facts.model, trail.startedAt)
  const sent = { body: null, fields: fieldsOf(upload), filenames: filenamesOf(upload) }
  const asked = { found, ...sent, noted: described.value.objects, judgedFor: UNKNOWN }
  const refused = judge.upload(asked, facts, input)
  if (refused !== null) return deny(refused, trail)
  const file = lineFile(upload.form.parts)
  if (!file.ok) return file
  const written = await judgeLines(batch, judge, file.value)
  const chosen = written.ok ? judge.chosen() : written
  note(judge, chosen.ok ? null : lineOf(chosen.fault.fault), trail)
  if (!written.ok) return deny(written.fault, trail)
  if (!chosen.ok) return deny(chosen.fault, trail)
  const verdict = batchVerdict(judge.endpoint?.path ?? '')
  if (verdict === undefined) throw new Error('lines were judged for what batches do not take')
  holding.drop(upload.spool)
  // Only the upstream that the lines were judged for is left for the upload.
  const only = { ...snapshot, upstreams: [chosen.value] }
  const prepared = judged(head, principal, found, rewritten(upload, file.value, written.value, verdict), only, trail)
  if (prepared.ok && judge.obligations.length > 0) trail.obliged(judge.obligations)
  return prepared
}

/** Before the lines are read nobody knows what they are for. */
const UNKNOWN = 'x'

type FilePart = Extract<FormPart, { kind: 'file' }>

/** The one file of the form. */
function lineFile(parts: readonly FormPart[]): Result<FilePart, Fault> {
  const [file, another] = parts.filter((part) => part.kind === 'file')
  if (file !== undefined && another === undefined) return ok(file)
  const message = 'a form with the requests of a batch must have one file'
  return failed(fault('invalid_body', message, { param: 'file', reason: 'body_invalid' }))
}

interface WrittenLines {
  readonly spool: UploadSpool
  readonly bytes: number
}

/** Reads, judges and writes line by line. */
async function judgeLines(
  { found, upload, exchange, holding, snapshot }: BatchUpload,
  judge: BatchJudge,
  { from, to }: FilePart,
): Promise<Result<WrittenLines, Refused>> {
  const { listen } = snapshot.settings
  const isPart = found.endpoint.operation === 'uploads.parts.create'
  const reader = new LineReader(listen.maxBodyBytes)
  const writer = new LineWriter(judge, holding.openSpool(listen.spool), holding, exchange)
  const tooLong = (fault: Fault) => stopped(ofLine(reader.count + 1, fault))
  for await (const piece of upload.spool.read([{ from, to }])) {
    const lines = reader.push(piece)
    if (!lines.ok) return failed(tooLong(lines.fault))
    const refused = (await writer.take(lines.value)) ?? writer.hold(reader.heldBytes)
    if (refused) return failed(refused)
  }
  const last = reader.end()
  if (!last.ok) return failed(tooLong(last.fault))
  // What follows it in another part must not be on the same line.
  if (last.value !== null && isPart) return failed(stopped(ofLine(reader.count, noEnd)))
  const refused = last.value === null ? null : await writer.take([last.value])
  if (refused) return failed(refused)
  return writer.bytes === 0 ? failed(stopped(noLines)) : ok(writer)
}

/** Writes down what was judged, and lets others have their turn. */
class LineWriter implements WrittenLines {
  readonly spool: UploadSpool
  readonly #judge: BatchJudge
  readonly #holding: Holding
  readonly #exchange: ClientExchange
  #bytes = 0
  #heldBytes = 0
  #began = performance.now()

  constructor(judge: BatchJudge, spool: UploadSpool, holding: Holding, exchange: ClientExchange) {
    this.spool = spool
    this.#judge = judge
    this.#holding = holding
    this.#exchange = exchange
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Of a long line as much is counted as was held at most, as of a body of that length. */
  hold(bytes: number): Refused | null {
    if (bytes <= this.#heldBytes) return null
    const full = this.#holding.memory.take(bytes - this.#heldBytes)
    this.#heldBytes = bytes
    return full && stopped(full)
  }

  async take(lines: readonly Buffer[]): Promise<Refused | null> {
    for (const line of lines) {
      const full = this.#holding.memory.take(LINE_BYTES)
      if (full) return stopped(full)
      const judgedLine = this.#judge.line(line)
      if (!judgedLine.ok) return judgedLine.fault
      const text = Buffer.from(judgedLine.value)
      this.#bytes += text.length
      const written = this.spool.write(text)
      const fault = written instanceof Promise ? await written : written
      if (fault) return stopped(fault)
      if (performance.now() - this.#began < SLICE_MS) continue
      await setImmediate()
      this.#began = performance.now()
      const over = ended(this.#exchange)
      if (over) return stopped(over)
    }
    return null
  }
}

function stopped(fault: Fault): Refused {
  return { fault, decision: null }
}

function ended(exchange: ClientExchange): Fault | null {
  if (exchange.stopped) return exchange.stopped
  return exchange.gone ? fault('invalid_body', 'the client went away', { reason: 'client_closed' }) : null
}

const noEnd: Fault = fault('invalid_body', 'must end with a line feed: a part of an upload consists of whole lines', {
  reason: 'body_invalid',
})
const noLines: Fault = fault('invalid_body', 'the file has no line', { param: 'file', reason: 'body_invalid' })

/** The same form with the lines as they were judged. */
function rewritten(
  { form }: UploadedForm,
  file: FilePart,
  { spool, bytes }: WrittenLines,
  judgedFor: string,
): UploadedForm {
  const parts = form.parts.map((part) => (part === file ? { ...file, from: 0, to: bytes } : part))
  return { form: { parts, bytes: form.bytes }, spool, judgedFor }
}

function note(judge: BatchJudge, refusedLine: number | null, trail: Trail): void {
  const { named, isCut } = judge.models
  trail.batched({
    lines: judge.lines,
    ...(judge.endpoint === null ? {} : { operation: judge.endpoint.operation }),
    ...(named.length === 0 ? {} : { models: named }),
    ...(isCut ? { omitted: ['models'] } : {}),
    ...(refusedLine === null ? {} : { refusedLine }),
  })
}

/** Where a rule decided against a line, the event names the rule. */
function deny({ fault, decision }: Refused, trail: Trail): Result<never, Fault> {
  if (decision !== null) trail.decided({ decision, latencyNs: 0, shadow: null })
  return failed(fault)
}
