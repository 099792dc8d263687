import type { PolicyPrincipal } from '../model/decision.ts'
import { compileMembership, type Held, positions } from '../policy/membership.ts'
import type { PolicyOutline } from '../policy/outline.ts'
import { type CompiledRule, compileRule, nameSet } from '../policy/rule.ts'
import { buildRuleSet, type RuleSet } from '../policy/rule-set.ts'
import type { RoleDocument, RuleDocument, WorkspaceDocument } from '../policy/schema.ts'

/** The enforced rules of a policy, open to be asked one by one. */
export interface AskablePolicy {
  readonly set: RuleSet
  readonly heldBy: (principal: PolicyPrincipal) => Held
  readonly roleAt: ReadonlyMap<string, number>
  readonly workspaceAt: ReadonlyMap<string, number>
  /** Some allow asks for stronger authentication. */
  readonly asksForStrength: boolean
}

export function askable({ roles, workspaces, rules }: PolicyOutline): AskablePolicy {
  const roleAt = new Map([...roles.keys()].map((name, index) => [name, index]))
  const workspaceAt = new Map([...workspaces.keys()].map((name, index) => [name, index]))
  const compiled = rules
    .filter(({ mode }) => mode === 'enforce')
    .map((rule, rank): CompiledRule => {
      const { id, effect, operations } = rule
      const when = rule.hasNoUrls ? { ...rule.when, urls: undefined } : rule.when
      const written = { id, effect, when, ...(operations === null ? {} : { operations }) } as RuleDocument
      return compileRule(written, {
        rank,
        roles: rule.roles && positions(rule.roles, roleAt),
        workspaces: rule.workspaces && positions(rule.workspaces, workspaceAt),
        models: rule.models && nameSet(rule.models),
      })
    })
  return {
    set: buildRuleSet(compiled),
    heldBy: compileMembership(
      roles as unknown as ReadonlyMap<string, RoleDocument>,
      workspaces as unknown as ReadonlyMap<string, WorkspaceDocument>,
    ),
    roleAt,
    workspaceAt,
    asksForStrength: compiled.some(({ effect, strength }) => effect === 'allow' && strength !== null),
  }
}
