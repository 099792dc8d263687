import type { AuditEvent } from '../model/audit.ts'
import type { ClaimedEvent } from '../stores/key-events.ts'

/** What the audit is told of a key: never anything that helps to use it. */
export function keyEvent(event: ClaimedEvent): AuditEvent {
  const { action, at, key, owner, replaces, by } = event
  if (action === 'sealing-created' || action === 'sealing-retired') return sealingKeyEvent(event, action)
  const from = replaces === null ? '' : ` from ${replaces}`
  return {
    at,
    action: `key-${action}`,
    outcome: 'success',
    message: `key ${key} of ${owner} ${action}${from}`,
    extra: present({
      'key.id': key,
      'key.owner': owner,
      'key.replaces': replaces,
      'key.replaced_until': isoTime(event.replacedUntil),
      'key.expires': isoTime(event.expiresAt),
      'key.roles': event.roles,
      'key.groups': event.groups,
      'key.workspace': event.workspace,
      'key.networks': event.networks,
      'key.models': event.models,
      'key.by.user': by.user,
      'key.by.host': by.host,
    }),
  }
}

/** The id of a key stands in all that it seals: it is no secret. */
function sealingKeyEvent({ at, key, by }: ClaimedEvent, action: 'sealing-created' | 'sealing-retired'): AuditEvent {
  const done = action === 'sealing-created' ? 'created' : 'retired'
  return {
    at,
    action: `sealing-key-${done}`,
    outcome: 'success',
    message: `sealing key ${key} ${done}`,
    extra: present({ 'sealing_key.id': key, 'sealing_key.by.user': by.user, 'sealing_key.by.host': by.host }),
  }
}

type Members = { readonly [name: string]: string | readonly string[] | null }

function present(members: Members): NonNullable<AuditEvent['extra']> {
  const kept: { [name: string]: string | readonly string[] } = {}
  for (const [name, value] of Object.entries(members)) if (value !== null && value.length > 0) kept[name] = value
  return kept
}

function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
