import type { OperationName } from '../../model/request.ts'
import { type Draft, noteObject, noteUrl, refuse } from '../draft.ts'
import { foldKey } from '../key-names.ts'
import type { Media } from '../media-keys.ts'
import { walkMember, walkUnknown } from '../walk.ts'
import type { FormJson } from './field-json.ts'
import type { FieldName, FieldShape } from './field-name.ts'

/** Reads the facts of one field's text; `json` reads it where it may be written as that. */
export type FieldReader = (draft: Draft, name: FieldName, text: string, json: FormJson) => undefined

/** One field of an operation's form: in which shapes it comes, and what it says. */
export interface FieldForm {
  readonly shapes: readonly FieldShape[]
  /** Null for what only a file can be. */
  readonly read: FieldReader | null
  /** What it brings in; null for what no file can be. */
  readonly file: readonly Media[] | null
  /** `read` takes an object that is written as JSON. */
  readonly json?: true
}

/**
 * What the forms of an operation may hold. `model` is not among the fields, since it is read alike everywhere: `none` and
 * `indirect` as in the table of endpoints, and a model that is named all the same is decided beside it.
 */
export interface FormFields {
  readonly operation: OperationName
  readonly model: 'required' | 'optional' | 'indirect' | 'none'
  readonly fields: ReadonlyMap<string, FieldForm>
  /** The same names, as other spellings of them are compared. */
  readonly folded: ReadonlySet<string>
}

export function formFields(
  operation: OperationName,
  model: FormFields['model'],
  fields: { readonly [name: string]: FieldForm },
): FormFields {
  const known = { ...JUDGED, ...fields }
  return {
    operation,
    model,
    fields: new Map(Object.entries(known)),
    folded: new Set(Object.keys(known).map((name) => foldKey(name))),
  }
}

const ONE: readonly FieldShape[] = ['one']
const ONE_OR_LIST: readonly FieldShape[] = ['one', 'list']

/** Prose and settings: nobody follows what they say. */
const nothing: FieldReader = () => undefined
export const TEXT: FieldForm = { shapes: ONE, read: nothing, file: null }
export const TEXTS: FieldForm = { shapes: ONE_OR_LIST, read: nothing, file: null }
export const FLAG: FieldForm = { shapes: ONE, read: readFlag, file: null }
const COUNT: FieldForm = { shapes: ONE, read: readCount, file: null }
/** An object: written out as JSON, or a member a field. A word may stand in its place. */
export const OBJECT: FieldForm = { shapes: ['one', 'member'], read: readObject, file: null, json: true }
/** URLs that are fetched, or hold what they stand for (`data:`). */
export const URLS_OF_AUDIO: FieldForm = { shapes: ONE_OR_LIST, read: readAudioUrl, file: null }

/** Facts of every operation, whether the API knows the field there or not. */
const JUDGED: { readonly [name: string]: FieldForm } = { stream: FLAG, n: COUNT }

export function fileOf(...file: readonly Media[]): FieldForm {
  return { shapes: ONE, read: null, file }
}

export function filesOf(...file: readonly Media[]): FieldForm {
  return { shapes: ONE_OR_LIST, read: null, file }
}

/** A file, or an object that stands for one. */
export function fileOrObject(read: FieldReader, ...file: readonly Media[]): FieldForm {
  return { shapes: ['one', 'member'], read, file, json: true }
}

/** The id of a stored object. */
export function idOf(key: string): FieldForm {
  return { shapes: ONE, read: (draft, _, text) => noteObject(draft, key, text), file: null }
}

function readFlag(draft: Draft, { root }: FieldName, text: string): undefined {
  if (text !== 'true' && text !== 'false') refuse(draft, `\`${root}\` must be true or false`, root)
}

function readCount(draft: Draft, { root }: FieldName, text: string): undefined {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) refuse(draft, `\`${root}\` must be a whole number of at least 1`, root)
}

function readAudioUrl(draft: Draft, { root }: FieldName, text: string): undefined {
  draft.audio = true
  noteUrl(draft, text, root)
}

function readObject(draft: Draft, name: FieldName, text: string, json: FormJson): undefined {
  walkField(draft, name, text, json, false)
}

/** Collects the facts of a field by what its name, or each member that it names, says of it. */
export function walkField(
  draft: Draft,
  { root, members }: FieldName,
  text: string,
  json: FormJson,
  doubt: boolean,
): undefined {
  const names = new Set(members.length === 0 ? [root] : members)
  const value = json.read(draft, root, text, names.size)
  if (value === undefined) return
  for (const name of names) walkMember(draft, name, value, doubt)
}

/** The same for a field that its operation does not have. */
export function walkUnknownField(draft: Draft, { root, members }: FieldName, text: string, json: FormJson): undefined {
  // Also by the root where there are members: `host[0]` is a list to some, and its value a host.
  const names = new Set([root, ...members])
  const value = json.read(draft, root, text, names.size)
  if (value === undefined) return
  for (const name of names) {
    if (name === root) walkUnknown(draft, name, value)
    else walkMember(draft, name, value, true)
  }
}
