import { foldKey } from './key-names.ts'

/** Top-level members of bodies that switch on something hosted, and its name. Engines' own ones, too. */
export const HOSTED_MEMBERS: ReadonlyMap<string, string> = new Map([
  ['web_search_options', 'web_search'],
  ['search_parameters', 'web_search'],
  ['enable_search', 'web_search'],
  ['search_options', 'web_search'],
  ['search_settings', 'web_search'],
  ['search_mode', 'web_search'],
  ['search_domain_filter', 'web_search'],
  ['web_search', 'web_search'],
  ['enable_web_search', 'web_search'],
  ['live_search', 'web_search'],
  ['google_search', 'web_search'],
  ['google_search_retrieval', 'web_search'],
  ['enable_google_search', 'web_search'],
  ['browser_search', 'web_search'],
  ['url_context', 'web_fetch'],
  ['web_fetch', 'web_fetch'],
  ['code_interpreter', 'code_interpreter'],
  ['enable_code_interpreter', 'code_interpreter'],
  ['code_execution', 'code_interpreter'],
  ['enable_code_execution', 'code_interpreter'],
  ['compound_custom', 'compound_custom'],
  ['connectors', 'connectors'],
  ['plugins', 'plugins'],
  ['mcp_servers', 'mcp'],
  ['data_sources', 'data_sources'],
  ['retrieval', 'retrieval'],
  ['retrieval_config', 'retrieval'],
  ['knowledge_base', 'retrieval'],
  // Orq's router, in a bag of its own: `orq: { knowledge_bases: [{ knowledge_id }] }`.
  ['knowledge_bases', 'retrieval'],
])

/** Of these, words that are members of much else: they switch something on at the top of a body alone. */
const AT_TOP: ReadonlySet<string> = new Set([
  ...['search_options', 'search_settings', 'search_mode', 'compound_custom', 'connectors', 'plugins', 'data_sources'],
  ...['retrieval', 'retrieval_config', 'knowledge_base'],
])

const ANYWHERE: ReadonlyMap<string, string> = new Map(
  [...HOSTED_MEMBERS].flatMap(([key, tool]) => (AT_TOP.has(key) ? [] : [[foldKey(key), tool]])),
)

const AT_THE_TOP: ReadonlyMap<string, string> = new Map([...HOSTED_MEMBERS].map(([key, tool]) => [foldKey(key), tool]))

/** The hosted tool that a member of the folded key switches on wherever in a body it stands; undefined for none. */
export function toolAnywhere(folded: string): string | undefined {
  return ANYWHERE.get(folded)
}

/** The hosted tool that a member switches on at the top of a body, however its key is spelt; undefined for none. */
export function toolAtTop(key: string): string | undefined {
  return AT_THE_TOP.get(foldKey(key))
}
