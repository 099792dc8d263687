import { randomUUID } from 'node:crypto'
import type { ScimPorts } from '../admin/scim/routes.ts'
import { Throttle } from '../identity/throttle.ts'
import type { AuditEvent, AuditLog } from '../model/audit.ts'
import type { ScimSettings } from '../model/identity-settings.ts'
import type { Clock } from '../model/ports.ts'
import type { KeyStore } from '../stores/keys.ts'
import { openDeprovisioner } from './deprovisioner.ts'
import type { Diagnostics } from './diagnostics.ts'

/**
 * Joins SCIM on the admin listener with the store, the audit and what follows for people. `settings`: those in force.
 */
export function scimPorts(
  open: { readonly keys: KeyStore | null },
  audit: AuditLog,
  diagnostics: Pick<Diagnostics, 'error'>,
  settings: () => ScimSettings | null,
  clock: Clock = Date.now,
): ScimPorts {
  const throttle = new Throttle(clock)
  return {
    settings,
    store: () => {
      const { keys } = open
      return keys === null ? null : { users: keys.scimUsers, groups: keys.scimGroups }
    },
    end: openDeprovisioner(
      () => settings() ?? { source: '', match: 'userName' },
      () => open.keys,
      clock,
    ),
    clock,
    newId: randomUUID,
    isAuditWritable: () => audit.writable,
    denied: (client, why) => {
      // Of each address by itself: nobody can keep the provider out by guessing.
      const admission = throttle.begin(`scim ${client}`, client)
      if (admission === 'busy') return 1000
      if ('waitMs' in admission) return admission.waitMs
      const steps = admission.attempt.failed(false)
      admission.attempt.ended()
      audit.append(denied(clock(), client, why))
      return steps.length === 0 ? null : Math.max(...steps.map(({ waitMs }) => waitMs))
    },
    failed: (err) => diagnostics.error('a SCIM request could not be answered', { err }),
  }
}

function denied(at: number, client: string, credential: string): AuditEvent {
  return {
    at,
    action: 'scim-denied',
    outcome: 'failure',
    message: `a SCIM request with a bearer token that is ${credential}`,
    extra: { 'scim.credential': credential },
    ...(client === '' ? {} : { client: { ip: client } }),
  }
}
