/** What an answer of `who-can` says of one request, by the reference evaluator: only what the answer lists is asked. */
import fc from 'fast-check'
import type { Cell, Way } from '../../src/analysis/access-cell.ts'
import type { Facts } from '../../src/analysis/access-facts.ts'
import type { FactValue } from '../../src/analysis/find-value.ts'
import type { PolicyInput, UpstreamFacts } from '../../src/model/decision.ts'
import type { JsonObject } from '../../src/model/json.ts'
import { compileMembership, type Held } from '../../src/policy/membership.ts'
import type { OutlineRule, PolicyOutline } from '../../src/policy/outline.ts'
import type { RoleDocument, WorkspaceDocument } from '../../src/policy/schema.ts'
import { conditionArbitraries, own, pick, ROLES, WORKSPACES } from './policies.ts'
import type { ReferenceDocument, ReferenceRule } from './reference.ts'
import { condition, type ReferenceWhen } from './reference-conditions.ts'

/** A request, with what its principal holds. */
export interface HeldRequest {
  readonly input: PolicyInput
  readonly roles: readonly string[]
  readonly maybeRoles: readonly string[]
  /** Undefined where several could be meant and none is named: such a request is refused. */
  readonly workspace: string | null | undefined
  readonly maybeWorkspaces: readonly string[]
}

export function holder(outline: PolicyOutline): (input: PolicyInput) => HeldRequest {
  const heldBy = compileMembership(
    outline.roles as unknown as ReadonlyMap<string, RoleDocument>,
    outline.workspaces as unknown as ReadonlyMap<string, WorkspaceDocument>,
  )
  const named = (places: Iterable<number>, names: Iterable<string>) => {
    const list = [...names]
    return [...places].map((place) => list[place] ?? '')
  }
  const workspaceOf = ({ workspaces }: Held, project: string | undefined) => {
    const list = named(workspaces, outline.workspaces.keys())
    if (list.length < 2) return list[0] ?? null
    return list.find((name) => name === project)
  }
  return (input) => {
    const held = heldBy(input.principal)
    return {
      input,
      roles: named(held.roles, outline.roles.keys()),
      maybeRoles: named(held.maybeRoles, outline.roles.keys()),
      workspace: workspaceOf(held, input.project),
      maybeWorkspaces: named(held.maybeWorkspaces, outline.workspaces.keys()),
    }
  }
}

/** Whether the answer says that the request is allowed. */
export function saysAllowed({ rules }: PolicyOutline, { ways }: Cell, request: HeldRequest): boolean {
  const ruleOf = (id: string) => rules.find((rule) => rule.id === id)
  return ways.some((way) => {
    const listed = [...way.conditions.map((one) => one.condition), 'urls']
    if (answers(ruleOf(way.rule), listed, request).some((value) => value !== 'yes')) return false
    return way.unless.every((one) => {
      const names = one.conditions.map((part) => part.condition)
      return answers(ruleOf(one.rule), names, request).includes('no')
    })
  })
}

export function isUnconditional({ conditions, unless }: Way): boolean {
  return conditions.length + unless.length === 0
}

function answers(rule: OutlineRule | undefined, listed: readonly string[], request: HeldRequest): string[] {
  if (!rule) throw new Error('the answer names a rule that there is not')
  const { roles, workspaces, when } = rule
  const among = (names: readonly string[], has: readonly string[], maybe: readonly string[]) =>
    names.some((name) => has.includes(name)) ? 'yes' : names.some((name) => maybe.includes(name)) ? 'cannot tell' : 'no'
  return [...new Set(listed)].map((name) => {
    if (name === 'roles') return among(roles ?? [], request.roles, request.maybeRoles)
    if (name === 'workspaces') return among(workspaces ?? [], [request.workspace ?? ''], request.maybeWorkspaces)
    return condition(name as keyof ReferenceWhen, (when as Record<string, unknown>)[name], request.input)
  })
}

