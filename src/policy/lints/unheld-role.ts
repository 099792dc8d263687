import type { MemberDocument } from '../schema.ts'
import { type Lint, type LintFacts, warningAt } from './lint.ts'

/** A role that nobody can hold: no credential that the config accepts has what its members ask for. */
export const unheldRole: Lint = ({ merged, outline, facts }) => {
  // A key, and a user of the store, may carry any role by its name.
  if (facts.methods.includes('api_key') || facts.methods.includes('local')) return []
  const held = new Set<string>()
  for (const { members, holds } of outline.roles.values()) {
    if (members.some((member) => canMatch(member, facts))) for (const name of holds) held.add(name)
  }
  return [...merged.roles].flatMap(([name, role]) => {
    if (held.has(name)) return []
    const why = outline.roles.get(name)?.members.length
      ? 'its members ask for an API key, and the config accepts none'
      : 'it has no members, no role that somebody holds includes it, and the config has neither API keys nor users of the store, which could carry it'
    const message = `nobody can hold this role: ${why}; give it members such as \`[{ group: … }]\`, or delete it`
    return [warningAt(role, [], 'unheld_role', message, 'key')]
  })
}

function canMatch({ issuer, key }: MemberDocument, { issuers }: LintFacts): boolean {
  return key === undefined && issuers.length > 0 && (issuer === undefined || issuers.includes(issuer))
}
