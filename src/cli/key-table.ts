import type { StoredKey } from '../model/ports.ts'
import { columns } from './columns.ts'

/** What `keys list` tells of a key: nothing that helps anybody to log in, neither hash nor tag. */
interface KeyRecord {
  readonly id: string
  readonly owner: string
  readonly status: 'active' | 'expired' | 'revoked'
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly workspace: string | null
  readonly networks: readonly string[]
  readonly models: readonly string[]
  /** ISO times. */
  readonly created: string
  readonly expires: string | null
  readonly revoked: string | null
  readonly last_used: string | null
  readonly rotated_from: string | null
}

export function keyRecord(key: StoredKey, now: number): KeyRecord {
  const isOver = key.expiresAt !== null && key.expiresAt <= now
  return {
    id: key.id,
    owner: key.owner,
    status: key.revokedAt !== null ? 'revoked' : isOver ? 'expired' : 'active',
    roles: key.roles,
    groups: key.groups,
    workspace: key.workspace,
    networks: key.networks,
    models: key.models,
    created: new Date(key.createdAt).toISOString(),
    expires: iso(key.expiresAt),
    revoked: iso(key.revokedAt),
    last_used: iso(key.lastUsedAt),
    rotated_from: key.rotatedFrom,
  }
}

/** The keys as a table for people. */
export function keyTable(records: readonly KeyRecord[]): string {
  if (records.length === 0) return 'no keys\n'
  const head = [
    'ID',
    'OWNER',
    'STATUS',
    'ROLES',
    'GROUPS',
    'WORKSPACE',
    'NETWORKS',
    'MODELS',
    'CREATED',
    'EXPIRES',
    'LAST USED',
  ]
  const rows = records.map((key) => [
    key.id,
    key.owner,
    key.status,
    key.roles.join(',') || '-',
    key.groups.join(',') || '-',
    key.workspace ?? '-',
    key.networks.join(',') || '-',
    key.models.join(',') || '-',
    day(key.created) ?? '-',
    day(key.expires) ?? 'never',
    day(key.last_used) ?? 'never',
  ])
  return columns(head, rows)
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

function day(time: string | null): string | null {
  return time === null ? null : time.slice(0, 10)
}
