import type { StoredUser } from '../model/accounts.ts'
import type { KeyStore } from '../stores/keys.ts'
import { columns } from './columns.ts'
import { isoTime } from './store-command.ts'

/** What `users list` tells of a user: nothing that helps anybody to sign in. */
export interface UserRecord {
  readonly name: string
  readonly display: string | null
  readonly email: string | null
  readonly status: 'active' | 'disabled' | 'locked' | 'no password'
  readonly second_factor: boolean
  /** Of recovery codes that were not used yet. */
  readonly recovery_codes: number
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly workspace: string | null
  /** ISO times. */
  readonly created: string | null
  readonly changed: string | null
}

export async function userRecord(store: KeyStore, user: StoredUser, now: number): Promise<UserRecord> {
  const of = { source: 'local', account: user.name }
  const factor = await store.secondFactors.find(of)
  const lockedUntil = await store.accountFailures.lockedUntil(of, now)
  return {
    name: user.name,
    display: user.display,
    email: user.email,
    status: statusOf(user, lockedUntil !== null),
    second_factor: factor !== undefined,
    recovery_codes: factor?.recoveryHashes.length ?? 0,
    roles: user.roles,
    groups: user.groups,
    workspace: user.workspace,
    created: isoTime(user.createdAt),
    changed: isoTime(user.changedAt),
  }
}

function statusOf({ disabledAt, hash }: StoredUser, isLocked: boolean): UserRecord['status'] {
  if (disabledAt !== null) return 'disabled'
  if (hash === null) return 'no password'
  return isLocked ? 'locked' : 'active'
}

/** The users as a table for people. */
export function userTable(records: readonly UserRecord[]): string {
  if (records.length === 0) return 'no users\n'
  const head = ['NAME', 'STATUS', 'SECOND FACTOR', 'ROLES', 'GROUPS', 'WORKSPACE', 'EMAIL', 'CHANGED']
  const rows = records.map((user) => [
    user.name,
    user.status,
    user.second_factor ? `yes, ${user.recovery_codes} recovery codes` : 'no',
    user.roles.join(',') || '-',
    user.groups.join(',') || '-',
    user.workspace ?? '-',
    user.email ?? '-',
    user.changed?.slice(0, 10) ?? '-',
  ])
  return columns(head, rows)
}
