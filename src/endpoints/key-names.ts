import { OUTPUT_LIMITS, SETTABLE } from '../model/transforms.ts'

/**
 * Keys that could send a call elsewhere than was decided, wherever in a body they stand. The rule: what names another
 * model, adapter, provider or endpoint, or code to run, is refused; what only changes how an answer is sampled passes;
 * a tool that somebody else runs counts as hosted (`HOSTED_MEMBERS`), and a host as one that the request names.
 */
const REDIRECTS = foldedNames([
  'model',
  'models',
  'model_list',
  'fallbacks',
  'route',
  'extra_body',
  'extra_headers',
  'extra_query',
  'api_base',
  'base_url',
  'api_key',
  'api_version',
  'custom_llm_provider',
  'deployment_id',
  'mock_response',
  'fallback_models',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'model_name',
  'model_id',
  'engine',
  'deployment',
  'target_model',
  'target_model_names',
  'override_params',
  'litellm_params',
  'user_config',
  // Engines' adapters and second models.
  ...['lora_request', 'lora_path', 'lora_name', 'lora_adapter', 'lora_adapters', 'lora_id', 'adapter_id'],
  ...['adapter_source', 'adapter_name', 'adapter_path', 'draft_model', 'draft_model_path', 'safety_model'],
  ...['base_model', 'model_group', 'model_alias', 'model_info', 'default_fallbacks', 'hf_model_name'],
  // Accounts and credentials that LiteLLM and Portkey would call with instead of the upstream's own.
  ...['azure_ad_token', 'azure_endpoint', 'aws_access_key_id', 'aws_secret_access_key', 'aws_session_token'],
  ...['aws_bedrock_runtime_endpoint', 'vertex_credentials', 'vertex_project', 'vertex_location', 'custom_host'],
  ...['virtual_key', 'virtual_keys', 'default_headers', 'model_path', 'speculative_model', 'speculative_config'],
  // Code: functions by name or pickled, and templates that an engine runs.
  ...['custom_logit_processor', 'custom_logits_processor', 'logit_processor', 'logits_processor'],
  ...['logit_processors', 'logits_processors', 'chat_template', 'custom_chat_template'],
])

/**
 * Top-level members that are judged, or that a transform sets. Decoders that know no case (those of Go and .NET) or that
 * know camel case, too, take `Max_Tokens` and `maxTokens` for `max_tokens`, and the last one stands.
 */
const JUDGED: readonly string[] = [
  ...Object.values(SETTABLE).flatMap((members) => Object.values(members)),
  ...OUTPUT_LIMITS,
  ...['messages', 'instructions', 'input', 'prompt', 'stream', 'stream_options', 'n', 'best_of', 'modalities'],
  ...['tools', 'tool_choice', 'functions', 'function_call', 'previous_response_id', 'conversation', 'prediction'],
  ...['system', 'mcp_servers', 'container', 'thread', 'diagnostics', 'inference_geo', 'billing_policy'],
  ...['purpose', 'fallback_credit_token', 'betas', 'anthropic_beta', 'anthropic_version'],
]
const JUDGED_NAMES: ReadonlySet<string> = new Set(JUDGED)
const JUDGED_FOLDED = foldedNames(JUDGED)

/** As keys are compared: lower case, letters and digits only. */
function foldedNames(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.replaceAll('_', '')))
}

/** Letters that look like those of the names above; NFKC and the loss of accents come first. Source: UTS #39. */
const LOOKS_LIKE = lookAlikes({
  a: 'аαɑᴀ',
  b: 'ƅьᏏʙ',
  c: 'сϲᴄⲥꮯ',
  d: 'ԁɗđꓒᴅⅾժᏧ',
  e: 'еєҽεɛᴇəℯꬲӗ',
  f: 'ƒꞙẝϝ',
  g: 'ɡɢցɠ',
  h: 'һհʜᏂ',
  i: 'іιɩɪıꙇӏӀ',
  j: 'јϳʝ',
  k: 'кκᴋ',
  l: 'ⅼӏӀןʟɭłƚ|ǀاןוΙІլⲒⵏꓲᛁ∣⎮',
  m: 'мᴍɱⲙмꮇ',
  n: 'ոռпηɴ',
  o: 'оοσօᴏөøƟɵоօసഠ๐໐ංဝ०੦૦௦౦೦൦〇ⲟоߋοحסه٥۵ⵔ',
  p: 'рρᴘ',
  r: 'гᴦʀɼ',
  s: 'ѕꜱʂ',
  t: 'тτᴛ',
  u: 'υսᴜʋ',
  v: 'νѵᴠ',
  w: 'ԝѡաᴡ',
  x: 'хχ×',
  y: 'уγүʏ',
  z: 'ᴢʐƶ',
})

