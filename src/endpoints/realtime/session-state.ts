import type { JsonObject } from '../../model/json.ts'
import type { RequestFacts } from '../../model/request.ts'
import type { ClientMessage } from './client-message.ts'
import { both, type Configured, LIMIT, NOTHING, type Settings, settingsOf, union } from './configured.ts'
import { wider } from './limits.ts'

/** Changes that may wait to be answered. */
const MAX_PENDING = 64
/** Members that are known of one session, and names in one of them: what is more is only known to be there. */
const MAX_MEMBERS = 256
const MAX_NAMES = 4096
const REST = 'rest'

/** A change that has gone on. `id`: by which an error of the upstream names it; `clientId`: as its client called it. */
interface Change {
  readonly settings: Settings
  readonly id: string
  readonly clientId: string | null
}

/**
 * What a session may be set to right now. An upstream can refuse a change and then the old settings stand; so a change
 * adds to what is judged as soon as it goes on, and takes away from it only when the upstream says how the session stands
 * (`session.updated`). It may say only what has changed: a member that it leaves out stays as it is known. Until it says
 * so the first time, the output has no limit.
 */
export class SessionState {
  readonly #confirmed = new Map<string, Configured>([[LIMIT, { ...NOTHING, limit: 'none' }]])
  #pending: Change[] = []
  #all: Configured | null = null

  /** True while a change has gone on and the upstream has not answered it. */
  get isPending(): boolean {
    return this.#pending.length > 0
  }

  get effective(): Configured {
    this.#all ??= this.#sum()
    return this.#all
  }

  /** No change more may go on before one is answered: what nobody counts could be taken for answered. */
  get isFull(): boolean {
    return this.#pending.length >= MAX_PENDING
  }

  /** A change goes on. Its `id` must be one that nobody else can give to a message. */
  change(settings: Settings, id: string, clientId: string | null = null): void {
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
   * Only a member that is there and can be read replaces what is known of it; what the change said of the others may
   * stand beside that.
   */
  confirm(session: JsonObject, answers: boolean): void {
    const told = settingsOf(session)
    const answered = answers ? this.#pending.shift() : undefined
    this.#all = null
    for (const [name, member] of told) if (member !== null) this.#stand(name, member)
    for (const [name, member] of answered?.settings ?? []) {
      if ((told.get(name) ?? null) === null) {
        this.#stand(name, both(this.#confirmed.get(name) ?? NOTHING, member ?? UNREAD))
      }
    }
  }

  #stand(name: string, member: Configured): void {
    if (isNothing(member)) this.#confirmed.delete(name)
    else if (this.#confirmed.has(name) || this.#confirmed.size < MAX_MEMBERS) this.#confirmed.set(name, bounded(member))
    else this.#confirmed.set(REST, UNREAD)
  }

  #sum(): Configured {
    let all = NOTHING
    for (const member of this.#confirmed.values()) all = both(all, member)
    for (const { settings } of this.#pending) for (const member of settings.values()) all = both(all, member ?? UNREAD)
    return all
  }
}

/** Of what could not be read, or not be kept, nobody can tell what it brings. */
const UNREAD: Configured = { ...NOTHING, stored: true }

function isNothing({ models, functions, hosted, urls, limit, turns, stored }: Configured): boolean {
  return !stored && limit === 'unsaid' && turns === 'unsaid' && [models, functions, hosted, urls].every(isEmpty)
}

function isEmpty({ length }: readonly string[]): boolean {
  return length === 0
}

function bounded(member: Configured): Configured {
  const { models, functions, hosted, urls, limit, turns } = member
  const names = models.length + functions.length + hosted.length + urls.length
  return names <= MAX_NAMES ? member : { ...UNREAD, limit, turns }
}

/** The facts that a message is judged by: its own, and what the session is set to. */
export function factsInSession(message: ClientMessage, session: Configured): RequestFacts {
  const { facts } = message
  return {
    ...facts,
    nestedModels: union(session.models, facts.nestedModels),
    tools: {
      functions: union(session.functions, facts.tools.functions),
      hosted: union(session.hosted, facts.tools.hosted),
    },
    urls: union(session.urls, facts.urls),
    storedSettings: facts.storedSettings === true || session.stored,
    maxOutputTokens: outputOf(message, session),
  }
}

/**
 * What a message asks for: nothing where the model does not come to speak by it. Where the session speaks unasked, it
 * does so with what it is set to, whatever the message itself asks for; an update that says how much, or that it is to
 * speak no more, is judged by what it says, or nobody could ever make such a session a good one.
 */
function outputOf({ effect, limit, turns }: ClientMessage, session: Configured): number | undefined {
  if (effect === 'none') return 0
  const isUnasked = turns === 'unasked' || (turns === 'unsaid' && session.turns === 'unasked')
  const own = effect === 'adds' ? 'unsaid' : limit
  if (effect === 'configures') return tokens(own === 'unsaid' && isUnasked ? session.limit : own)
  const asked = effect === 'speaks' && own === 'unsaid' ? session.limit : own
  return tokens(isUnasked ? wider(asked, session.limit) : asked)
}

function tokens(limit: Configured['limit']): number | undefined {
  if (limit === 'unsaid') return 0
  return limit === 'none' ? undefined : limit
}
