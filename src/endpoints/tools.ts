import { isJsonObject, type JsonObject, ownValue } from '../model/json.ts'
import { type Draft, noteFunction, noteHost, noteHosted, refuse } from './draft.ts'

/** Hosted tools whose members are known; another one is hosted, too, and read in doubt. */
const HOSTED: ReadonlySet<string> = new Set([
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
  'file_search',
  'code_interpreter',
  'computer',
  'computer_use',
  'computer_use_preview',
  'image_generation',
  'local_shell',
  'shell',
  'apply_patch',
  'mcp',
  'programmatic_tool_calling',
  'tool_search',
])

/**
 * Notes who runs a tool and what it connects to: functions are the caller's, all else is hosted. Answers whether the
 * form of its other members is known.
 */
export function noteTool(draft: Draft, tool: JsonObject): 'known' | 'unknown' {
  const type = ownValue(tool, 'type')
  if (typeof type !== 'string') refuse(draft, 'each tool must say its `type`', 'tools')
  else if (type === 'function' || type === 'custom') noteFunctions(draft, tool, type)
  else if (type !== 'namespace') {
    noteHosted(draft, type)
    if (type === 'mcp') noteConnections(draft, tool)
    if (!HOSTED.has(type)) return 'unknown'
  }
  return 'known'
}

/** A name stands in the tool itself or one level below; where both do, a reader could take either. */
function noteFunctions(draft: Draft, tool: JsonObject, type: string): undefined {
  const inner = ownValue(tool, type)
  const names = [ownValue(tool, 'name'), isJsonObject(inner) ? ownValue(inner, 'name') : undefined]
  const written = names.filter((name) => name !== undefined)
  if (written.length === 0) refuse(draft, `a tool of type \`${type}\` must have a \`name\``, 'tools')
  for (const name of written) noteFunction(draft, name)
  // Some engines take a hosted tool from a member of its name, whatever the type says.
  for (const key in tool) if (HOSTED.has(key)) noteHosted(draft, key)
}

/**
 * An MCP server that is reached without a URL: the fact is `connector:…` or `tunnel:…`, which no pattern of a host
 * with a dot can match, so that only a grant of every host (`*`), or of that very text, covers it.
 */
function noteConnections(draft: Draft, tool: JsonObject): undefined {
  for (const [key, prefix] of [
    ['connector_id', 'connector'],
    ['tunnel_id', 'tunnel'],
  ] as const) {
    const id = ownValue(tool, key)
    if (id === undefined || id === null) continue
    if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,128}$/.test(id)) {
      refuse(draft, `\`${key}\` must be letters, digits, \`_\` and \`-\``, key)
    } else noteHost(draft, `${prefix}:${id}`, key)
  }
}
