import type { Secret } from './secret.ts'
import type { Settings } from './settings.ts'

/**
 * True where there is a store, and with it keys that seal: an upstream keeps its callers apart, API keys or users are kept,
 * people sign in, whose tokens can be revoked, or an identity provider tells of its users.
 */
export function keepsSealingKeys({
  apiKeys,
  local,
  upstreams,
  tokens = null,
  scim = null,
}: Pick<Settings, 'apiKeys' | 'upstreams'> & Partial<Pick<Settings, 'local' | 'scim' | 'tokens'>>): boolean {
  if (apiKeys.enabled || local?.enabled === true || tokens !== null || scim !== null) return true
  return upstreams.some(({ isolation }) => isolation !== 'off')
}

/** Why the keys that seal ids are not to be used, in words for people that hold nothing of them. */
export class KeysUnusable extends Error {}

/** A key that seals the ids of stored objects, as the store keeps it. Times are epoch milliseconds. */
export interface StoredSealingKey {
  /** What a sealed id names the key by: six letters and digits. Not a secret. */
  readonly kid: string
  /** 32 bytes in base64url. */
  readonly secret: Secret
  readonly createdAt: number
  /**
   * From when on it seals: a little after it was made, so that every process of a fleet knows it by then. It opens what it
   * has sealed as soon as it is known.
   */
  readonly sealsFrom: number
}

/**
 * Whose objects an id opens. A principal that is in no workspace is alone with its objects: a scope of all those that are
 * in none would be a workspace that nobody made.
 */
export type ObjectScope =
  | { readonly kind: 'workspace'; readonly workspace: string }
  | { readonly kind: 'user'; readonly issuer: string; readonly user: string }

/** The scope of a caller on an upstream that keeps its callers apart. */
export function objectScope(
  isolation: 'workspace' | 'user',
  workspace: string | null | undefined,
  principal: { readonly issuer: string; readonly id: string },
): ObjectScope {
  if (isolation === 'workspace' && typeof workspace === 'string') return { kind: 'workspace', workspace }
  return { kind: 'user', issuer: principal.issuer, user: principal.id }
}

/**
 * The verdict of an id of which nothing more is known than whose it is. Another letter says what its object was judged for:
 * it is part of what is sealed, so that no caller can put it there.
 */
export const PLAIN_VERDICT = '1'

/** Marks objects of one kind as those of one scope on one upstream, and knows them again. */
export interface Marker {
  /**
   * What is written into an object when it is made. The same for all objects of the scope for as long as one key seals,
   * but for the verdict that their ids say (`PLAIN_VERDICT` where there is none).
   */
  mark(judgedFor?: string): string
  /** No other key has marked anything that still counts: what does not have this very mark is not the scope's. */
  readonly isOnlyMark: boolean
  /**
   * What the ids of an object say, by the mark of this scope, upstream and kind that it has, of any key that is
   * not retired; null for every other one.
   */
  read(written: unknown): string | null
}

/** Seals and opens the ids of one scope on one upstream. */
export interface Sealer {
  readonly upstream: string
  /** What is put behind an id to seal it, with a verdict; null for what cannot be sealed, which then opens nothing. */
  suffix(id: string, verdict?: string): string | null
  /** The id as the upstream knows it; null for everything that was not sealed for this very scope, without a reason. */
  open(sealed: string): string | null
}
