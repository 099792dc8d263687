import type { JsonObject, JsonValue } from '../../model/json.ts'
import type { Result } from '../../model/result.ts'
import type { ScimKept, ScimMatch, ScimStore } from '../../model/scim.ts'
import type { ScimFault } from './answers.ts'
import type { Target } from './paths.ts'

export type Operation = 'add' | 'replace' | 'remove'

/** What both kinds of resources are kept with. */
export interface Versioned {
  readonly id: string
  readonly version: number
  readonly createdAt: number
  readonly changedAt: number
}

/** What follows for somebody, by the id that their credentials show. */
export interface Consequence {
  readonly kind: 'disabled' | 'enabled' | 'removed'
  readonly id: string
}

/** A kind of resource: what can be said of one, and how it is kept. `Fields` is what a provider may change. */
export interface Kind<Stored extends Versioned, Filter, Fields> {
  readonly type: 'User' | 'Group'
  /** The most that one page has. */
  readonly maxPage: number
  kept(store: ScimStore): ScimKept<Stored, Filter>
  /** What a filter may compare, by its name in lower case. */
  readonly filters: { readonly [attribute: string]: keyof Filter }
  /** What a resource begins with that is made, or written anew in place of another. */
  blank(before: Fields | null): Fields
  /** Attributes that are not kept here are taken, and change nothing. */
  set(fields: Fields, target: Target, operation: Operation, value: JsonValue | undefined): Result<Fields, ScimFault>
  /** What no other one may have. */
  unique(fields: Fields): Filter
  /** What it must not be without. */
  lacking(fields: Fields): ScimFault | null
  fieldsOf(stored: Stored): Fields
  storedOf(fields: Fields, versioned: Versioned): Stored
  /** As providers are told of it, without `schemas`, `id` and `meta`. */
  document(stored: Stored): JsonObject
  /** As the audit calls a change; null for before it was made, and for after it was removed. */
  action(before: Fields | null, after: Fields | null): string
  consequences(before: Fields | null, after: Fields | null, match: ScimMatch): readonly Consequence[]
}
