/**
 * The meaning of a policy, a second time: written from the words of the contract, slow and plain, sharing no code with
 * `src/policy`. It asks every rule of every file for every request, and knows no index, no order and no cache.
 */
import type { PolicyInput } from '../../src/model/decision.ts'
import {
  all,
  any,
  claimAnswer,
  condition,
  glob,
  milliseconds,
  type ReferenceText,
  type ReferenceWhen,
  truth,
  type Value,
} from './reference-conditions.ts'

export type { ReferenceWhen } from './reference-conditions.ts'

export interface ReferenceMember {
  readonly issuer?: string
  readonly group?: string
  readonly user?: string
  readonly key?: string
  readonly claim?: ReferenceText & { readonly path: string | readonly string[] }
}

export interface ReferenceRule {
  readonly id: string
  readonly effect: 'allow' | 'deny'
  readonly mode?: 'enforce' | 'shadow'
  readonly roles?: readonly string[]
  readonly workspaces?: readonly string[]
  readonly models?: readonly string[]
  readonly operations?: readonly string[]
  readonly when?: ReferenceWhen
}

export interface ReferenceDocument {
  readonly roles?: {
    readonly [name: string]: { readonly members?: readonly ReferenceMember[]; readonly includes?: readonly string[] }
  }
  readonly models?: { readonly [name: string]: readonly string[] }
  readonly workspaces?: { readonly [name: string]: { readonly members?: readonly ReferenceMember[] } }
  readonly rules?: readonly ReferenceRule[]
}

export interface ReferenceAnswer {
  readonly effect: 'allow' | 'deny' | 'step_up'
  readonly rule: string | null
  readonly challenge: { readonly acr: readonly string[]; readonly maxAge: number | null } | null
}

/**
 * The answer for a request under several files together: by the rules that are enforced, or, for the shadow verdict, by
 * all of them.
 */
export function reference(
  documents: readonly ReferenceDocument[],
  input: PolicyInput,
  by: 'enforced' | 'all' = 'enforced',
): ReferenceAnswer {
  const written = documents.flatMap((document) => document.rules ?? [])
  const rules = by === 'all' ? written : written.filter(({ mode }) => mode !== 'shadow')
  const workspace = requestWorkspace(documents, input)
  if (workspace.refused) return { effect: 'deny', rule: null, challenge: null }
  const plain = outcome(documents, rules, input)
  if (plain.effect === 'allow') return { ...plain, challenge: null }
  const { method, key } = input.principal
  const again = method === 'api_key' || method === 'mtls' ? false : !(method === undefined && key !== null)
  for (const rule of again ? sorted(rules.filter(({ effect }) => effect === 'allow')) : []) {
    const { mfa, acr } = rule.when ?? {}
    if (mfa === undefined && acr === undefined) continue
    const asked: (string | undefined)[] = acr ? [...acr] : [input.principal.acr]
    const opens = asked.filter((value) => {
      const principal = { ...input.principal, mfa: 'yes', authTime: input.at / 1000, acr: value } as const
      const stronger = { ...input, principal }
      return outcome(documents, rules, stronger).effect === 'allow' && answer(documents, rule, stronger) === 'yes'
    })
    if (opens.length === 0) continue
    const maxAge = typeof mfa === 'object' ? Math.floor(milliseconds(mfa.max_age) / 1000) : null
    return { effect: 'step_up', rule: rule.id, challenge: { acr: acr ? (opens as string[]) : [], maxAge } }
  }
  return { ...plain, challenge: null }
}

export interface ReferenceTransform extends Omit<ReferenceRule, 'effect' | 'mode' | 'when'> {
  readonly set?: { readonly [name: string]: number | boolean | string }
  readonly system?: { readonly prepend: string }
}

/** The transforms that an allowed request falls under, by `id`: those whose selectors are not a plain no. */
export function referenceTransforms(
  documents: readonly (ReferenceDocument & { readonly transforms?: readonly ReferenceTransform[] })[],
  input: PolicyInput,
): ReferenceTransform[] {
  if (requestWorkspace(documents, input).refused) return []
  const all = documents.flatMap(({ transforms = [] }) => transforms)
  return sorted(all.filter((one) => answer(documents, { ...one, effect: 'deny' }, input) !== 'no'))
}

/** Default deny; a deny that applies wins over every allow. */
function outcome(documents: readonly ReferenceDocument[], rules: readonly ReferenceRule[], input: PolicyInput) {
  const denies = rules.filter((rule) => rule.effect === 'deny' && answer(documents, rule, input) !== 'no')
  if (denies.length > 0) return { effect: 'deny', rule: sorted(denies)[0]?.id ?? null } as const
  const allows = rules.filter((rule) => rule.effect === 'allow' && answer(documents, rule, input) === 'yes')
  if (allows.length > 0) return { effect: 'allow', rule: sorted(allows)[0]?.id ?? null } as const
  return { effect: 'deny', rule: null } as const
}

