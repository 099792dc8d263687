import type { Generated } from 'kysely'

/** Times are epoch milliseconds; lists are JSON texts; what is yes or no is 1 or 0. */
export interface Tables {
  readonly api_keys: KeyRow
  readonly key_events: KeyEventRow
  readonly sealing_keys: SealingKeyRow
  readonly users: UserRow
  readonly second_factors: SecondFactorRow
  readonly recovery_codes: RecoveryCodeRow
  readonly account_failures: AccountFailureRow
  readonly revocations: RevocationRow
  readonly token_keys: TokenKeyRow
  readonly scim_users: ScimUserRow
  readonly scim_groups: ScimGroupRow
  readonly scim_members: ScimMemberRow
  readonly user_events: UserEventRow
  readonly device_codes: DeviceCodeRow
  readonly refresh_families: RefreshFamilyRow
  readonly used_once: UsedOnceRow
}

/** Every table, in the order of the migrations. */
export const TABLE_NAMES = Object.keys({
  api_keys: true,
  key_events: true,
  sealing_keys: true,
  users: true,
  second_factors: true,
  recovery_codes: true,
  account_failures: true,
  revocations: true,
  token_keys: true,
  scim_users: true,
  scim_groups: true,
  scim_members: true,
  user_events: true,
  device_codes: true,
  refresh_families: true,
  used_once: true,
} satisfies { readonly [Name in keyof Tables]: true })

export interface KeyRow {
  readonly id: string
  readonly owner: string
  readonly roles: string
  readonly groups: string
  readonly workspace: string | null
  readonly networks: string
  readonly models: string
  readonly hash: string
  readonly tag: string
  readonly created_at: number
  readonly expires_at: number | null
  readonly revoked_at: number | null
  readonly rotated_from: string | null
  readonly last_used_at: number | null
}

interface Audited {
  /** Counts up in the order in which things happened. */
  readonly id: Generated<number>
  readonly at: number
  readonly by_user: string | null
  readonly by_host: string | null
  readonly claimed_at: number | null
  readonly audited_at: number | null
}

export interface KeyEventRow extends Audited {
  /** `sealing-…`: of a key that seals ids. */
  readonly action: 'created' | 'rotated' | 'revoked' | 'sealing-created' | 'sealing-retired'
  readonly key_id: string
  readonly owner: string
  readonly roles: string
  readonly groups: string
  readonly workspace: string | null
  readonly networks: string
  readonly models: string
  readonly expires_at: number | null
  readonly replaces: string | null
  readonly replaced_until: number | null
}

export interface UserEventRow extends Audited {
  readonly action: string
  readonly source: string
  readonly account: string
  /** A JSON object of texts and lists of texts. */
  readonly detail: string
}

export interface SealingKeyRow {
  readonly kid: string
  /** Empty once the key is retired. */
  readonly secret: string
  readonly created_at: number
  readonly seals_from: number
  readonly retired_at: number | null
}

export interface TokenKeyRow {
  readonly kid: string
  /** Empty once the key is retired. */
  readonly secret: string
  readonly created_at: number
  readonly signs_from: number
  readonly retired_at: number | null
}

export interface UserRow {
  readonly name: string
  /** The name as it is compared with others, so that no two look alike. */
  readonly folded: string
  readonly display: string | null
  readonly email: string | null
  readonly groups: string
  readonly roles: string
  readonly workspace: string | null
  /** Null for who has no password yet. */
  readonly hash: string | null
  readonly disabled_at: number | null
  readonly changed_at: number
  readonly created_at: number
}

export interface SecondFactorRow {
  readonly source: string
  readonly account: string
  readonly secret: string
  readonly last_step: number | null
  readonly created_at: number
}

interface RecoveryCodeRow {
  readonly source: string
  readonly account: string
  readonly hash: string
}

interface AccountFailureRow {
  readonly source: string
  readonly account: string
  readonly failures: number
  readonly counted_from: number
  readonly locked_until: number | null
}

export interface RevocationRow {
  readonly kind: 'jti' | 'subject' | 'session' | 'key'
  readonly issuer: string
  readonly value: string
  readonly issued_before: number
  readonly at: number
  readonly expires_at: number
  /** Of a subject whose name is meant however it is written; null of every other one. */
  readonly folded: string | null
}

export interface ScimUserRow {
  readonly id: string
  readonly user_name: string
  readonly folded: string
  readonly external_id: string | null
  readonly active: number
  readonly resource: string
  readonly version: number
  readonly created_at: number
  readonly changed_at: number
}

export interface ScimGroupRow {
  readonly id: string
  readonly display: string
  readonly folded: string
  readonly external_id: string | null
  readonly resource: string
  readonly version: number
  readonly created_at: number
  readonly changed_at: number
}

interface ScimMemberRow {
  readonly group_id: string
  readonly user_id: string
}

export interface DeviceCodeRow {
  readonly device_hash: string
  readonly user_hash: string
  readonly client: string
  readonly network: string
  readonly wish: string
  readonly state: 'pending' | 'approved' | 'denied'
  /** Who has signed in, sealed; null while nobody has. */
  readonly sealed: string | null
  readonly created_at: number
  readonly expires_at: number
  readonly polled_at: number | null
}

export interface RefreshFamilyRow {
  readonly id: string
  readonly current: string
  readonly issuer: string
  readonly subject: string
  readonly sub: string | null
  readonly session: string | null
  /** A JSON list. */
  readonly tokens: string
  readonly created_at: number
  readonly expires_at: number
}

export interface UsedOnceRow {
  readonly purpose: string
  readonly digest: string
  readonly expires_at: number
}
