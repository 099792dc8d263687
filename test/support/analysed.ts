/** A small policy to be analysed: what is the same in every test of an analysis. */
import type { AnalysedPolicy } from '../../src/analysis/access-universe.ts'
import { namesAndPatterns } from '../../src/analysis/parts.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { sources } from './policies.ts'

const UPSTREAMS = [
  { name: 'us', region: 'us', labels: { tier: 'external' }, models: namesAndPatterns(['gpt-*']) },
  { name: 'eu', region: 'eu', labels: {}, models: namesAndPatterns(['gpt-4o']) },
]
const ROLES = {
  employee: { members: [{ issuer: 'corp' }] },
  analyst: { members: [{ group: 'analysts' }], includes: ['employee'] },
  contractor: { members: [{ group: 'contractors' }], includes: ['employee'] },
}
export const SETS = { small: ['gpt-4o-mini', 'gpt-*-nano'] }
const WORKSPACES = { research: { members: [{ group: 'research' }] }, finance: {} }

export function analysed(rules: readonly object[]): AnalysedPolicy {
  const document = {
    version: 1,
    roles: ROLES,
    models: SETS,
    workspaces: WORKSPACES,
    aliases: { fast: 'gpt-4o-mini' },
    rules,
  }
  const { policy, problems } = compilePolicy(sources([document]), { issuers: ['corp'], upstreams: UPSTREAMS })
  if (!policy) throw new Error(JSON.stringify(problems))
  return { outline: policy.outline(), upstreams: UPSTREAMS, at: Date.parse('2026-03-02T09:00:00Z') }
}

export const allow = (id: string, more: object) => ({ id, effect: 'allow', operations: ['chat'], ...more })
export const deny = (id: string, more: object) => ({ id, effect: 'deny', ...more })
export const MFA = { mfa: { max_age: '12h' } }
