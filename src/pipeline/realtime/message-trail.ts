import type { AuditEvent, AuditLog } from '../../model/audit.ts'
import type { Clock } from '../../model/ports.ts'
import { named } from '../events.ts'
import type { Trail } from '../trail.ts'
import { auditPolicy, type Verdict } from '../verdict.ts'
import type { Refusal } from './session-judge.ts'

/** Events of one session about messages that go on: a rule under trial may speak of each one of very many. */
const MAX_SHADOWED = 32

export interface MessageTrailPorts {
  readonly audit: AuditLog
  readonly clock: Clock
}

/** Events about messages of one session, each under the id of the session's request. */
export class MessageTrail {
  readonly #trail: Pick<Trail, 'subject'>
  /** Digest of the policy in force. */
  readonly #ruleset: () => string
  readonly #ports: MessageTrailPorts
  readonly #shadowed = new Set<string>()

  constructor(trail: Pick<Trail, 'subject'>, ruleset: () => string, ports: MessageTrailPorts) {
    this.#trail = trail
    this.#ruleset = ruleset
    this.#ports = ports
  }

  refuse({ fault, type, verdict }: Refusal): void {
    const reason = fault.reason ?? fault.code
    // What the policy allowed is refused for another reason, whatever the shadow rules say.
    const judged = verdict?.decision.effect === 'allow' ? { ...verdict, shadow: null } : verdict
    this.#append(type, judged, {
      action: 'message-denied',
      area: verdict === null ? 'request' : 'policy',
      decision: 'deny',
      reason,
      message: `deny ${reason} ${type ?? 'a message'} of a session`,
      error: named(fault),
    })
  }

  /** A message goes on that would not if the shadow rules were enforced. Told once for each type, rule and reason. */
  shadow(type: string, verdict: Verdict): void {
    const { shadow } = verdict
    const kind = JSON.stringify([type, shadow?.rule, shadow?.reason])
    if (this.#shadowed.has(kind) || this.#shadowed.size >= MAX_SHADOWED) return
    this.#shadowed.add(kind)
    this.#append(type, verdict, {
      action: 'message-authorized',
      area: 'policy',
      decision: 'allow',
      message: `allow ${type} of a session, which shadow rules would not`,
    })
  }

  #append(
    type: string | null,
    verdict: Verdict | null,
    event: Pick<AuditEvent, 'action' | 'area' | 'decision' | 'reason' | 'message' | 'error'>,
  ): void {
    this.#ports.audit.append({
      at: this.#ports.clock(),
      ...event,
      ...this.#trail.subject,
      policy: auditPolicy(this.#ruleset(), verdict, undefined),
      ...(type === null ? {} : { extra: { 'session.message': type } }),
    })
  }
}
