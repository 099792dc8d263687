import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { AnswerFormName } from './answer-forms.ts'
import type { Endpoint } from './endpoint.ts'
import { isStored, listedKind, type MarkedKind } from './marked.ts'

/**
 * What becomes of an operation where an upstream keeps its callers apart.
 *
 * - `plain`: it neither makes nor opens what another request can name; its answer passes as it is.
 * - `sealed`: the ids in its answer are sealed. `isStrict`: by their keys, so that what a request writes under such keys
 *   must be sealed, too. `lists`: of all objects of this kind that an account has only those are answered that are marked
 *   as the caller's; null where the operation is no list of an account.
 * - `refused`: whose objects it speaks of cannot be told.
 */
export type Isolation =
  | { readonly kind: 'plain' }
  | {
      readonly kind: 'sealed'
      readonly form: AnswerFormName
      readonly isStrict: boolean
      readonly lists: MarkedKind | null
    }
  | { readonly kind: 'refused'; readonly why: string }

/** By the beginning of an operation's name, or all of it; the longest one counts. What is nowhere here is refused. */
const SEALED: { readonly [name: string]: AnswerFormName } = {
  chat: 'chat',
  'chat.completions': 'chat',
  responses: 'response',
  conversations: 'conversation',
  files: 'listed',
  uploads: 'upload',
  batches: 'listed',
  'fine_tuning.jobs': 'listed',
  vector_stores: 'vectorStores',
  assistants: 'thread',
  threads: 'thread',
  containers: 'container',
  evals: 'eval',
  videos: 'video',
  skills: 'listed',
  // The id of a call stands in the head of its answer, which is sealed where that is read.
  'realtime.calls': 'bare',
}

const PLAIN: ReadonlySet<string> = new Set([
  ...['completions', 'embeddings', 'moderations', 'models.list', 'models.get', 'images', 'decisions'],
  ...['audio.speech', 'audio.transcribe', 'audio.translate', 'responses.input_tokens', 'fine_tuning.alpha'],
  ...['content_provenance_checks', 'messages', 'messages.count_tokens'],
  // Items of a session are its own; what a message names beside them is refused.
  ...['realtime', 'realtime.translations.connect'],
  // What a secret opens is a session, and as little of anything else.
  ...['realtime.client_secrets', 'realtime.translations.client_secrets'],
  ...['realtime.sessions', 'realtime.transcription_sessions'],
  // It only opens the way for messages, each of which is a request to create a response.
  'responses.connect',
])

const REFUSED: { readonly [name: string]: string } = {
  'models.delete': 'a model belongs to all who may use it',
  'fine_tuning.checkpoints': 'it opens a model to other projects of the account',
  'audio.voices': 'a voice is named in requests of any kind, and no answer tells it from others',
  'audio.voice_consents': 'it is given for the account, not for a workspace',
  'realtime.calls.accept': 'calls that come in are told of to webhooks, which the proxy does not carry',
  live: 'sessions are not kept apart yet',
  webhooks: 'an endpoint is told of the objects of everybody',
  safety: 'alerts and cases are about the account',
  chatkit: 'threads belong to users that the caller names itself',
  'messages.batches': 'requests that run later are not read yet',
  agents: 'agents hand on what other servers say, and no form of it is known',
}

const PLAIN_ROW: Isolation = { kind: 'plain' }

/** Forms that seal by place alone: nothing that a request writes comes back there. */
const BY_PLACE: ReadonlySet<AnswerFormName> = new Set(['chat', 'eval', 'bare'])

/**
 * A list of all that an account holds has the objects of everybody. Objects that have `metadata`, or a name that stays
 * with them, are marked when they are made (`marked.ts`); of all others (videos, skills) nobody can tell whose they are: not
 * a time or a size is proof, and a prompt or a bundle of files is the model's to read. Their list is refused rather than
 * empty, which would say that there is nothing. Lists of what belongs to one object are its owner's.
 */
const OF_EVERYBODY: Isolation = { kind: 'refused', why: 'the list has the objects of everybody' }

/** What becomes of the operation; pure, and the same for every request to it. */
export function isolationOf({ operation, method, path }: Pick<Endpoint, 'operation' | 'method' | 'path'>): Isolation {
  const words = operation.split('.')
  for (let count = words.length; count > 0; count--) {
    const name = words.slice(0, count).join('.')
    if (PLAIN.has(name)) return PLAIN_ROW
    const why = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined
    if (why !== undefined) return { kind: 'refused', why }
    const form = Object.hasOwn(SEALED, name) ? SEALED[name] : undefined
    if (form === undefined) continue
    const lists = listedKind(operation)
    if (method === 'GET' && !path.includes('{') && lists === null) return OF_EVERYBODY
    return { kind: 'sealed', form, isStrict: !BY_PLACE.has(form), lists }
  }
  return { kind: 'refused', why: 'nothing is known of its objects' }
}

/**
 * True for a chat that leaves something behind by which another request can name it: one that is stored, or whose answer
 * is spoken. `store`: what a transform writes there.
 */
export function isKept(body: JsonObject, store?: JsonValue): boolean {
  if (isStored(body, store)) return true
  if ((ownValue(body, 'audio') ?? null) !== null) return true
  const modalities = ownValue(body, 'modalities') ?? null
  return modalities !== null && !(Array.isArray(modalities) && modalities.every((one) => one === 'text'))
}

const ROWS_OF_THE_CALLER: ReadonlySet<unknown> = new Set(['file_content', 'file_id'])

/**
 * The member of a body that asks for objects without naming them: an eval can be run on all responses and chats that the
 * account has stored. Null where there is none.
 */
export function asksForOthers(operation: string, body: JsonObject): string | null {
  if (!operation.startsWith('evals.')) return null
  const config = ownValue(body, 'data_source_config')
  if (isJsonObject(config) && ownValue(config, 'type') !== 'custom') return 'data_source_config'
  const rows = ownValue(body, 'data_source')
  if (!isJsonObject(rows)) return null
  const source = ownValue(rows, 'source')
  const isCallers = isJsonObject(source) && ROWS_OF_THE_CALLER.has(ownValue(source, 'type'))
  return isCallers ? null : 'data_source'
}
