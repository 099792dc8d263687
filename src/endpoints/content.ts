import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { type Draft, noteObject, refuse } from './draft.ts'
import type { Media } from './media-keys.ts'
import { walk, walkMember } from './walk.ts'

/** What a content part or an item of this type brings in. A type that is not here is unknown: it could bring anything. */
const TYPES: ReadonlyMap<string, Media | null> = new Map<string, Media | null>([
  ...['text', 'content', 'input_text', 'output_text', 'summary_text', 'reasoning_text', 'refusal', 'thinking'].map(
    inert,
  ),
  ...['message', 'reasoning', 'item_reference', 'function_call', 'function_call_output'].map(inert),
  ...['custom_tool_call', 'custom_tool_call_output', 'computer_call', 'computer_call_output'].map(inert),
  ...['web_search_call', 'file_search_call', 'code_interpreter_call', 'local_shell_call'].map(inert),
  ...['local_shell_call_output', 'shell_call', 'shell_call_output', 'apply_patch_call'].map(inert),
  ...['apply_patch_call_output', 'mcp_list_tools', 'mcp_approval_request', 'mcp_approval_response'].map(inert),
  ...['mcp_call', 'compaction', 'compaction_trigger', 'tool_search_call', 'tool_search_output'].map(inert),
  ...['additional_tools', 'configuration_update', 'program', 'program_output'].map(inert),
  ['image_url', 'images'],
  ['input_image', 'images'],
  ['image_file', 'images'],
  ['computer_screenshot', 'images'],
  ['image_generation_call', 'images'],
  ['input_audio', 'audio'],
  ['file', 'files'],
  ['input_file', 'files'],
])

function inert(type: string): [string, null] {
  return [type, null]
}

/** Values under names of the caller's choice: text, or content parts. */
export function walkVariables(draft: Draft, variables: JsonValue): undefined {
  if (!isJsonObject(variables)) return
  for (const name in variables) {
    const value = variables[name]
    if (isJsonObject(value)) walkPart(draft, value)
    else walk(draft, value, true)
  }
}

/** The parts of a message's content, or the elements of an answer's output: text, or a list of objects. */
export function walkParts(draft: Draft, parts: JsonValue | undefined, param: string): undefined {
  if (parts === undefined || parts === null || typeof parts === 'string') return
  if (!Array.isArray(parts)) return refuse(draft, `\`${param}\` must be a string or a list of objects`, param)
  for (const part of parts) {
    if (isJsonObject(part)) walkPart(draft, part)
    else refuse(draft, `\`${param}\` must be a string or a list of objects`, param)
  }
}

/** One typed object: a content part, or an input item. */
export function walkPart(draft: Draft, part: JsonObject): undefined {
  const written = ownValue(part, 'type')
  const type = typeof written === 'string' ? written : implied(part)
  const medium = TYPES.get(type)
  if (medium === undefined) draft.images = draft.files = draft.audio = true
  else if (medium !== null) draft[medium] = true
  const doubt = medium === undefined
  for (const key in part) {
    if (key === 'id') continue
    const value = part[key] as JsonValue
    // By this name an engine keeps a medium for everybody, and takes what it kept in the place of what is sent (vLLM).
    if (key === 'uuid' && medium !== null) noteObject(draft, key, value)
    // A list of tools that a server once gave is a record: no `type`, and schemas instead of places to call.
    if (key === 'tools' && type === 'mcp_list_tools') walk(draft, value, false)
    else if (!doubt && isContent(key, value)) walkContent(draft, key, value)
    else walkMember(draft, key, value, doubt)
  }
  noteReference(draft, part, type)
}

/** Members of a part that hold text, or parts in turn: a list or an object that says its type. */
function isContent(key: string, value: JsonValue): value is JsonObject | readonly JsonValue[] {
  if (typeof value !== 'object' || value === null) return false
  if (key === 'content' || key === 'output') return true
  return TEXTS.has(key) && (Array.isArray(value) || Object.hasOwn(value, 'type'))
}

const TEXTS: ReadonlySet<string> = new Set(['text', 'input', 'summary', 'thinking', 'refusal', 'reasoning_content'])

function walkContent(draft: Draft, key: string, value: JsonObject | readonly JsonValue[]): undefined {
  if (isJsonObject(value)) return walkPart(draft, value)
  if (key === 'content' || key === 'output') return walkParts(draft, value, key)
  for (const element of value as readonly JsonValue[]) {
    if (isJsonObject(element)) walkPart(draft, element)
    else walk(draft, element, false)
  }
}

/** What an object without a type is taken for: a message by its role, a reference by having nothing but an id. */
function implied(part: JsonObject): string {
  if (typeof ownValue(part, 'role') === 'string') return 'message'
  return typeof ownValue(part, 'id') === 'string' ? 'item_reference' : ''
}

/** Where an item of the type holds what it is of: without it, a provider looks the item up by its id. */
const WHOLE_BY: ReadonlyMap<string, string> = new Map([
  ['reasoning', 'encrypted_content'],
  ['compaction', 'encrypted_content'],
  ['image_generation_call', 'result'],
])
/** Types that may name by an `id` what they bring in, whatever else is there. */
const REFERENCES: ReadonlySet<string> = new Set([
  ...['item_reference', 'image_url', 'input_image', 'image_file', 'input_audio', 'file', 'input_file'],
])
/** Members that say which item it is, and nothing of what is in it. */
const LABELS: ReadonlySet<string> = new Set(['type', 'id', 'role', 'status', 'phase'])

/** What stands for something stored by its id: references, media, items that are not there whole, and unknown ones. */
function noteReference(draft: Draft, part: JsonObject, type: string): void {
  const id = ownValue(part, 'id')
  if (id === undefined || (!REFERENCES.has(type) && TYPES.has(type) && isWhole(part, type))) return
  noteObject(draft, type === 'image_generation_call' ? 'image_generation_call.id' : 'id', id)
}

function isWhole(part: JsonObject, type: string): boolean {
  const member = WHOLE_BY.get(type)
  if (member !== undefined) {
    const content = ownValue(part, member)
    return typeof content === 'string' && content !== ''
  }
  return Object.keys(part).some((key) => !LABELS.has(key) && !isEmpty(part[key]))
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** A list of messages or input items. */
export function walkItems(draft: Draft, items: JsonValue, param: string): undefined {
  if (items === null) return
  if (!Array.isArray(items)) return refuse(draft, `\`${param}\` must be a list of objects`, param)
  for (const item of items) {
    if (isJsonObject(item)) walkPart(draft, item)
    else refuse(draft, `\`${param}\` must be a list of objects`, param)
  }
}

/** Text, a list of texts or tokens, or content parts where an engine takes them. */
export function walkText(draft: Draft, input: JsonValue, param: string): undefined {
  if (isJsonObject(input)) walkPart(draft, input)
  else if (Array.isArray(input)) {
    for (const element of input) if (typeof element === 'object' && element !== null) walkText(draft, element, param)
  }
}