/** A request in which the facts are as they were found, and everything else is as harmless as can be. */
export function requestFrom(facts: Facts, base: PolicyInput, role: string | null): PolicyInput {
  const at = (facts.get('time') as number | undefined) ?? base.at
  const age = facts.get('mfa_age') as number | undefined
  const workspace = facts.get('workspace') as string | null | undefined
  const list = (fact: string) => (facts.get(fact) as readonly string[] | undefined) ?? []
  const flag = (fact: string) => facts.get(fact) === true
  const principal: PolicyInput['principal'] = {
    id: 'nobody',
    issuer: 'nobody',
    method: (facts.get('method') as 'jwt' | undefined) ?? 'jwt',
    groups: [],
    roles: role === null ? [] : [role],
    workspaces: typeof workspace === 'string' ? [workspace] : [],
    claims: claimsFrom(facts),
    mfa: facts.has('mfa') && facts.get('mfa') !== undefined ? (flag('mfa') ? 'yes' : 'no') : 'unknown',
    acr: facts.get('acr') as string | undefined,
    authTime: age === undefined ? undefined : (at - age) / 1000,
    key: null,
  }
  return {
    ...base,
    principal,
    stream: flag('stream'),
    maxOutputTokens: facts.get('max_output_tokens') as number | undefined,
    tools: { functions: list('functions'), hosted: list('hosted') },
    input: {
      bytes: facts.get('bytes') as number | undefined,
      images: flag('images'),
      files: flag('files'),
      audio: flag('audio'),
    },
    urls: list('urls'),
    header: (name) => facts.get(`header ${name}`) as string | undefined,
    project: undefined,
    at,
    ip: facts.get('network') as string | undefined,
    upstream: facts.get('model') as UpstreamFacts | undefined,
  }
}

function claimsFrom(facts: Facts): JsonObject {
  const claims: Record<string, FactValue> = Object.create(null)
  for (const [fact, value] of facts) {
    if (!fact.startsWith('claim ') || value === undefined) continue
    const path = JSON.parse(fact.slice('claim '.length)) as string[]
    let owner = claims as Record<string, unknown>
    for (const step of path.slice(0, -1)) {
      owner[step] ??= Object.create(null)
      owner = owner[step] as Record<string, unknown>
    }
    owner[path.at(-1) ?? ''] = value
  }
  return claims as unknown as JsonObject
}

/** Policies whose rules ask about the same few facts, so that allows and denies meet. */
export function meetingRules(documents: readonly ReferenceDocument[]): fc.Arbitrary<readonly ReferenceDocument[]> {
  const rule = (keys: readonly string[]) =>
    fc
      .record({
        effect: pick(['allow', 'deny'] as const),
        roles: fc.option(fc.uniqueArray(pick(ROLES), { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 2 }),
        workspaces: fc.option(fc.uniqueArray(pick(WORKSPACES), { minLength: 1, maxLength: 2 }), {
          nil: undefined,
          freq: 1,
        }),
        models: fc.option(fc.uniqueArray(pick(['gpt-*', 'o', '*mini', '@small']), { minLength: 1, maxLength: 2 }), {
          nil: undefined,
          freq: 1,
        }),
        when: fc
          .subarray([...keys], { minLength: 1 })
          .chain((names) =>
            fc.tuple(
              ...names.map((key) =>
                (conditionArbitraries[key] ?? fc.constant(true)).map((value) => [key, value] as const),
              ),
            ),
          ),
      })
      .map(({ when, ...selectors }) =>
        own([...Object.entries(selectors).filter(([, value]) => value !== undefined), ['when', own(when)]]),
      )
  return fc
    .uniqueArray(pick(Object.keys(conditionArbitraries)), { minLength: 1, maxLength: 2 })
    .chain((keys) => fc.array(rule(keys), { minLength: 2, maxLength: 5 }))
    .map((rules) => {
      const numbered = rules.map((one, index) => ({ id: `rule ${index}`, ...one }) as unknown as ReferenceRule)
      return [...documents.map(({ rules: _, ...rest }) => rest), { version: 1, rules: numbered } as ReferenceDocument]
    })
}
