import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { CALLERS_OWN, holdsObjects } from '../model/object-members.ts'
import { type Draft, examined, noteHost, noteHosted, noteModel, noteObject, noteUrl, refuse, shown } from './draft.ts'
import { hostOfRemote, looksFetched } from './fetched-text.ts'
import { isPlainRanker, noteGraders } from './graders.ts'
import { knownMember, type Member } from './members.ts'
import { looksStored } from './object-keys.ts'
import { steersAtTop } from './steering-keys.ts'
import { noteTool } from './tools.ts'
import { namedHost } from './url-host.ts'

/**
 * Collects the facts of a value of known form, in whatever depth: models, URLs, stored objects, media. With `doubt` the
 * form is not known: then no text is only prose and nothing is left out. `holder`: the key under which the value stands.
 *
 * INVARIANT: recursion is bounded by the depth that the body was admitted with.
 */
export function walk(draft: Draft, value: JsonValue | undefined, doubt: boolean, holder = ''): undefined {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const element of value) {
      if (typeof element === 'string') {
        if (doubt) noteIfFetched(draft, element, 'url')
      } else walk(draft, element, doubt, holder)
    }
    return
  }
  const object = value as JsonObject
  for (const key in object) walkMember(draft, key, object[key] as JsonValue, doubt, holder)
}

/** Collects the facts of one member by what its key says of it. */
export function walkMember(draft: Draft, key: string, value: JsonValue, doubt: boolean, holder = ''): undefined {
  // The first problem stands: what follows it would only cost time.
  if (draft.problem !== null) return
  if (draft.ids.size > 0 && draft.ids.has(key)) return walkIds(draft, key, value)
  const member = knownMember(key) ?? examined(draft, key)
  const { kind, media, misspelt, tool } = member
  if (misspelt && !draft.isOwn && !draft.isFree) return refuseSpelling(draft, key)
  if (media.length > 0 && bringsMedia(member, value)) for (const medium of media) draft[medium] = true
  // Resources of tools are those of tools that are named elsewhere.
  if (tool !== undefined && holder !== 'tool_resources') noteSwitch(draft, tool, value)
  switch (kind) {
    case 'model':
      // Rows and arguments of the caller's own may have any word that ends so.
      if (key !== 'model' && (draft.isOwn || typeof value === 'object')) return walk(draft, value, doubt, key)
      return noteModel(draft, value)
    case 'models':
      return walkModels(draft, key, value, doubt)
    case 'redirect':
      return refuseSteering(draft, key)
    case 'url':
      return walkUrl(draft, key, value, doubt)
    case 'host':
      return walkHost(draft, key, value, doubt)
    case 'object':
      return isJsonObject(value) ? walk(draft, value, doubt, key) : noteObject(draft, key, value)
    case 'id':
    case 'named':
      return walkNamed(draft, kind === 'id' && holder !== '' ? `${holder}.id` : key, value, doubt)
    case 'own':
      return walkOwn(draft, key, value, doubt)
    case 'network':
      return walkNetwork(draft, value)
    case 'tools':
      return walkTools(draft, value)
    case 'graders':
      noteGraders(draft, value)
      return walk(draft, value, doubt, key)
    case 'ranker':
      if (typeof value === 'string' && !isPlainRanker(value)) noteModel(draft, value)
      return walk(draft, value, doubt, key)
    case 'remote':
      return walkRemote(draft, key, value, doubt)
    case 'opaque':
      return doubt ? walkFree(draft, value, doubt, key) : undefined
    case 'text':
      if (typeof value !== 'string') return walk(draft, value, doubt, key)
      return doubt ? noteIfFetched(draft, value, key) : undefined
    case 'double':
      // Words like others here, and like others they may name an object.
      if (holdsObjects(key)) return walkNamed(draft, key, value, doubt)
      break
  }
  if (typeof value === 'string') return walkString(draft, key, value)
  if (Array.isArray(value)) return walkList(draft, value, doubt, key)
  return CALLERS_OWN.has(key) ? walkFree(draft, value, doubt, key) : walk(draft, value, doubt, key)
}

/** One medium or text, or a list of them: what stands in the list is read like what stands alone. */
function walkList(draft: Draft, list: readonly JsonValue[], doubt: boolean, key: string): undefined {
  const outer = draft.isFree
  if (CALLERS_OWN.has(key)) draft.isFree = true
  for (const element of list) {
    if (typeof element === 'string') walkString(draft, key, element)
    else if (Array.isArray(element)) walkList(draft, element, doubt, key)
    else walk(draft, element, doubt, key)
  }
  draft.isFree = outer
}

function walkString(draft: Draft, key: string, text: string): undefined {
  noteIfFetched(draft, text, key)
  if (!draft.isOwn && !draft.isFree && looksStored(key, text)) noteObject(draft, key, text)
}

/** Null brings nothing in; nor does a number or a flag, where only the key's end speaks of media. */
function bringsMedia({ isGuess }: Member, value: JsonValue): boolean {
  return value !== null && (isGuess !== true || typeof value === 'string' || typeof value === 'object')
}

/** What an engine of its own has a switch for is a hosted tool, unless the switch says no. */
function noteSwitch(draft: Draft, tool: string, value: JsonValue): undefined {
  if (value !== null && value !== false && !draft.isOwn && !draft.isFree) noteHosted(draft, tool)
}

/** Models to choose from, or to ask beside the main one; a pattern could stand for any. */
function walkModels(draft: Draft, key: string, value: JsonValue, doubt: boolean): undefined {
  if (draft.isOwn) return walk(draft, value, doubt, key)
  if (typeof value !== 'string') {
    if (!Array.isArray(value)) return walk(draft, value, doubt, key)
    for (const element of value) walkModels(draft, key, element, doubt)
    return
  }
  if (value.includes('*')) return refuse(draft, `\`${shown(key)}\` must name each model: \`*\` stands for any`, key)
  noteModel(draft, value)
}

