import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import { OUTPUT_LIMITS } from '../../model/transforms.ts'
import { factsOf } from '../body.ts'
import { SESSION_LIMITS, type WrittenLimit, wider } from './limits.ts'
import { openReading, readSettings, type Turns } from './settings.ts'

/** What a session is set to, as far as the policy speaks of it. */
export interface Configured {
  /** Beside the one that serves the session. */
  readonly models: readonly string[]
  readonly functions: readonly string[]
  readonly hosted: readonly string[]
  readonly urls: readonly string[]
  readonly limit: WrittenLimit
  readonly turns: Turns
  /** Something stored, or something that could not be kept, may bring tools, hosts and instructions of its own. */
  readonly stored: boolean
}

/** What a session says, member by member; null for a member that cannot be read. */
export type Settings = ReadonlyMap<string, Configured | null>

export const NOTHING: Configured = {
  ...{ models: [], functions: [], hosted: [], urls: [] },
  ...{ limit: 'unsaid', turns: 'unsaid', stored: false },
}

/** Which session it is, and the model that was decided when it was opened. */
const NO_SETTINGS: ReadonlySet<string> = new Set(['id', 'object', 'type', 'expires_at', 'model'])
const LIMITS: ReadonlySet<string> = new Set([...SESSION_LIMITS, ...OUTPUT_LIMITS])
export const LIMIT = 'limit'
const TURNS = 'turns'

/**
 * Reads each member by itself: one that is left out says nothing, and one that cannot be read spoils no other one. Those
 * that say the same thing in the API and in its beta are one, and what `audio` holds is as many as it has members.
 */
export function settingsOf(session: JsonObject): Settings {
  const members = new Map<string, JsonObject>()
  for (const key in session) {
    const value = session[key] as JsonValue
    if (NO_SETTINGS.has(key)) continue
    if (key === 'audio') addAudio(members, value)
    else add(members, LIMITS.has(key) ? LIMIT : key === 'turn_detection' ? TURNS : key, { [key]: value })
  }
  return new Map([...members].map(([name, member]) => [name, read(member)]))
}

function addAudio(members: Map<string, JsonObject>, audio: JsonValue): void {
  if (!isJsonObject(audio)) return
  for (const side in audio) {
    const value = audio[side] as JsonValue
    if (!isJsonObject(value)) {
      if (value !== null) add(members, `audio.${side}`, { audio: { [side]: value } })
      continue
    }
    for (const key in value) {
      const isTurns = side === 'input' && key === 'turn_detection'
      const member = { audio: { [side]: { [key]: value[key] as JsonValue } } }
      add(members, isTurns ? TURNS : `audio.${side}.${key}`, member)
    }
  }
}

function add(members: Map<string, JsonObject>, name: string, member: JsonObject): void {
  members.set(name, { ...members.get(name), ...member })
}

function read(member: JsonObject): Configured | null {
  const reading = openReading()
  readSettings(reading, member)
  const { draft, limit, turns } = reading
  if (draft.problem !== null) return null
  const facts = factsOf('', draft, { model: null, stream: true, maxOutputTokens: undefined, bytes: 0 })
  const { nestedModels: models, tools, urls } = facts
  return { models, ...tools, urls, limit, turns, stored: draft.storedSettings }
}

/** What a message sets; nothing where it is none that does. */
export function configuration(message: JsonObject): Settings {
  const session = ownValue(message, 'session')
  return isJsonObject(session) ? settingsOf(session) : new Map()
}

/** A limit alone, as the proxy itself sets it. */
export function limitedTo(limit: WrittenLimit): Settings {
  return new Map([[LIMIT, { ...NOTHING, limit }]])
}

/** Of two settings all that either allows. */
export function both(one: Configured, other: Configured): Configured {
  return {
    models: union(one.models, other.models),
    functions: union(one.functions, other.functions),
    hosted: union(one.hosted, other.hosted),
    urls: union(one.urls, other.urls),
    limit: wider(one.limit, other.limit),
    turns: louder(one.turns, other.turns),
    stored: one.stored || other.stored,
  }
}

function louder(one: Turns, other: Turns): Turns {
  if (one === 'unasked' || other === 'unasked') return 'unasked'
  return one === 'unsaid' ? other : one
}

export function union(one: readonly string[], other: readonly string[]): readonly string[] {
  if (other.length === 0) return one
  return one.length === 0 ? other : [...new Set([...one, ...other])]
}
