import type { PolicyInput } from '../model/decision.ts'
import type { RuleDocument } from './schema.ts'

/** Rules that are gone through. Every rule is another run of the same code: a few of them reach all of it. */
const MAX_RULES = 12
/** Rules that may be asked in all: with rules that no selector tells apart, each input asks every one of them. */
const MAX_ASKED = 8_000
/** Any time will do: 2026-01-05T12:00:00Z, a Monday. */
const AT = 1_767_614_400_000

/**
 * Requests that nobody made: what some of the rules are for, the same from somebody of whom nothing is known, and the
 * same without a model, so that allows, denies, conditions, step-up and reasons are gone through.
 */
export function warmingInputs(
  rules: readonly RuleDocument[],
  firstModel: (rule: RuleDocument) => string,
): PolicyInput[] {
  const affordable = Math.max(1, Math.floor(MAX_ASKED / Math.max(rules.length, 1)))
  const count = Math.min(MAX_RULES, rules.length, affordable)
  const picked = Array.from({ length: count }, (_, nth) => rules[Math.floor((nth * rules.length) / count)])
  const known = picked.flatMap((rule) => (rule ? [wanted(rule, firstModel(rule))] : []))
  return known.flatMap((input) => [input, stranger(input), { ...input, model: null }])
}

function wanted({ roles, workspaces, operations }: RuleDocument, model: string): PolicyInput {
  return {
    principal: {
      id: 'warm-up',
      issuer: 'warm-up',
      method: 'jwt',
      groups: ['warm-up'],
      roles: roles ?? [],
      workspaces: workspaces?.slice(0, 1) ?? [],
      claims: {},
      mfa: 'yes',
      acr: 'warm-up',
      authTime: AT / 1000,
      key: null,
    },
    operation: plain(operations?.[0] ?? 'chat'),
    model: plain(model),
    stream: false,
    maxOutputTokens: 1,
    tools: { functions: [], hosted: [] },
    input: { bytes: 1, images: false, files: false, audio: false },
    urls: [],
    header: () => 'warm-up',
    project: workspaces?.[0],
    at: AT,
    ip: '192.0.2.1',
    upstream: { name: 'warm-up', region: 'warm-up', labels: {} },
  }
}

function stranger(input: PolicyInput): PolicyInput {
  const principal = { ...input.principal, groups: undefined, roles: [], workspaces: undefined, mfa: 'unknown' } as const
  return { ...input, principal, ip: undefined, header: () => undefined, tools: { functions: ['a'], hosted: ['b'] } }
}

/** A name that the pattern matches. */
function plain(pattern: string): string {
  return pattern.replaceAll('*', 'x')
}
