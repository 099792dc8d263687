import { type Fault, fault } from '../../model/fault.ts'
import type { ModelFact, RequestFacts } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { factsOf } from '../body.ts'
import { type Draft, noteModel, openDraft, refuse } from '../draft.ts'
import { foldKey } from '../key-names.ts'
import { modelNameProblem } from '../model-name.ts'
import { type FieldForm, type FormFields, walkUnknownField } from './field-form.ts'
import { beginsLikeJson, FormJson } from './field-json.ts'
import { type FieldName, type FieldShape, fieldName, isRepeatable } from './field-name.ts'
import type { Form, FormPart } from './form.ts'
import { textType } from './part-type.ts'

/**
 * Reads the facts of a form, as `describeBody` does of JSON. A name stands once, unless it says by `[]` that it is a list,
 * and in one shape: which of two values counts is nowhere written. What could be read as a field that is judged, in
 * another spelling, is refused, as is any name that speaks of a model; other fields pass, read in doubt.
 *
 * Does not check: that the fields that the API requires are there, `model` excepted; what the bytes of files are.
 * Faults: `invalid_body`, saying which field.
 */
export function describeForm(form: Form, fields: FormFields): Result<RequestFacts, Fault> {
  const draft = openDraft()
  const json = new FormJson()
  const shapes = new Map<string, FieldShape>()
  const seen = new Set<string>()
  let model: string | undefined
  let stream = false
  for (const part of form.parts) {
    const { name: written } = part.head
    const name = fieldName(written)
    noteName(draft, written, name, shapes, seen)
    if (name.root === 'model') model = readModel(draft, part, name)
    else {
      readPart(draft, part, name, fields, json)
      if (written === 'stream' && part.kind === 'field') stream = part.text === 'true'
    }
    if (draft.problem !== null) return failed(draft.problem)
  }
  const serving = servingModel(draft, model, fields.model)
  if (draft.problem !== null) return failed(draft.problem)
  return ok(factsOf(fields.operation, draft, { model: serving, stream, maxOutputTokens: undefined, bytes: form.bytes }))
}

function noteName(
  draft: Draft,
  written: string,
  { root, shape }: FieldName,
  shapes: Map<string, FieldShape>,
  seen: Set<string>,
): undefined {
  if (seen.has(written) && !isRepeatable(written)) {
    const message = `the field \`${written}\` may stand once`
    draft.problem ??= fault('invalid_body', message, { param: written, reason: 'duplicate_key' })
  }
  const other = shapes.get(root)
  if (other !== undefined && other !== shape) {
    refuse(draft, `the field \`${root}\` stands in two forms, of which readers take one: write it in one`, written)
  }
  seen.add(written)
  shapes.set(root, shape)
}

function readModel(draft: Draft, part: FormPart, { shape }: FieldName): string | undefined {
  const { name, filename } = part.head
  if (shape !== 'one') return refuse(draft, `\`${name}\` could be read as \`model\`: spell it as that`, name)
  if (part.kind === 'file' || filename !== null) return refuse(draft, '`model` must not have a `filename`', name)
  checkType(draft, part, [])
  // Readers that try every field as JSON would take the quotes off.
  const problem = /^["{[]/.test(part.text) ? 'must be a plain name' : modelNameProblem(part.text)
  return problem === null ? part.text : refuse(draft, `\`model\` ${problem}`, name)
}

function servingModel(draft: Draft, model: string | undefined, role: FormFields['model']): ModelFact {
  if (role === 'required' && model === undefined) return refuse(draft, 'the form must name a `model`', 'model')
  if (role === 'required' || role === 'optional') return model
  if (model !== undefined) noteModel(draft, model)
  return role === 'indirect' ? undefined : null
}

function readPart(
  draft: Draft,
  part: FormPart,
  name: FieldName,
  { fields, folded }: FormFields,
  json: FormJson,
): undefined {
  const known = fields.get(name.root)
  if (known !== undefined) return readKnown(draft, part, name, known, json)
  const key = foldKey(name.root)
  if (folded.has(key)) {
    return refuse(draft, `\`${part.head.name}\` could be read as another field: spell it as that`, part.head.name)
  }
  if (key.includes('model')) {
    return refuse(draft, `\`${part.head.name}\` could redirect the call: leave it out`, part.head.name)
  }
  if (part.kind === 'file') draft.images = draft.files = draft.audio = true
  else checkType(draft, part, ['application/json', 'application/sdp'])
  walkUnknownField(draft, name, part.kind === 'file' ? '' : part.text, json)
}

function readKnown(draft: Draft, part: FormPart, name: FieldName, known: FieldForm, formJson: FormJson): undefined {
  const { shapes, read, file, json } = known
  const written = part.head.name
  if (!shapes.includes(name.shape)) {
    return refuse(draft, `\`${written}\` could be read as \`${name.root}\`: spell it as the API does`, written)
  }
  if (part.kind === 'file') {
    if (file === null || name.shape === 'member')
      return refuse(draft, `\`${written}\` must not have a \`filename\``, written)
    for (const medium of file) draft[medium] = true
    return
  }
  if (read === null) return refuse(draft, `\`${written}\` must be a file with a \`filename\``, written)
  if (part.head.filename !== null) return refuse(draft, `\`${written}\` must not have a \`filename\``, written)
  checkType(draft, part, json ? ['application/json'] : [])
  // What may be a file brings in the same where it is named instead.
  for (const medium of file ?? []) draft[medium] = true
  read(draft, name, part.text, formJson)
}

/**
 * A field goes on with its type, so that a reader may go by it: what says that it is JSON must be that, and be read as
 * that here. Else `"gpt-4o"`, quoted, would be one model to us and another one to the upstream.
 */
function checkType(draft: Draft, { head, text }: FormPart & { kind: 'field' }, types: readonly string[]): undefined {
  const type = head.type === null ? 'text/plain' : textType(head.type)
  if (type === 'text/plain') return
  const isAsItSays = type !== 'application/json' || beginsLikeJson(text)
  if (type !== null && types.includes(type) && isAsItSays) return
  refuse(draft, `\`${head.name}\` must not have that \`Content-Type\`: leave it out`, head.name)
}