function lookAlikes(table: { readonly [letter: string]: string }): ReadonlyMap<string, string> {
  const map = new Map<string, string>()
  for (const [letter, looks] of Object.entries(table)) {
    for (const look of looks) if (!map.has(look)) map.set(look, letter)
  }
  return map
}

/**
 * Characters of a key beyond ASCII that is folded. A longer one is no honest request's, and must be refused by who meets
 * it: the time that normalisation takes grows with the square of a run of combining marks.
 */
export const MAX_FOLDED_LENGTH = 64

/** True for a key of ASCII alone: it is folded in one pass, however long it is. */
export function isAscii(key: string): boolean {
  for (let index = 0; index < key.length; index++) if (key.charCodeAt(index) > 127) return false
  return true
}

/** A key as lower-case letters and digits: without case, width, accents, separators, padding or what is invisible. */
export function foldKey(key: string): string {
  const ascii = foldAscii(key)
  if (ascii !== null) return ascii
  let folded = ''
  for (const letter of plain(key)) {
    const seen = LOOKS_LIKE.get(letter) ?? letter
    if (isFoldedLetter(seen)) folded += seen
  }
  return folded
}

/** Null when the key is not ASCII alone. The usual key is lower-case letters, and is answered as it is. */
function foldAscii(key: string): string | null {
  let isFolded = true
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index)
    if (code > 127) return null
    if (!((code >= 97 && code <= 122) || (code >= 48 && code <= 57))) isFolded = false
  }
  if (isFolded) return key
  return key
    .toLowerCase()
    .replaceAll('|', 'l')
    .replace(/[^a-z0-9]/g, '')
}

/** A key without what is not seen, in the letters that its compatibility characters stand for. */
function plain(key: string): string {
  // INVARIANT: at most MAX_FOLDED_LENGTH characters, so that nothing here is long, however it expands.
  const visible = key.slice(0, MAX_FOLDED_LENGTH).toWellFormed().replace(UNSEEN, '')
  return visible.normalize('NFKC').toLowerCase().normalize('NFKD').toLowerCase()
}

/** Letters and digits of a key; those beyond ASCII that look like nothing known are kept as they are. */
function lettersOf(key: string): string[] {
  return [...plain(key)].flatMap((letter) => {
    const seen = LOOKS_LIKE.get(letter) ?? letter
    return isFoldedLetter(seen) || (seen > '\x7f' && LETTER.test(seen)) ? [seen] : []
  })
}

function isFoldedLetter(letter: string): boolean {
  return letter.length === 1 && ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9'))
}

/** Combining marks, and what shows nothing: some of it counts as a letter (Hangul fillers). */
const UNSEEN = /[\p{M}\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu
const LETTER = /[\p{L}\p{N}]/u

/** True for a key that a reader could take for `model`, and for that key itself. */
function isLikeModel(key: string, folded: string): boolean {
  if (/^(?:m|rn)[o0]de[l1i]$/.test(folded)) return true
  if (folded.length < 3 || folded.length > 5 || folded.length === key.length) return false
  // A letter that looks like nothing known stands for any letter, as long as most of the word is there.
  const letters = lettersOf(key)
  if (letters.length !== 5) return false
  const alike = letters.filter((letter, index) => letter === 'model'[index]).length
  return alike >= 3 && letters.every((letter, index) => letter > '\x7f' || letter === 'model'[index])
}

/** True for a key that could redirect the call; `model` itself is not one. */
export function redirects(key: string, folded = foldKey(key)): boolean {
  return key !== 'model' && (REDIRECTS.has(folded) || isLikeModel(key, folded))
}

/** True for a key that a reader could take for a member that is judged, where it stands at the top of a body. */
export function isLikeJudged(key: string, folded: string): boolean {
  return JUDGED_FOLDED.has(folded) && !JUDGED_NAMES.has(key)
}
