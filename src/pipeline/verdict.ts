import type { AuditPolicy, AuditShadow } from '../model/audit.ts'
import type { Decision, ShadowVerdict } from '../model/decision.ts'

/** What the policy said of a request. */
export interface Verdict {
  readonly decision: Decision
  /** Of the decision alone. */
  readonly latencyNs: number
  /** What the shadow rules would have changed; nothing follows from it but what the decision event says. */
  readonly shadow: ShadowVerdict | null
}

const NO_ROLES: readonly string[] = []

/** What events tell of the policy; a request that was refused before it was asked has no verdict. */
export function auditPolicy(
  ruleset: string,
  verdict: Verdict | null,
  obligations: readonly string[] | undefined,
): AuditPolicy {
  if (verdict === null) return { ruleset, latencyNs: 0, roles: NO_ROLES }
  const { decision, latencyNs, shadow } = verdict
  return {
    ruleset,
    latencyNs,
    roles: decision.roles,
    rule: decision.rule ?? undefined,
    workspace: decision.workspace,
    obligations,
    shadow: shadow ? auditShadow(shadow) : undefined,
  }
}

/** In the words that events have for decisions. */
function auditShadow({ effect, rule, reason }: ShadowVerdict): AuditShadow {
  return { decision: effect === 'allow' ? 'allow' : 'deny', rule: rule ?? undefined, reason }
}

/** A rule is named where it decided, or would have, not where it allowed what was refused for another reason. */
export function undecided(policy: AuditPolicy): AuditPolicy {
  return { ...policy, rule: undefined, obligations: undefined, shadow: undefined }
}
