import type { connect } from 'node:net'
import {
  AndFilter,
  ApproximateFilter,
  Client,
  type Entry,
  EqualityFilter,
  ExtensibleFilter,
  type Filter,
  GreaterThanEqualsFilter,
  LessThanEqualsFilter,
  NotFilter,
  OrFilter,
  PasswordPolicyControl,
  PresenceFilter,
  ResultCodeError,
  SubstringFilter,
} from 'ldapts'
import type { LdapFilter } from '../../model/ldap-filter.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { PolicyAnswer } from './bind-refusal.ts'
import type { LdapEntry } from './entry.ts'
import type { MessageStream } from './message-stream.ts'

/** `lost`: the connection ended; `late`: it was given up because nothing came; `refused`: the server's own answer. */
export type SessionFailure =
  | { readonly kind: 'lost' | 'late' }
  | { readonly kind: 'refused'; readonly code: number; readonly diagnostic: string; readonly policy: PolicyAnswer }

export interface SearchQuestion {
  readonly base: string
  readonly scope: 'base' | 'sub'
  readonly filter: LdapFilter
  readonly attributes: readonly string[]
  /** Asked for page by page, until there are more than so many entries; in one answer where it is absent. */
  readonly most?: number
}

/** Results that say that there is nothing here: no such object, and a referral, which is not followed. */
const REFERRAL = 10
const PAGE_SIZE = 500
/** Attributes whose values are bytes even where they happen to be a text. */
const BINARY = ['objectSid', 'objectGUID']

/**
 * LDAP on one connection, which is never opened again: what was asked of it after it ended is `lost`, so that nothing is ever
 * sent on a connection without its TLS, or as somebody else. Each operation has a time limit, behind which the connection is
 * given up.
 */
export class LdapSession {
  readonly #stream: MessageStream
  readonly #client: Client

  constructor(stream: MessageStream, operationMs: number) {
    this.#stream = stream
    let isGiven = false
    const give = () => {
      if (isGiven) throw new Error('the connection has ended')
      isGiven = true
      return stream
    }
    // Of a socket the client uses what the stream has; the address is never looked at.
    const createConnection = give as unknown as typeof connect
    this.#client = new Client({ url: 'ldap://directory.invalid', timeout: operationMs, createConnection })
  }

  get isOpen(): boolean {
    return !this.#stream.destroyed
  }

  close(): void {
    this.#stream.destroy()
  }

  /** Tries a password. Neither name nor password may be empty: a server takes that for somebody who says nothing. */
  async bind(dn: string, password: string): Promise<Result<PolicyAnswer, SessionFailure>> {
    // The client takes some bare words for mechanisms.
    if (!/[=@\\]/.test(dn) || password === '') throw new Error('a bind without a name or a password')
    const control = new PasswordPolicyControl()
    try {
      await this.#client.bind(dn, password, control)
      return ok(policyAnswer(control))
    } catch (cause) {
      return failed(this.#failure(cause, control))
    }
  }

  /** Entries as they are here; what the server refers to elsewhere is left there. */
  async search(question: SearchQuestion): Promise<Result<readonly LdapEntry[], SessionFailure>> {
    const { base, scope, filter, attributes, most } = question
    const options = {
      scope,
      filter: written(filter),
      attributes: [...attributes],
      explicitBufferAttributes: BINARY,
      derefAliases: 'never' as const,
    }
    try {
      if (most === undefined) return ok((await this.#client.search(base, options)).searchEntries.map(entryOf))
      const found: LdapEntry[] = []
      for await (const page of this.#client.searchPaginated(base, { ...options, paged: { pageSize: PAGE_SIZE } })) {
        found.push(...page.searchEntries.map(entryOf))
        if (found.length > most) break
      }
      return ok(found)
    } catch (cause) {
      const failure = this.#failure(cause)
      return failure.kind === 'refused' && failure.code === REFERRAL ? ok([]) : failed(failure)
    }
  }

  #failure(cause: unknown, control?: PasswordPolicyControl): SessionFailure {
    if (cause instanceof ResultCodeError) {
      const policy = control === undefined ? { error: null, isGrace: false } : policyAnswer(control)
      return { kind: 'refused', code: cause.code, diagnostic: cause.message, policy }
    }
    const isLate = cause instanceof Error && cause.message.endsWith('Operation timed out')
    this.close()
    return { kind: isLate ? 'late' : 'lost' }
  }
}

function policyAnswer({ value }: PasswordPolicyControl): PolicyAnswer {
  return { error: value?.error ?? null, isGrace: value?.graceAuthNsRemaining !== undefined }
}

function entryOf({ dn, ...rest }: Entry): LdapEntry {
  const attributes = new Map<string, readonly (string | Buffer)[]>()
  for (const [name, value] of Object.entries(rest)) {
    const values: readonly (string | Buffer)[] = Array.isArray(value) ? value : [value]
    if (values.length > 0) attributes.set(name.toLowerCase(), values)
  }
  return { dn, attributes }
}

function written(filter: LdapFilter): Filter {
  switch (filter.kind) {
    case 'and':
      return new AndFilter({ filters: filter.of.map(written) })
    case 'or':
      return new OrFilter({ filters: filter.of.map(written) })
    case 'not':
      return new NotFilter({ filter: written(filter.of) })
    case 'present':
      return new PresenceFilter({ attribute: filter.attribute })
    case 'substrings': {
      const [initial = '', ...rest] = filter.parts.map(String)
      return new SubstringFilter({
        attribute: filter.attribute,
        initial,
        any: rest.slice(0, -1).filter((part) => part !== ''),
        final: rest.at(-1) ?? '',
      })
    }
    case 'extensible':
      return new ExtensibleFilter({
        matchType: filter.attribute,
        rule: filter.rule,
        dnAttributes: filter.dnAttributes,
        value: String(filter.value),
      })
    default:
      return compared(filter)
  }
}

function compared({ by, attribute, value }: Extract<LdapFilter, { kind: 'compare' }>): Filter {
  switch (by) {
    case '=':
      return new EqualityFilter({ attribute, value })
    case '>=':
      return new GreaterThanEqualsFilter({ attribute, value: String(value) })
    case '<=':
      return new LessThanEqualsFilter({ attribute, value: String(value) })
    default:
      return new ApproximateFilter({ attribute, value: String(value) })
  }
}