function sorted<One extends { readonly id: string }>(rules: readonly One[]): One[] {
  const points = (text: string) =>
    [...text].map((point) => (point.codePointAt(0) ?? 0).toString(16).padStart(6, '0')).join('')
  return [...rules].sort((a, b) => (points(a.id) < points(b.id) ? -1 : 1))
}

/** Every selector and every condition of the rule. */
function answer(documents: readonly ReferenceDocument[], rule: ReferenceRule, input: PolicyInput): Value {
  const values: Value[] = []
  if (rule.roles) values.push(any(rule.roles.map((role) => holdsRole(documents, role, input, []))))
  if (rule.workspaces) values.push(any(rule.workspaces.map((name) => isWorkspace(documents, name, input))))
  if (rule.operations) values.push(truth(rule.operations.some((pattern) => glob(pattern, input.operation))))
  if (rule.models) values.push(modelAnswer(documents, rule, input))
  const when = rule.when ?? {}
  for (const [name, written] of Object.entries(when))
    values.push(condition(name as keyof ReferenceWhen, written, input))
  if (rule.effect === 'allow' && when.urls === undefined) values.push(truth(input.urls.length === 0))
  return all(values)
}

function modelAnswer(documents: readonly ReferenceDocument[], rule: ReferenceRule, { model }: PolicyInput): Value {
  if (model === undefined) return 'cannot tell'
  if (model === null) return truth(rule.operations !== undefined)
  return truth((rule.models ?? []).some((entry) => namesModel(documents, entry, model)))
}

function namesModel(documents: readonly ReferenceDocument[], entry: string, model: string): boolean {
  if (!entry.startsWith('@')) return glob(entry, model)
  for (const { models = {} } of documents) {
    for (const [name, list] of Object.entries(models)) {
      if (`@${name}` === entry && list.some((inner) => namesModel(documents, inner, model))) return true
    }
  }
  return false
}

function roleNamed(documents: readonly ReferenceDocument[], name: string) {
  for (const { roles = {} } of documents) if (Object.hasOwn(roles, name)) return roles[name]
  return undefined
}

/** By its members, because the credential carries it, or because a role that is held includes it. */
function holdsRole(
  documents: readonly ReferenceDocument[],
  name: string,
  input: PolicyInput,
  above: readonly string[],
): Value {
  const role = roleNamed(documents, name)
  if (!role || above.includes(name)) return 'no'
  const values = [
    truth(input.principal.roles.includes(name)),
    ...(role.members ?? []).map((entry) => isMember(entry, input)),
  ]
  for (const { roles = {} } of documents) {
    for (const [other, { includes = [] }] of Object.entries(roles)) {
      if (includes.includes(name)) values.push(holdsRole(documents, other, input, [...above, name]))
    }
  }
  return any(values)
}

function isMember(entry: ReferenceMember, { principal }: PolicyInput): Value {
  const values: Value[] = []
  const same = (fact: string | undefined, wanted: string) =>
    fact === undefined ? 'cannot tell' : truth(fact === wanted)
  if (entry.issuer !== undefined) values.push(same(principal.issuer, entry.issuer))
  if (entry.user !== undefined) values.push(same(principal.id, entry.user))
  if (entry.key !== undefined) values.push(truth(principal.key === entry.key))
  if (entry.group !== undefined) {
    values.push(
      principal.groups === undefined ? 'cannot tell' : truth(principal.groups.some((group) => group === entry.group)),
    )
  }
  if (entry.claim) values.push(claimAnswer(entry.claim, principal.claims))
  return all(values)
}

function memberships(documents: readonly ReferenceDocument[], input: PolicyInput): Map<string, Value> {
  const found = new Map<string, Value>()
  for (const { workspaces = {} } of documents) {
    for (const [name, { members = [] }] of Object.entries(workspaces)) {
      const { workspaces: claimed } = input.principal
      const byClaim: Value = claimed === undefined ? 'cannot tell' : truth(claimed.some((one) => one === name))
      found.set(name, any([byClaim, ...members.map((entry) => isMember(entry, input))]))
    }
  }
  return found
}

/** The one of which the principal is a member; of several, the one that the request names, else the request is refused. */
function requestWorkspace(documents: readonly ReferenceDocument[], input: PolicyInput) {
  const certain = [...memberships(documents, input)].filter(([, value]) => value === 'yes').map(([name]) => name)
  if (certain.length <= 1) return { refused: false, name: certain[0] }
  return certain.includes(input.project ?? '')
    ? { refused: false, name: input.project }
    : { refused: true, name: undefined }
}

function isWorkspace(documents: readonly ReferenceDocument[], name: string, input: PolicyInput): Value {
  if (requestWorkspace(documents, input).name === name) return 'yes'
  return memberships(documents, input).get(name) === 'cannot tell' ? 'cannot tell' : 'no'
}
