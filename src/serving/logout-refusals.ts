import { Quota } from '../identity/device/quota.ts'
import type { LogoutRefused } from '../identity/oidc/ports.ts'
import type { Visit } from '../identity/sign-in/parts.ts'
import { networkOf } from '../identity/throttle.ts'
import type { AuditLog } from '../model/audit.ts'

/** Events of one network in ten minutes: anybody may send what is refused. */
const QUOTA = { most: 10, windowMs: 600_000 }

/** Writes an event for a logout token that was not taken. One for the life of the process: a reload forgets no flood. */
export function logoutRefusals(audit: Pick<AuditLog, 'append'>): LogoutRefused {
  const quota = new Quota(QUOTA.most, QUOTA.windowMs)
  return (issuer, reason, request) => {
    if (quota.waitSeconds(networkOf(request.client), request.now) > 0) return
    audit.append({
      at: request.now,
      action: 'logout-refused',
      reason,
      message: `a logout token for ${issuer} was not taken: ${reason}`,
      // INVARIANT: the frame hands every page a request that knows how events name it.
      request: (request as Visit).asked,
      authIssuer: issuer,
    })
  }
}
