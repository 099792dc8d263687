import { type Fault, fault } from '../model/fault.ts'
import { isJsonObject, type JsonBody, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { isLimit, MAX_NESTED_LIMITS, nestedLimits } from '../model/nested-limits.ts'
import type { ModelFact, OperationName, RequestFacts } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { OUTPUT_LIMITS } from '../model/transforms.ts'
import { readPlugins, readTemplateSettings } from './bags.ts'
import { walkPart } from './content.ts'
import { checkCounts } from './counts.ts'
import { type Draft, noteHosted, noteModel, openDraft, refuse, shown } from './draft.ts'
import type { ModelRole } from './endpoint.ts'
import { HOSTED_MEMBERS } from './engine-tools.ts'
import { modelNameProblem, searchesWeb } from './model-name.ts'
import { walkIds, walkMember, walkUnknown } from './walk.ts'

/** How one top-level member is read where its key alone does not say it. */
export type MemberReader = (draft: Draft, value: JsonValue) => undefined

/** What an operation's body may hold, as far as facts are read from it. */
export interface BodyMembers {
  readonly operation: OperationName
  readonly model: ModelRole
  /** Members that are neither looked up by key nor in doubt. */
  readonly known: ReadonlySet<string>
  readonly readers: ReadonlyMap<string, MemberReader>
  /** Keys that name objects in these bodies, at any depth, beside those that do so in all bodies. */
  readonly ids: ReadonlySet<string>
  /** It runs something stored, which its path names or which is looked up by what the body names. */
  readonly runsStored: boolean
  /** Members that limit the output; null where the operation has no such limit. */
  readonly outputLimits: readonly string[]
}

/** Members of every body that are only settings or prose. */
const SETTINGS = [
  ['frequency_penalty', 'presence_penalty', 'temperature', 'top_p', 'top_k', 'min_p', 'seed', 'n', 'best_of', 'stop'],
  ['stream', 'stream_options', 'user', 'safety_identifier', 'service_tier', 'store', 'verbosity', 'modalities'],
  ['tool_choice', 'function_call', 'parallel_tool_calls', 'response_format', 'prediction', 'prompt_cache_key'],
  ['prompt_cache_options', 'prompt_cache_retention', 'moderation', 'logit_bias', 'logprobs', 'top_logprobs'],
  ['reasoning', 'reasoning_effort', 'audio', 'instructions', 'suffix', 'echo', 'text', 'truncation', 'include'],
  ['encoding_format', 'dimensions', 'background', 'context_management', 'tools', 'previous_response_id'],
].flat()

/** The caller's own: never looked into, and passed on as it is. Schemas and template variables of engines follow. */
const OPAQUE = ['metadata', 'guided_json', 'guided_regex', 'guided_grammar', 'structured_outputs']

export function bodyMembers(
  operation: OperationName,
  more: {
    model: ModelRole
    outputLimits: readonly string[]
    readers: Iterable<readonly [string, MemberReader]>
    /** Settings and prose of this operation alone. */
    known?: readonly string[]
    ids?: readonly string[]
    runsStored?: boolean
  },
): BodyMembers {
  return {
    operation,
    model: more.model,
    outputLimits: more.outputLimits,
    known: new Set([...SETTINGS, ...OUTPUT_LIMITS, ...(more.known ?? [])]),
    ids: new Set(more.ids),
    runsStored: more.runsStored === true,
    readers: new Map<string, MemberReader>([
      ...OPAQUE.map((key): [string, MemberReader] => [key, () => undefined]),
      ...[...HOSTED_MEMBERS].map(([key, tool]): [string, MemberReader] => [
        key,
        (draft, value) => {
          if (value !== null && value !== false) noteHosted(draft, tool)
          walkMember(draft, key, value, !key.endsWith('_options'))
        },
      ]),
      ['plugins', readPlugins],
      ['chat_template_kwargs', readTemplateSettings],
      ['tool_choice', readToolChoice],
      ['prediction', readPrediction],
      ...(more.ids ?? []).map((key): [string, MemberReader] => [key, (draft, value) => walkIds(draft, key, value)]),
      ...more.readers,
    ]),
  }
}

/** Types by which a choice speaks of the caller's own tools or of none in particular; any other one is hosted. */
const CHOICES: ReadonlySet<string> = new Set([
  ...['function', 'custom', 'allowed_tools', 'auto', 'none', 'any', 'required', 'tool'],
])

export function readToolChoice(draft: Draft, choice: JsonValue): undefined {
  const type = isJsonObject(choice) ? ownValue(choice, 'type') : undefined
  if (type !== undefined && !(typeof type === 'string' && CHOICES.has(type))) noteHosted(draft, type)
  walkMember(draft, 'tool_choice', choice, false)
}

/** An answer that is expected: content like that of a message. */
function readPrediction(draft: Draft, prediction: JsonValue): undefined {
  if (isJsonObject(prediction)) walkPart(draft, prediction)
  else walkMember(draft, 'prediction', prediction, false)
}

/**
 * Reads the facts of a body in one pass. `inPath`: the model that the path names. Never throws, whatever the JSON.
 * Faults: `invalid_body`.
 */
export function describeBody(
  members: BodyMembers,
  body: JsonBody | null,
  inPath?: string,
): Result<RequestFacts, Fault> {
  if (body === null) return failed(fault('invalid_body', 'the request needs a JSON body', { reason: 'body_invalid' }))
  const draft = openDraft(members.ids)
  draft.storedSettings = members.runsStored
  const { value } = body
  for (const key in value) {
    if (key === 'model') continue
    const member = value[key] as JsonValue
    const read = members.readers.get(key)
    if (read) read(draft, member)
    else if (members.known.has(key)) walkMember(draft, key, member, false)
    else walkUnknown(draft, key, member)
  }
  const model = servingModel(draft, value, members.model, inPath)
  const stream = flag(draft, value, 'stream') || streamsFormat(value)
  const maxOutputTokens = outputLimit(draft, value, members.outputLimits)
  checkCounts(draft, value)
  checkStreamOptions(draft, value)
  if (draft.problem !== null) return failed(draft.problem)
  return ok(factsOf(members.operation, draft, { model, stream, maxOutputTokens, bytes: body.bytes.length }))
}

const NONE: readonly never[] = Object.freeze([])

export function factsOf(
  operation: OperationName,
  draft: Draft,
  more: { model: ModelFact; stream: boolean; maxOutputTokens: number | undefined; bytes: number },
): RequestFacts {
  return {
    operation,
    model: more.model,
    nestedModels: listed(draft.models),
    stream: more.stream,
    maxOutputTokens: more.maxOutputTokens,
    tools: { functions: listed(draft.functions), hosted: listed(draft.hosted) },
    input: { bytes: more.bytes, images: draft.images, files: draft.files, audio: draft.audio },
    storedSettings: draft.storedSettings,
    urls: listed(draft.urls),
    objects: draft.objects ?? NONE,
  }
}

function listed(names: Set<string> | null): readonly string[] {
  return names === null ? NONE : [...names]
}

/** The model that serves the request, as far as its operation lets a request say it. */
function servingModel(draft: Draft, value: JsonObject, role: ModelRole, inPath: string | undefined): ModelFact {
  if (role === 'required' || role === 'optional') return mainModel(draft, value, role === 'required')
  noteModel(draft, ownValue(value, 'model'))
  if (role === 'path') return inPath
  if (role === 'nested') return takeFirst(draft.models)
  return role === 'indirect' ? undefined : null
}

/** The first of the models that a body names: the others are decided beside it. */
function takeFirst(models: Set<string> | null): string | undefined {
  const first = models?.values().next().value
  if (first !== undefined) models?.delete(first)
  return first
}

function mainModel(draft: Draft, value: JsonObject, required: boolean): ModelFact {
  const model = ownValue(value, 'model')
  if (model === undefined || model === null) {
    if (required) refuse(draft, 'the body must name a `model`', 'model')
    return undefined
  }
  if (typeof model !== 'string') {
    refuse(draft, '`model` must be a string', 'model')
    return undefined
  }
  const problem = modelNameProblem(model)
  if (problem !== null) refuse(draft, `\`model\` ${problem}`, 'model')
  else if (searchesWeb(model)) noteHosted(draft, 'web_search')
  return model
}

function flag(draft: Draft, value: JsonObject, key: string): boolean {
  const written = ownValue(value, key)
  if (written !== undefined && written !== null && typeof written !== 'boolean') {
    refuse(draft, `\`${key}\` must be true or false`, key)
  }
  return written === true
}

/** Speech is a stream of events by its format; one that is not known could be. */
function streamsFormat(value: JsonObject): boolean {
  return (ownValue(value, 'stream_format') ?? 'audio') !== 'audio'
}

/**
 * The largest limit that any engine could go by; undefined when the operation's own one is absent. Zero is undefined,
 * too: to many engines it means their own default. So is what is no limit below the top of a body, where it may mean
 * anything: the longest output there is, or nothing.
 *
 * Of one answer, as OpenAI's API counts: `n` and `best_of` do not multiply it, for the condition speaks of what the
 * request asks for. A grant of 4096 tokens is one of 4096 for each answer.
 */
function outputLimit(draft: Draft, value: JsonObject, own: readonly string[]): number | undefined {
  if (own.length === 0) return undefined
  let largest = 0
  let said = false
  let unlimited = false
  for (const key of OUTPUT_LIMITS) {
    const written = ownValue(value, key)
    if (written === undefined || written === null) continue
    if (typeof written !== 'number' || !Number.isSafeInteger(written) || written < 0) {
      refuse(draft, `\`${key}\` must be a whole number, not negative`, key)
      continue
    }
    if (written === 0) unlimited = true
    if (own.includes(key)) said = true
    largest = Math.max(largest, written)
  }
  const nested = nestedLimits(value)
  for (const { value: written } of nested) {
    if (isLimit(written)) largest = Math.max(largest, written)
    else unlimited = true
  }
  if (nested.length > MAX_NESTED_LIMITS) refuseNested(draft, nested[MAX_NESTED_LIMITS]?.member ?? '')
  return said && !unlimited ? largest : undefined
}

function refuseNested(draft: Draft, member: string): undefined {
  refuse(draft, `\`${shown(member)}\` holds more than ${MAX_NESTED_LIMITS} output limits: leave it out`, member)
}

function checkStreamOptions(draft: Draft, value: JsonObject): undefined {
  const options = ownValue(value, 'stream_options')
  if (options === undefined || options === null) return
  if (!isJsonObject(options)) return refuse(draft, '`stream_options` must be an object', 'stream_options')
  flag(draft, options, 'include_usage')
}