/** The same for JSON whose keys are the caller's own words. */
export function walkFree(draft: Draft, value: JsonValue, doubt: boolean, key: string): undefined {
  const outer = draft.isFree
  draft.isFree = true
  walk(draft, value, doubt, key)
  draft.isFree = outer
}

function refuseSteering(draft: Draft, key: string): undefined {
  refuse(draft, `\`${shown(key)}\` could redirect the call: leave it out`, key)
}

function refuseSpelling(draft: Draft, key: string): undefined {
  refuse(draft, `\`${shown(key)}\` could be read as another member: spell it as that`, key)
}

/** One id or a list of them; what is more than that is read in doubt. */
export function walkIds(draft: Draft, key: string, value: JsonValue): undefined {
  return isJsonObject(value) ? walk(draft, value, true, key) : noteObject(draft, key, value)
}

/** What names an object by the form of its key. Yes and no are no names; nor is what the caller made up. */
function walkNamed(draft: Draft, key: string, value: JsonValue, doubt: boolean): undefined {
  if (isJsonObject(value)) return walk(draft, value, doubt, key)
  if (draft.isOwn) return typeof value === 'string' ? noteIfFetched(draft, value, key) : walk(draft, value, doubt, key)
  if (typeof value === 'boolean' || value === '') return
  noteObject(draft, key, value)
}

/** Everything below is named by the caller, but for the keys that the API has for its own objects. */
function walkOwn(draft: Draft, key: string, value: JsonValue, doubt: boolean): undefined {
  const outer = draft.isOwn
  draft.isOwn = true
  if (typeof value !== 'string') walk(draft, value, doubt, key)
  else if (doubt || key !== 'arguments') noteIfFetched(draft, value, key)
  draft.isOwn = outer
}

function noteIfFetched(draft: Draft, text: string, key: string): undefined {
  if (looksFetched(text)) return noteUrl(draft, text, key)
  const host = hostOfRemote(text)
  if (host !== null) noteUrl(draft, `https://${host}/`, key)
}

function walkUrl(draft: Draft, key: string, value: JsonValue, doubt: boolean): undefined {
  if (typeof value === 'string') return noteUrl(draft, value, key)
  if (!Array.isArray(value)) return walk(draft, value, doubt, key)
  for (const element of value) walkUrl(draft, key, element, doubt)
}

/** Where an engine is told to connect: a name or an address, with or without a port, or a URL. */
function walkHost(draft: Draft, key: string, value: JsonValue, doubt: boolean): undefined {
  if (value === null || typeof value === 'boolean') return
  if (isJsonObject(value)) {
    // An allow list under a name of its own: `egress: { allow: [‥] }`.
    for (const inner in value) {
      const member = value[inner] as JsonValue
      if (Array.isArray(member)) walkHost(draft, inner, member, doubt)
      else walkMember(draft, inner, member, true, key)
    }
    return
  }
  if (Array.isArray(value)) {
    for (const element of value) walkHost(draft, key, element, doubt)
    return
  }
  if (typeof value === 'string' && value.includes('://')) return noteUrl(draft, value, key)
  const named = typeof value === 'string' ? namedHost(`http://${value}/`) : null
  if (named?.kind === 'host' && typeof value === 'string' && /^[^/?#]+$/.test(value)) noteHost(draft, named.host, key)
  else refuse(draft, `\`${shown(key)}\` must be a plain host name or address`, key)
}

/** Where a program fetches from: a URL, one without its scheme, or a name at some service, which says no host. */
function walkRemote(draft: Draft, key: string, value: JsonValue, doubt: boolean): undefined {
  if (Array.isArray(value)) {
    for (const element of value) walkRemote(draft, key, element, doubt)
    return
  }
  if (typeof value !== 'string') return walk(draft, value, doubt, key)
  if (/^[/\\]{2}/.test(value)) return noteUrl(draft, `https:${value}`, key)
  noteIfFetched(draft, value, key)
}

/** Reads a member at the top of a body that is not known there: there it could steer the call, too. */
export function walkUnknown(draft: Draft, key: string, value: JsonValue): undefined {
  const { kind, topTool, steers } = knownMember(key) ?? examined(draft, key)
  if (topTool !== undefined) noteSwitch(draft, topTool, value)
  if (steers || steersAtTop(key)) return refuseSteering(draft, key)
  if (kind === 'double') return refuseSpelling(draft, key)
  walkMember(draft, key, value, true)
}

/** What a container may connect to: each domain is a host that the request names. */
function walkNetwork(draft: Draft, policy: JsonValue): undefined {
  if (!isJsonObject(policy)) return
  const domains = ownValue(policy, 'allowed_domains')
  for (const domain of Array.isArray(domains) ? domains : []) {
    const named = typeof domain === 'string' ? namedHost(`https://${domain}/`) : null
    if (named?.kind === 'host') noteHost(draft, named.host, 'allowed_domains')
    else refuse(draft, '`allowed_domains` must hold plain host names', 'allowed_domains')
  }
  for (const key in policy) if (key !== 'allowed_domains') walkMember(draft, key, policy[key] as JsonValue, true)
}

/** Reads a list of tools: who runs each one, and what it reaches. */
export function walkTools(draft: Draft, tools: JsonValue): undefined {
  if (tools === null) return
  if (!Array.isArray(tools)) return refuse(draft, '`tools` must be a list of objects', 'tools')
  for (const tool of tools) {
    if (isJsonObject(tool)) walk(draft, tool, noteTool(draft, tool) === 'unknown', 'tools')
    else refuse(draft, '`tools` must be a list of objects', 'tools')
  }
}
