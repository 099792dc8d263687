import { isJsonObject, ownValue } from '../../model/json.ts'
import type { OperationName } from '../../model/request.ts'
import { isLikeBatchPurpose, LIKE_BATCH_PURPOSE } from '../batch-purpose.ts'
import { type Draft, noteObject, refuse } from '../draft.ts'
import { walk } from '../walk.ts'
import {
  type FieldForm,
  FLAG,
  type FormFields,
  fileOf,
  fileOrObject,
  filesOf,
  formFields,
  idOf,
  OBJECT,
  TEXT,
  TEXTS,
  URLS_OF_AUDIO,
  walkField,
} from './field-form.ts'
import type { FormJson } from './field-json.ts'
import type { FieldName } from './field-name.ts'

/** A picture that an image is made from; in a list, up to 16 of them. */
const PICTURES = filesOf('images')

/** What a file is for. */
const PURPOSE: FieldForm = { shapes: ['one'], read: readPurpose, file: null }

const videoReference = fileOrObject(readVideo, 'images', 'audio')

/**
 * Every operation whose body is, or may be, a form. Source: the OpenAI API description and the official SDK, whose
 * encoding of lists (`a[]`) and objects (`a[b]`) this is; older clients write objects as JSON.
 */
export const FORMS: readonly FormFields[] = [
  formFields('audio.transcribe', 'required', {
    file: fileOf('audio'),
    chunking_strategy: OBJECT,
    include: TEXTS,
    keywords: TEXTS,
    known_speaker_names: TEXTS,
    known_speaker_references: URLS_OF_AUDIO,
    language: TEXT,
    languages: TEXTS,
    prompt: TEXT,
    response_format: TEXT,
    temperature: TEXT,
    timestamp_granularities: TEXTS,
  }),
  formFields('audio.translate', 'required', {
    file: fileOf('audio'),
    prompt: TEXT,
    response_format: TEXT,
    temperature: TEXT,
  }),
  formFields('audio.voices.create', 'none', {
    audio_sample: fileOf('audio'),
    consent: idOf('consent'),
    name: TEXT,
    prompt: TEXT,
    script_hint: TEXT,
    type: TEXT,
  }),
  formFields('audio.voice_consents.create', 'none', { language: TEXT, name: TEXT, recording: fileOf('audio') }),
  formFields('images.edit', 'optional', {
    image: PICTURES,
    mask: fileOf('images'),
    markup: fileOf('images'),
    background: TEXT,
    complexity: TEXT,
    frame_count: TEXT,
    frame_duration_ms: TEXT,
    input_fidelity: TEXT,
    output_compression: TEXT,
    output_format: TEXT,
    partial_images: TEXT,
    prompt: TEXT,
    quality: TEXT,
    response_format: TEXT,
    safety_identifier: TEXT,
    size: TEXT,
    svg: OBJECT,
    user: TEXT,
  }),
  formFields('images.variation', 'optional', {
    image: fileOf('images'),
    response_format: TEXT,
    size: TEXT,
    user: TEXT,
  }),
  formFields('files.create', 'none', { file: fileOf('files'), purpose: PURPOSE, expires_after: OBJECT }),
  formFields('uploads.parts.create', 'none', { data: fileOf('files') }),
  formFields('containers.files.create', 'none', { file: fileOf('files'), file_id: idOf('file_id') }),
  formFields('skills.create', 'none', { files: filesOf('files') }),
  formFields('skills.versions.create', 'none', { files: filesOf('files'), default: FLAG }),
  formFields('videos.create', 'optional', {
    input_reference: fileOrObject((draft, name, text, json) => walkField(draft, name, text, json, true), 'images'),
    prompt: TEXT,
    seconds: TEXT,
    size: TEXT,
  }),
  formFields('videos.edit', 'indirect', { prompt: TEXT, video: videoReference }),
  formFields('videos.extend', 'indirect', { prompt: TEXT, seconds: TEXT, video: videoReference }),
  formFields('videos.remix', 'indirect', { prompt: TEXT }),
  formFields('videos.create_character', 'none', { name: TEXT, video: fileOf('images', 'audio') }),
  // It may be of any kind: what is asked is whether it was made by a model.
  formFields('content_provenance_checks.create', 'none', { file: fileOf('images', 'files', 'audio') }),
]

const byOperation = new Map(FORMS.map((fields) => [fields.operation, fields]))

/** What the forms of an operation may hold. Throws for one that takes no form. */
export function formFieldsOf(operation: OperationName): FormFields {
  const fields = byOperation.get(operation)
  if (fields === undefined) throw new Error(`\`${operation}\` takes no form`)
  return fields
}

function readPurpose(draft: Draft, { root }: FieldName, text: string): undefined {
  if (isLikeBatchPurpose(text)) refuse(draft, LIKE_BATCH_PURPOSE, root)
}

/** A stored video: `video[id]`, or an object with its `id`. */
function readVideo(draft: Draft, { root, members }: FieldName, text: string, json: FormJson): undefined {
  if (members.length > 0) {
    if (members.length > 1 || members[0] !== 'id')
      return refuse(draft, '`video` must have an `id` and nothing else', root)
    return noteObject(draft, 'video.id', text)
  }
  const value = json.read(draft, root, text)
  const id = isJsonObject(value) ? ownValue(value, 'id') : undefined
  if (id === undefined) return refuse(draft, '`video` must be a file, or an object with an `id`', root)
  walk(draft, value, true, 'video')
}
