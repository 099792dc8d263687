import { BATCH_PURPOSE } from '../endpoints/batch-purpose.ts'
import { batchVerdict, UPLOAD_VERDICT } from '../endpoints/batch-verdicts.ts'
import { shown } from '../endpoints/draft.ts'
import { foldKey } from '../endpoints/key-names.ts'
import type { Form } from '../endpoints/multipart/form.ts'
import type { Route } from '../endpoints/route.ts'
import type { Verdicts } from '../endpoints/seal-answer.ts'
import { type Fault, fault } from '../model/fault.ts'
import { ownValue } from '../model/json.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { PLAIN_VERDICT } from '../model/sealing.ts'
import { verdictOf } from '../shape/seal.ts'
import type { AskedObjects } from './asked-objects.ts'
import { storedRefused } from './refusals.ts'

/** True for a form whose file holds the lines of a batch, or a part of them. */
export function holdsLines({ endpoint, parameters }: Route, { parts }: Form): boolean {
  if (endpoint.operation === 'uploads.parts.create') return verdictOf(parameters.upload ?? '') === UPLOAD_VERDICT
  if (endpoint.operation !== 'files.create') return false
  return parts.some((part) => part.kind === 'field' && part.head.name === 'purpose' && part.text === BATCH_PURPOSE)
}

/**
 * True for what rests on a file having been judged. Only a sealed id can say that it was: without one the same could be
 * asked for a file that somebody uploaded elsewhere.
 */
export function restsOnVerdict({ found, body, judgedFor }: AskedObjects): boolean {
  const { operation } = found.endpoint
  if (judgedFor !== null || operation === 'batches.create') return true
  return operation === 'uploads.create' && body !== null && ownValue(body.value, 'purpose') === BATCH_PURPOSE
}

/** What such a request is told where ids are not sealed. */
export function withoutVerdict({ found }: AskedObjects): Fault {
  const why = 'batches need an upstream that seals ids (`isolation` other than `off`)'
  if (found.endpoint.operation === 'batches.create') return storedRefused('batches.create', why)
  const message = `\`purpose\` must not be \`batch\` here: ${why}`
  return fault('invalid_body', message, { param: 'purpose', reason: 'object_not_allowed' })
}

/**
 * What the ids in the answer to a request say, whose own ids are all opened; null for nothing. A verdict goes from the
 * file, or the upload, that was judged to the batch that is made of it, and stays on their ids in every answer to them.
 *
 * Faults: `invalid_body` for a batch, or an upload, of what was not judged for it.
 */
export function answerVerdicts(asked: AskedObjects): Result<Verdicts | null, Fault> {
  const { found, judgedFor } = asked
  const { batch, file, upload } = found.parameters
  switch (found.endpoint.operation) {
    case 'files.create':
      return ok(judgedFor === null ? null : saying({ id: judgedFor }))
    case 'files.get':
    case 'files.delete':
      return ok(saying({ id: verdictOf(file ?? '') }))
    case 'uploads.create':
      return ok(restsOnVerdict(asked) ? saying({ id: UPLOAD_VERDICT }) : null)
    case 'uploads.cancel':
      return ok(saying({ id: verdictOf(upload ?? '') }))
    case 'uploads.parts.create':
      return ok(judgedFor === null ? null : saying({ id: judgedFor, upload_id: UPLOAD_VERDICT }))
    case 'uploads.complete':
      return completed(asked, upload ?? '')
    case 'batches.get':
    case 'batches.cancel':
      return ok(ofBatch(verdictOf(batch ?? '')))
    case 'batches.create':
      return created(asked)
    default:
      return ok(null)
  }
}

/** What the mark of an object that a request makes says beside whose it is, so that a list can say it, too. */
export function verdictOn({ found, body, judgedFor }: AskedObjects): string {
  const file = found.endpoint.operation === 'batches.create' && body ? ownValue(body.value, 'input_file_id') : ''
  return judgedFor ?? ((typeof file === 'string' && verdictOf(file)) || PLAIN_VERDICT)
}

/** By key, of the object that the answer is. */
function saying(verdicts: { readonly [key: string]: string }): Verdicts | null {
  const byKey = new Map(Object.entries(verdicts).filter(([, verdict]) => verdict !== '' && verdict !== PLAIN_VERDICT))
  return byKey.size === 0 ? null : (key, depth) => (depth === 1 ? (byKey.get(key) ?? null) : null)
}

/** The files that a batch makes are none that were judged. */
function ofBatch(verdict: string): Verdicts | null {
  return saying({ id: verdict, input_file_id: verdict })
}

function created({ body, noted }: AskedObjects): Result<Verdicts | null, Fault> {
  const value = body === null ? {} : body.value
  for (const key in value) {
    const isOther = !JUDGED_KEYS.has(key) && FOLDED_KEYS.has(foldKey(key))
    if (isOther) return refused(`\`${shown(key)}\` could be read as another member: spell it as that`, shown(key))
  }
  const url = ownValue(value, 'endpoint')
  const verdict = typeof url === 'string' ? batchVerdict(url) : undefined
  if (verdict === undefined) return refused('`endpoint` must be one that batches take', 'endpoint')
  const file = ownValue(value, 'input_file_id')
  const named = noted.filter(({ key }) => key === 'input_file_id')
  if (typeof file !== 'string' || named.some(({ id }) => id !== file) || verdictOf(file) !== verdict) {
    const message = '`input_file_id` must be a file with the purpose `batch` whose lines are all for `endpoint`'
    return refused(message, 'input_file_id')
  }
  return ok(ofBatch(verdict))
}

/** What a batch is made of: to readers that do not look at case, another spelling is the same. */
const JUDGED_KEYS: ReadonlySet<string> = new Set(['endpoint', 'input_file_id'])
const FOLDED_KEYS: ReadonlySet<string> = new Set([...JUDGED_KEYS].map((key) => foldKey(key)))

/** An upload of lines becomes a file of lines: all of its parts were judged, for one `url`. */
function completed({ noted }: AskedObjects, upload: string): Result<Verdicts | null, Fault> {
  if (verdictOf(upload) !== UPLOAD_VERDICT) return ok(null)
  const verdicts = new Set(noted.filter(({ key }) => key === 'part_ids').map(({ id }) => verdictOf(id)))
  const [verdict = PLAIN_VERDICT] = verdicts
  if (verdicts.size !== 1 || verdict === PLAIN_VERDICT || verdict === UPLOAD_VERDICT) {
    return refused('`part_ids` must be parts of an upload with the purpose `batch`, all for one `url`', 'part_ids')
  }
  return ok((key, depth) => (key !== 'id' ? null : depth === 1 ? UPLOAD_VERDICT : depth === 2 ? verdict : null))
}

function refused(message: string, param: string): Result<never, Fault> {
  return failed(fault('invalid_body', message, { param, reason: 'batch_not_judged' }))
}
