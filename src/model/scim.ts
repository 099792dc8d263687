/** Users and groups as an identity provider tells of them by SCIM (RFC 7643), and who keeps them. Times are epoch milliseconds. */

export interface ScimUser {
  readonly id: string
  readonly userName: string
  readonly externalId: string | null
  readonly active: boolean
  /** The JSON of its other attributes. */
  readonly resource: string
  /** Counts up with each change, from 1. */
  readonly version: number
  readonly createdAt: number
  readonly changedAt: number
}

export interface ScimGroup {
  readonly id: string
  readonly display: string
  readonly externalId: string | null
  /** The JSON of its other attributes. */
  readonly resource: string
  /** Ids of SCIM users, each once. */
  readonly members: readonly string[]
  /** Counts up with each change, from 1. */
  readonly version: number
  readonly createdAt: number
  readonly changedAt: number
}

/** `userName`: whatever its case. */
export interface ScimUserFilter {
  readonly id?: string
  readonly userName?: string
  readonly externalId?: string
}

export interface ScimGroupFilter {
  readonly id?: string
  /** Whatever its case. */
  readonly display?: string
  readonly externalId?: string
}

/** From which place on, counted from 0, and how many at most. */
export interface Page {
  readonly from: number
  readonly most: number
}

export interface Found<Resource> {
  readonly total: number
  readonly found: readonly Resource[]
}

/** The event of a change, which is written with it. */
export interface ScimNote {
  readonly action: string
  /** The configured name of whose people these are. */
  readonly source: string
  readonly detail?: { readonly [name: string]: string | readonly string[] }
  readonly by?: { readonly user: string | null; readonly host: string | null } | undefined
}

/** Everything rejects where the store cannot be read or written: then nothing is changed. */
export interface ScimKept<Resource, Filter> {
  find(id: string): Promise<Resource | undefined>
  /** By when they were made. */
  list(filter: Filter, page: Page): Promise<Found<Resource>>
  create(resource: Resource, note: ScimNote): Promise<'created' | 'taken' | 'unknown'>
  /** Puts it in place of the version before its own. */
  replace(resource: Resource, note: ScimNote): Promise<'replaced' | 'unknown' | 'changed' | 'taken'>
  remove(id: string, now: number, note: ScimNote): Promise<boolean>
}

export interface ScimStore {
  readonly users: ScimKept<ScimUser, ScimUserFilter>
  readonly groups: ScimKept<ScimGroup, ScimGroupFilter>
}

/** What an identity provider says of somebody; `unknown` where it has told nothing of them. */
export type ScimStanding = 'active' | 'inactive' | 'unknown'

/** Which attribute is the id that the person's credentials show. */
export const SCIM_MATCHES = ['userName', 'externalId'] as const
export type ScimMatch = (typeof SCIM_MATCHES)[number]

/** On the path of requests: whether who has this id may still call. Throws, or rejects, when nobody can tell. */
export type ScimStandingReader = (match: ScimMatch, id: string) => ScimStanding | Promise<ScimStanding>

/** Who asked for a change, in its event. */
export type ScimBy = NonNullable<ScimNote['by']>

/**
 * What follows where somebody may not call any more. Each rejects where it could not be done, and can be asked for again.
 * `id`: as their credentials show it.
 */
export interface Deprovisioner {
  /** Ends what they signed in with so far; their API keys wait. */
  disabled(id: string, by: ScimBy): Promise<void>
  enabled(id: string, by: ScimBy): Promise<void>
  /** The same as `disabled`, and their API keys end for good. */
  removed(id: string, by: ScimBy): Promise<void>
}
