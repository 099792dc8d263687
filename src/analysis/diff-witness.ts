import type { Decision, PolicyInput } from '../model/decision.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'
import { STORED_OPERATIONS } from '../model/operations.ts'
import type { ModelFact } from '../model/request.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import type { Cell } from './diff-cells.ts'
import type { MadeFacts } from './space.ts'
import { PROJECT } from './space-facts.ts'

export type Effect = Decision['effect']

/** A request that the two policies decide differently: both have decided it. */
export interface Witness {
  /** As a line of `policy explain --batch` says it. */
  readonly line: JsonObject
  /** What the line cannot say: the upstream that would serve it; null where none is spoken of. */
  readonly upstream: { readonly region?: string; readonly labels: { readonly [name: string]: string } } | null
  readonly before: Effect
  readonly after: Effect
  /** The roles that the caller holds under each policy. */
  readonly roles: { readonly before: readonly string[]; readonly after: readonly string[] }
}

const OPENNESS = { deny: 0, step_up: 1, allow: 2 } as const satisfies { readonly [Name in Effect]: number }

/** How much more open the second effect is; below zero for less. */
export function openness(before: Effect, after: Effect): number {
  return OPENNESS[after] - OPENNESS[before]
}

/** Has both policies decide the request. */
export function decidedWitness(
  before: CompiledPolicy,
  after: CompiledPolicy,
  { operation, model }: Cell,
  facts: MadeFacts,
): Witness {
  const old = before.decide(inputOf(facts, operation, model.before))
  const young = after.decide(inputOf(facts, operation, model.after))
  const { region } = facts
  const labels = Object.fromEntries(facts.labels)
  const isSpokenOf = region !== undefined || facts.labels.size > 0
  return {
    line: lineOf(facts, operation, model.named),
    upstream: isSpokenOf ? { ...(region === undefined ? {} : { region }), labels } : null,
    before: old.effect,
    after: young.effect,
    roles: { before: old.roles, after: young.roles },
  }
}

function inputOf(facts: MadeFacts, operation: string, model: ModelFact): PolicyInput {
  const { functions, hosted, bytes, images, files, audio, at, headers } = facts
  return {
    principal: {
      id: facts.user,
      issuer: facts.issuer,
      method: facts.method,
      groups: facts.groups,
      roles: facts.roles,
      workspaces: facts.workspaces,
      claims: claimsOf(facts),
      mfa: facts.mfa,
      acr: facts.acr,
      authTime: authTimeOf(facts),
      key: facts.key,
    },
    operation,
    model,
    stream: facts.stream,
    maxOutputTokens: facts.maxOutputTokens,
    tools: { functions, hosted },
    input: { bytes, images, files, audio },
    urls: facts.urls,
    storedSettings: facts.stored || STORED_OPERATIONS.includes(operation),
    header: (name) => headers.get(name),
    project: headers.get(PROJECT),
    at,
    ip: facts.ip,
    upstream: { name: 'an upstream', region: facts.region, labels: Object.fromEntries(facts.labels) },
  }
}

function authTimeOf({ age, at }: MadeFacts): number | undefined {
  return age === undefined ? undefined : (at - age) / 1000
}

/** Objects without a prototype, so that any name is a name. */
function claimsOf({ claims }: MadeFacts): JsonObject {
  const root = Object.create(null) as { [name: string]: JsonValue }
  for (const { steps, values } of claims) {
    let owner = root
    for (const step of steps.slice(0, -1)) {
      const inner = (owner[step] ?? Object.create(null)) as { [name: string]: JsonValue }
      owner[step] = inner
      owner = inner
    }
    owner[steps.at(-1) ?? ''] = values.length === 1 ? (values[0] ?? '') : values
  }
  return root
}

function lineOf(facts: MadeFacts, operation: string, model: ModelFact): JsonObject {
  const { functions, hosted, bytes, images, files, audio, mfa, claims, groups, roles, workspaces } = facts
  return present({
    as: present({
      user: facts.user,
      issuer: facts.issuer,
      groups,
      roles: roles.length > 0 ? roles : undefined,
      claims: claims.length > 0 ? claimsOf(facts) : undefined,
      // A workspace of another type cannot be told; one that is left out is none.
      workspace: workspaces === undefined ? false : workspaces.length > 0 ? workspaces : undefined,
      method: facts.method,
      mfa: mfa === 'unknown' ? undefined : mfa === 'yes',
      auth_time: authTimeOf(facts),
      acr: facts.acr,
      key: facts.key ?? undefined,
    }),
    request: present({
      operation,
      // A model of another type cannot be told.
      model: model === undefined ? false : (model ?? undefined),
      stream: facts.stream || undefined,
      max_output_tokens: facts.maxOutputTokens,
      tools: functions.length + hosted.length > 0 ? { functions, hosted } : undefined,
      input: present({ bytes, images: images || undefined, files: files || undefined, audio: audio || undefined }),
      headers: facts.headers.size > 0 ? Object.fromEntries(facts.headers) : undefined,
      urls: facts.urls.length > 0 ? facts.urls : undefined,
      stored: facts.stored || undefined,
    }),
    at: new Date(facts.at).toISOString(),
    ip: facts.ip,
  })
}

function present(members: { readonly [key: string]: JsonValue | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject
}
