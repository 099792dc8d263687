import type { JsonObject } from '../../model/json.ts'
import type { RequestFacts } from '../../model/request.ts'
import { factsOf } from '../body.ts'
import { openDraft } from '../draft.ts'
import type { ClientMessage } from './client-message.ts'
import { type WrittenLimit, wider } from './limits.ts'
import { type Reading, readSettings } from './settings.ts'

/** What a session is set to, as far as the policy speaks of it. */
export interface Configured {
  /** Beside the one that serves the session. */
  readonly models: readonly string[]
  readonly functions: readonly string[]
  readonly hosted: readonly string[]
  readonly urls: readonly string[]
  readonly limit: WrittenLimit
}

const NOTHING: Configured = { models: [], functions: [], hosted: [], urls: [], limit: 'unsaid' }
/** Changes that may wait to be answered. */
const MAX_PENDING = 64

/** A change that has gone on. `id`: by which an error of the upstream names it; `clientId`: as its client called it. */
interface Change {
  readonly settings: Configured
  readonly id: string
  readonly clientId: string | null
}

/**
 * What a session may be set to right now. An upstream can refuse a change and then the old settings stand; so a change
 * adds to what is judged as soon as it goes on, and takes away from it only when the upstream says how the session stands
 * (`session.updated`). Until it says so the first time, the output has no limit.
 */
export class SessionState {
  #confirmed: Configured = { ...NOTHING, limit: 'none' }
  #pending: Change[] = []
  #all: Configured | null = null

  /** True while a change has gone on and the upstream has not answered it. */
  get isPending(): boolean {
    return this.#pending.length > 0
  }

  get effective(): Configured {
    this.#all ??= this.#pending.reduce((all, { settings }) => both(all, settings), this.#confirmed)
    return this.#all
  }

  /** No change more may go on before one is answered: what nobody counts could be taken for answered. */
  get isFull(): boolean {
    return this.#pending.length >= MAX_PENDING
  }

  /** A change goes on. Its `id` must be one that nobody else can give to a message. */
  change(settings: Configured, id: string, clientId: string | null = null): void {
    this.#all = null
    this.#pending.push({ settings, id, clientId })
  }

  /** The upstream refuses the message with this id. The change, if it is one that waits: it is none any more. */
  refuse(id: string): { readonly clientId: string | null } | null {
    const at = this.#pending.findIndex((change) => change.id === id)
    const [refused = null] = at === -1 ? [] : this.#pending.splice(at, 1)
    if (refused !== null) this.#all = null
    return refused
  }

  /**
   * The upstream says how the session stands. `answers`: it does so in answer to a change, which are answered in order.
   * A session that cannot be read takes nothing away, and the change that it answers may have been made.
   */
  confirm(session: JsonObject, answers: boolean): void {
    const stands = configuredBy(session)
    const answered = answers ? this.#pending.shift() : undefined
    this.#all = null
    this.#confirmed = stands ?? both(this.#confirmed, answered?.settings ?? NOTHING)
  }
}

/** What a message sets; nothing where it is none that does. */
export function configuration({ facts, limit }: ClientMessage): Configured {
  const { nestedModels, tools, urls } = facts
  return { models: nestedModels, functions: tools.functions, hosted: tools.hosted, urls, limit }
}

/** A limit alone, as the proxy itself sets it. */
export function limitedTo(limit: WrittenLimit): Configured {
  return { ...NOTHING, limit }
}

function configuredBy(session: JsonObject): Configured | null {
  const reading: Reading = { draft: openDraft(), named: [], limit: 'unsaid', turns: false }
  readSettings(reading, session)
  if (reading.draft.problem !== null) return null
  const facts = factsOf('', reading.draft, { model: null, stream: true, maxOutputTokens: undefined, bytes: 0 })
  const limit = reading.limit === 'unsaid' ? 'none' : reading.limit
  return configuration({ type: '', effect: 'none', named: [], limit, turns: false, facts })
}

function both(one: Configured, other: Configured): Configured {
  return {
    models: union(one.models, other.models),
    functions: union(one.functions, other.functions),
    hosted: union(one.hosted, other.hosted),
    urls: union(one.urls, other.urls),
    limit: wider(one.limit, other.limit),
  }
}

function union(one: readonly string[], other: readonly string[]): readonly string[] {
  if (other.length === 0) return one
  return one.length === 0 ? other : [...new Set([...one, ...other])]
}

/** The facts that a message is judged by: its own, and what the session is set to. */
export function factsInSession({ facts, effect, limit, turns }: ClientMessage, session: Configured): RequestFacts {
  return {
    ...facts,
    nestedModels: union(session.models, facts.nestedModels),
    tools: {
      functions: union(session.functions, facts.tools.functions),
      hosted: union(session.hosted, facts.tools.hosted),
    },
    urls: union(session.urls, facts.urls),
    maxOutputTokens: outputOf(turns ? 'speaks' : effect, limit, session.limit),
  }
}

/** What a message asks for: nothing where the model does not come to speak by it. */
function outputOf(effect: ClientMessage['effect'], own: WrittenLimit, session: WrittenLimit): number | undefined {
  if (effect === 'none') return 0
  const limit = own === 'unsaid' && effect === 'speaks' ? session : own
  if (limit === 'unsaid') return 0
  return limit === 'none' ? undefined : limit
}
