import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { type Draft, noteFunction, noteHosted, noteUrl, refuse } from './draft.ts'
import type { Media } from './media-keys.ts'
import { walkFree, walkMember } from './walk.ts'

/** How a block of one type is read: what it brings in, and which of its members nobody follows. */
interface BlockForm {
  readonly media: Media | null
  /** Arguments of calls, ciphers, and addresses that only say where something came from. */
  readonly inert: ReadonlySet<string>
}

const form = (media: Media | null, ...inert: string[]): BlockForm => ({ media, inert: new Set(inert) })

/**
 * The blocks of the Messages API. What a tool once found (`web_search_result`) is a record: its `url` is not fetched again.
 * A type that is not here could bring anything.
 *
 * Source: the types of Anthropic's SDK (`@anthropic-ai/sdk` 1.14).
 */
const FORMS: ReadonlyMap<unknown, BlockForm> = new Map([
  ['text', form(null, 'citations')],
  ['thinking', form(null, 'signature')],
  ['redacted_thinking', form(null, 'data')],
  ['image', form('images')],
  ['document', form('files', 'context')],
  ['search_result', form(null, 'source')],
  ['container_upload', form('files')],
  ['tool_use', form(null, 'input', 'id')],
  ['server_tool_use', form(null, 'input', 'id')],
  ['mcp_tool_use', form(null, 'input', 'id')],
  ['tool_result', form(null)],
  ['mcp_tool_result', form(null)],
  ['tool_reference', form(null)],
  ['web_search_tool_result', form(null)],
  ['web_search_result', form(null, 'url', 'encrypted_content')],
  ['web_search_tool_result_error', form(null)],
  ['web_fetch_tool_result', form(null)],
  ['web_fetch_result', form(null, 'url')],
  ['web_fetch_tool_result_error', form(null)],
  ['code_execution_tool_result', form(null)],
  ['code_execution_result', form(null)],
  ['encrypted_code_execution_result', form(null, 'encrypted_stdout')],
  ['code_execution_tool_result_error', form(null)],
  ['code_execution_output', form('files')],
  ['bash_code_execution_tool_result', form(null)],
  ['bash_code_execution_result', form(null)],
  ['bash_code_execution_tool_result_error', form(null)],
  ['bash_code_execution_output', form('files')],
  ['text_editor_code_execution_tool_result', form(null)],
  ['text_editor_code_execution_view_result', form(null)],
  ['text_editor_code_execution_create_result', form(null)],
  ['text_editor_code_execution_str_replace_result', form(null, 'lines')],
  ['text_editor_code_execution_tool_result_error', form(null)],
  ['tool_search_tool_result', form(null)],
  ['tool_search_tool_search_result', form(null)],
  ['tool_search_tool_result_error', form(null)],
  ['advisor_tool_result', form(null)],
  ['advisor_result', form(null)],
  ['advisor_redacted_result', form(null)],
  ['advisor_tool_result_error', form(null)],
  ['compaction', form(null, 'signature')],
])

/** Members of a block that hold blocks in turn. */
const NESTED: ReadonlySet<string> = new Set(['content', 'tool_references', 'tool_changes'])

/** A list of messages: what each one says is text or blocks. */
export function walkMessages(draft: Draft, messages: JsonValue): undefined {
  if (!Array.isArray(messages)) return refuse(draft, '`messages` must be a list of objects', 'messages')
  for (const message of messages) {
    if (!isJsonObject(message)) return refuse(draft, '`messages` must be a list of objects', 'messages')
    for (const key in message) {
      const value = message[key] as JsonValue
      if (key === 'content') walkBlocks(draft, value, key)
      else walkMember(draft, key, value, false)
    }
  }
}

/** Text, a block or a list of blocks. */
export function walkBlocks(draft: Draft, blocks: JsonValue, param: string): undefined {
  if (blocks === null || typeof blocks === 'string') return
  if (isJsonObject(blocks)) return walkBlock(draft, blocks)
  if (!Array.isArray(blocks)) return refuse(draft, `\`${param}\` must be a string or a list of objects`, param)
  for (const block of blocks) {
    if (!isJsonObject(block)) return refuse(draft, `\`${param}\` must be a string or a list of objects`, param)
    walkBlock(draft, block)
  }
}

function walkBlock(draft: Draft, block: JsonObject): undefined {
  const type = ownValue(block, 'type')
  if (type === 'tool_addition')
    return refuse(draft, 'a tool must be named in `tools`, not in a message', 'tool_addition')
  const known = FORMS.get(type)
  if (known === undefined) draft.images = draft.files = draft.audio = true
  else if (known.media !== null) draft[known.media] = true
  for (const key in block) {
    const value = block[key] as JsonValue
    if (known?.inert.has(key)) continue
    if (NESTED.has(key)) walkBlocks(draft, value, key)
    else if (key === 'source' && isJsonObject(value)) walkSource(draft, value)
    else walkMember(draft, key, value, known === undefined)
  }
}

/** Where the bytes of an image or a document are: here, at an address, in a stored file, or in blocks. */
function walkSource(draft: Draft, source: JsonObject): undefined {
  const type = ownValue(source, 'type')
  const isHere = type === 'base64' || type === 'text'
  for (const key in source) {
    const value = source[key] as JsonValue
    if (key === 'content') walkBlocks(draft, value, key)
    else if (key === 'url' && typeof value === 'string') noteUrl(draft, value, key)
    else if (key !== 'data' || !isHere) walkMember(draft, key, value, !isHere && type !== 'url' && type !== 'file')
  }
}

/** Members of a tool that are schemas and examples of the caller's own. */
const CALLERS_OWN: ReadonlySet<string> = new Set(['input_schema', 'input_examples'])

/** Hosted tools whose members are known, without the date of their version. */
const HOSTED =
  /^(?:web_search|web_fetch|code_execution|computer|bash|text_editor|memory|advisor|tool_search_tool_(?:regex|bm25)|mcp_toolset|browser_toolset|computer_toolset)(?:_[0-9]{8})?$/

/**
 * The tools of a request: those of the caller's own have no type, or `custom`. Every other one is the provider's, by its
 * dated name, also where the caller runs what it asks for (`bash_20250124`): what it can do is not the caller's word.
 */
export function readBlockTools(draft: Draft, tools: JsonValue): undefined {
  if (tools === null) return
  if (!Array.isArray(tools)) return refuse(draft, '`tools` must be a list of objects', 'tools')
  for (const tool of tools) {
    if (isJsonObject(tool)) readTool(draft, tool)
    else refuse(draft, '`tools` must be a list of objects', 'tools')
  }
}

function readTool(draft: Draft, tool: JsonObject): undefined {
  const type = ownValue(tool, 'type') ?? 'custom'
  const isOwn = type === 'custom'
  if (isOwn) noteFunction(draft, ownValue(tool, 'name') ?? null)
  else noteHosted(draft, type)
  const doubt = !isOwn && !(typeof type === 'string' && HOSTED.test(type))
  for (const key in tool) {
    const value = tool[key] as JsonValue
    if (CALLERS_OWN.has(key)) {
      if (doubt) walkFree(draft, value, true, key)
    } else if (key === 'tools') readBlockTools(draft, value)
    else walkMember(draft, key, value, doubt)
  }
}
