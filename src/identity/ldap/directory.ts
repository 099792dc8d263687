import type { LdapServer, LdapSettings } from '../../model/identity-settings.ts'
import { filled, type LdapFilter, type LdapTemplate, readTemplate } from '../../model/ldap-filter.ts'
import { normalName } from '../../model/ldap-name.ts'
import type { Clock } from '../../model/ports.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { isId } from '../claims.ts'
import type { Schedule } from '../jwt/key-sets.ts'
import { accountFault, PASSWORD_ATTRIBUTES, STATE_ATTRIBUTES } from './account.ts'
import { bindRefusal, policyFault } from './bind-refusal.ts'
import { type LdapEntry, textsOf } from './entry.ts'
import type { DirectoryFault, SearchFailure } from './fault.ts'
import { GroupReader } from './groups.ts'
import { Pool } from './pool.ts'
import { Servers } from './servers.ts'
import { LdapSession, type SearchQuestion, type SessionFailure } from './session.ts'
import { openTransport } from './transport.ts'

/** A user as the directory has it. */
export interface Person {
  readonly entry: LdapEntry
  /** The one name of the entry, by which accounts are told apart. */
  readonly dn: string
  readonly id: string
}

const NO_SUCH_OBJECT = 32
const SIZE_LIMIT = 4

/** Asks the servers of one directory about people. Never throws; what it cannot tell it says so. */
export class Directory {
  readonly #settings: LdapSettings
  readonly #clock: Clock
  readonly #userFilter: LdapTemplate
  /** Bound as the account that searches. */
  readonly #searching: Pool
  /** Bound as whoever signed in last: never asked anything. */
  readonly #proving: Pool
  readonly #groups: GroupReader

  constructor(settings: LdapSettings, clock: Clock, schedule: Schedule) {
    this.#settings = settings
    this.#clock = clock
    this.#userFilter = checkedTemplate(settings.userFilter)
    const { maxConnections, maxWaiting, timeouts } = settings
    const limits = { maxConnections, maxWaiting, idleMs: timeouts.idleMs }
    const pool = (connect: (server: LdapServer) => Promise<Result<LdapSession, SearchFailure>>) =>
      new Pool(new Servers(settings.servers, clock, connect), limits, clock, schedule)
    this.#searching = pool((server) => this.#connectToSearch(server))
    this.#proving = pool((server) => this.#connect(server))
    this.#groups = new GroupReader(settings, checkedTemplate(settings.groupFilter), (question) =>
      this.#search(question),
    )
  }

  close(): void {
    this.#searching.close()
    this.#proving.close()
  }

  /** The one user of this name, whose account may sign in. */
  async find(username: string): Promise<Result<Person, DirectoryFault>> {
    const { base, claims, attributes } = this.#settings
    const own = [claims.id, claims.name, claims.email, ...(claims.workspace === null ? [] : [claims.workspace])]
    const found = await this.#search({
      base,
      scope: 'sub',
      filter: filled(this.#userFilter, () => username) ?? NOBODY,
      attributes: [
        ...new Set([...STATE_ATTRIBUTES, ...PASSWORD_ATTRIBUTES, ...this.#groups.attributes, ...own, ...attributes]),
      ].filter((name) => name !== 'dn'),
    })
    if (!found.ok) return found
    const [entry, second] = found.value
    if (entry === undefined) return failed({ rejected: 'unknown_user' })
    if (second !== undefined) return failed({ rejected: 'ambiguous_user' })
    const dn = normalName(entry.dn)
    if (dn === null) return failed({ failure: 'answer_refused' })
    const ids = claims.id === 'dn' ? [dn] : textsOf(entry, claims.id)
    const [id] = ids
    if (id === undefined || ids.length > 1 || !isId(id)) return failed({ rejected: 'claim_missing' })
    const fault = accountFault(entry, this.#clock())
    return fault === null ? ok({ entry, dn, id }) : failed({ rejected: fault })
  }

  /** Whether the password is that person's. It must not be empty. */
  async prove({ entry }: Person, password: string): Promise<Result<null, DirectoryFault>> {
    const outcome = await this.#proving.run((session) => session.bind(entry.dn, password))
    if (outcome.ok) {
      const fault = policyFault(outcome.value)
      return fault === null ? ok(null) : failed({ rejected: fault })
    }
    const { fault } = outcome
    if (typeof fault !== 'string' && fault.kind === 'refused') {
      const rejected = bindRefusal(fault.code, fault.diagnostic, fault.policy)
      if (rejected !== null) return failed({ rejected })
    }
    return failed({ failure: failureOf(fault) })
  }

  /** The names of all groups that the person is in; undefined when that cannot be told. */
  groupsOf({ entry }: Person): Promise<Result<readonly string[] | undefined, DirectoryFault>> {
    return this.#groups.read(entry)
  }

  async #search(question: SearchQuestion): Promise<Result<readonly LdapEntry[], DirectoryFault>> {
    const outcome = await this.#searching.run((session) => session.search(question))
    if (outcome.ok) return outcome
    const { fault } = outcome
    if (typeof fault !== 'string' && fault.kind === 'refused' && fault.code === SIZE_LIMIT) {
      // Of users one is not to be told from the others.
      return failed(question.most === undefined ? { rejected: 'ambiguous_user' } : { failure: 'too_many' })
    }
    return failed({ failure: failureOf(fault) })
  }

  async #connect(server: LdapServer): Promise<Result<LdapSession, SearchFailure>> {
    const { startTls, ca, timeouts } = this.#settings
    const stream = await openTransport(server, { startTls, ca }, timeouts.connectMs)
    return stream.ok ? ok(new LdapSession(stream.value, timeouts.operationMs)) : stream
  }

  async #connectToSearch(server: LdapServer): Promise<Result<LdapSession, SearchFailure>> {
    const opened = await this.#connect(server)
    const { bind } = this.#settings
    if (!opened.ok || bind === null) return opened
    const session = opened.value
    const bound = await session.bind(bind.dn, bind.password.reveal())
    if (bound.ok) return opened
    session.close()
    return failed(bound.fault.kind === 'refused' ? 'service_bind_refused' : failureOf(bound.fault))
  }
}

/** A filter that has a place for the user name can be filled: this is never asked. */
const NOBODY: LdapFilter = { kind: 'not', of: { kind: 'present', attribute: 'objectClass' } }

function failureOf(fault: SessionFailure | SearchFailure): SearchFailure {
  if (typeof fault === 'string') return fault
  if (fault.kind === 'refused') return fault.code === NO_SUCH_OBJECT ? 'base_missing' : 'search_refused'
  return fault.kind === 'late' ? 'timeout' : 'unreachable'
}

function checkedTemplate(text: string): LdapTemplate {
  const template = readTemplate(text)
  if (!template.ok) throw new Error('a filter of an unchecked config')
  return template.value
}
