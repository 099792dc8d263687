import { type Fault, fault } from '../model/fault.ts'
import type { JsonValue } from '../model/json.ts'
import type { ObjectReference } from '../model/objects.ts'
import { isAscii, MAX_FOLDED_LENGTH } from './key-names.ts'
import { examineKey, type Member, OTHER } from './members.ts'
import { modelNameProblem, searchesWeb } from './model-name.ts'
import { bringsSettings, objectKind } from './object-keys.ts'
import { namedHost } from './url-host.ts'

/** More of one kind than any honest request has: each one costs a decision, or a look-up. */
const MAX_MODELS = 16
const MAX_NAMES = 1024
const MAX_NAME_LENGTH = 256
const MAX_URLS = 4096
/** Characters of all keys together that are examined: keys made to be costly are no honest request's. */
const MAX_KEY_CHARACTERS = 16 * 1024
/** Of these, characters of keys beyond ASCII: one costs as much as some hundred others. */
const MAX_FOLDED_CHARACTERS = 1024

/** What reading a body has found so far. The first problem stands; what was found is void once there is one. */
export interface Draft {
  problem: Fault | null
  models: Set<string> | null
  functions: Set<string> | null
  hosted: Set<string> | null
  urls: Set<string> | null
  urlsSeen: number
  /** Keys that are not known, each examined once. */
  keys: Map<string, Member> | null
  keyCharacters: number
  foldedCharacters: number
  objects: ObjectReference[] | null
  /** Something stored may bring tools, hosts and input of its own. */
  storedSettings: boolean
  /** Keys that name objects in the bodies of this operation, at any depth, beside those that do so in all bodies. */
  readonly ids: ReadonlySet<string>
  /** What is read stands in a member of names that the caller made up (`NAMED_BY_CALLER`). */
  isOwn: boolean
  /** What is read is JSON of the caller's own (`CALLERS_OWN`): any word may be a key of it. */
  isFree: boolean
  images: boolean
  files: boolean
  audio: boolean
}

const NO_IDS: ReadonlySet<string> = new Set()

export function openDraft(ids = NO_IDS): Draft {
  return {
    problem: null,
    models: null,
    functions: null,
    hosted: null,
    urls: null,
    urlsSeen: 0,
    keys: null,
    keyCharacters: 0,
    foldedCharacters: 0,
    objects: null,
    storedSettings: false,
    ids,
    isOwn: false,
    isFree: false,
    images: false,
    files: false,
    audio: false,
  }
}

/** Records that the body cannot be judged. `param` names the member that is wrong, as OpenAI's errors do. */
export function refuse(draft: Draft, message: string, param: string): undefined {
  draft.problem ??= fault('invalid_body', message, { param: shown(param), reason: 'body_invalid' })
}

/** A client's own key as people and terminals may see it: short, and without what is not visible. */
export function shown(key: string): string {
  return key.slice(0, 64).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

/** A model named beside the main one. Null names none; any other type could be read as one by somebody. */
export function noteModel(draft: Draft, value: JsonValue | undefined): undefined {
  if (value === null || value === undefined) return
  if (typeof value !== 'string') return refuse(draft, '`model` must be a string wherever it stands', 'model')
  const problem = modelNameProblem(value)
  if (problem !== null) return refuse(draft, `\`model\` ${problem}`, 'model')
  draft.models ??= new Set()
  draft.models.add(value)
  if (searchesWeb(value)) noteHosted(draft, 'web_search')
  if (draft.models.size > MAX_MODELS) refuse(draft, `the body names more than ${MAX_MODELS} models`, 'model')
}

/** A URL that somebody will fetch or connect to; one that two parsers could read differently is refused. */
export function noteUrl(draft: Draft, url: string, param: string): undefined {
  if (++draft.urlsSeen > MAX_URLS) {
    if (draft.urlsSeen === MAX_URLS + 1) refuse(draft, `the body names more than ${MAX_URLS} URLs`, param)
    return
  }
  const named = namedHost(url)
  if (named.kind === 'none') return
  if (named.kind === 'ambiguous') {
    return refuse(draft, `\`${shown(param)}\` must be a plain http, https or data URL`, param)
  }
  noteHost(draft, named.host, param)
}

export function noteHost(draft: Draft, host: string, param: string): undefined {
  draft.urls ??= new Set()
  draft.urls.add(host)
  if (draft.urls.size > MAX_NAMES) refuse(draft, `the body names more than ${MAX_NAMES} hosts`, param)
}

export function noteFunction(draft: Draft, name: JsonValue): undefined {
  draft.functions = noteName(draft, draft.functions, name)
}

export function noteHosted(draft: Draft, name: JsonValue): undefined {
  draft.hosted = noteName(draft, draft.hosted, name)
}

function noteName(draft: Draft, names: Set<string> | null, name: JsonValue): Set<string> | null {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH) {
    refuse(draft, `a tool must be named by a string of 1 to ${MAX_NAME_LENGTH} characters`, 'tools')
    return names
  }
  const noted = names ?? new Set()
  noted.add(name)
  if (noted.size > MAX_NAMES) refuse(draft, `the body has more than ${MAX_NAMES} tools`, 'tools')
  return noted
}

/** A stored object that the request refers to; `value` is an id or a list of ids. */
export function noteObject(draft: Draft, key: string, value: JsonValue): undefined {
  if (value === null) return
  if (Array.isArray(value)) {
    for (const id of value) noteObject(draft, key, id)
    return
  }
  if (typeof value !== 'string' || value === '' || value.length > MAX_NAME_LENGTH) {
    return refuse(draft, `\`${key}\` must be an id of 1 to ${MAX_NAME_LENGTH} characters`, key)
  }
  draft.objects ??= []
  const kind = objectKind(key)
  if (bringsSettings(key, kind)) draft.storedSettings = true
  draft.objects.push(kind === undefined ? { key, id: value } : { key, kind, id: value })
  if (draft.objects.length > MAX_NAMES) refuse(draft, `the body refers to more than ${MAX_NAMES} objects`, key)
}

/** What a key that is not known says of its value, as far as the keys of this body may cost time. */
export function examined(draft: Draft, key: string): Member {
  const known = draft.keys?.get(key)
  if (known !== undefined) return known
  const excess = excessOf(draft, key)
  if (excess !== null) {
    refuse(draft, excess, key)
    return OTHER
  }
  const member = examineKey(key)
  draft.keys ??= new Map()
  draft.keys.set(key, member)
  return member
}

/** Why a key is not examined. One that is refused for its length could be `model`, padded. */
function excessOf(draft: Draft, key: string): string | null {
  draft.keyCharacters += key.length
  if (draft.keyCharacters > MAX_KEY_CHARACTERS) {
    return `the unknown keys have more than ${MAX_KEY_CHARACTERS} characters together`
  }
  if (isAscii(key)) return null
  if (key.length > MAX_FOLDED_LENGTH) {
    return `\`${shown(key)}\` is longer than ${MAX_FOLDED_LENGTH} characters: a key that is not known must be ASCII or shorter`
  }
  draft.foldedCharacters += key.length
  if (draft.foldedCharacters <= MAX_FOLDED_CHARACTERS) return null
  return `the unknown keys that are not ASCII have more than ${MAX_FOLDED_CHARACTERS} characters together`
}
