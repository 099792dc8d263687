/** `who-can` agrees with enumerating requests: what it says of a role is so for every request that is tried. */
import fc from 'fast-check'
import t from 'tap'
import { type Cell, cellOf, type Field, fieldOf, roleSubject, type Subject } from '../../src/analysis/access-cell.ts'
import { factFinder } from '../../src/analysis/access-facts.ts'
import { evasion, remainder } from '../../src/analysis/access-region.ts'
import { type AnalysedPolicy, type ModelTarget, serving } from '../../src/analysis/access-universe.ts'
import { namesAndPatterns } from '../../src/analysis/parts.ts'
import type { PolicyInput } from '../../src/model/decision.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts'
import { type HeldRequest, holder, isUnconditional, meetingRules, requestFrom, saysAllowed } from '../support/access.ts'
import { documentsArbitrary, KNOWN, ROLES, sources } from '../support/policies.ts'
import { inputArbitrary } from '../support/requests.ts'

const MODELS = ['gpt-4o', 'gpt-4o-mini', 'o', 'constructor']
const OPERATIONS = ['chat', 'embeddings', 'models.list', 'files.list']
const UPSTREAM_MODELS = [['gpt-*', 'o'], ['*'], ['gpt-4o']]
const POLICIES = Number(process.env.SALLYPORT_CASES ?? 100_000) / 2_000
const REQUESTS = 12

const upstreams = KNOWN.upstreams.map((upstream, index) => ({
  ...upstream,
  models: namesAndPatterns(UPSTREAM_MODELS[index] ?? []),
}))
const policyArbitrary = documentsArbitrary.chain((documents) =>
  fc.oneof(fc.constant(documents), meetingRules(documents), meetingRules(documents)),
)

interface Asked {
  readonly policy: CompiledPolicy
  readonly analysed: AnalysedPolicy
  readonly hold: (input: PolicyInput) => HeldRequest
  readonly subject: Subject
  readonly target: ModelTarget
  readonly field: Field
  readonly cell: Cell
  /** The operation and the model. */
  readonly about: Pick<PolicyInput, 'operation' | 'model'>
}

/** Every role, operation and model of the small universe. */
function* questions(documents: readonly unknown[]): Generator<Asked> {
  const { policy } = compilePolicy(sources(documents), KNOWN)
  if (!policy) throw new Error('the generated policy has problems')
  const outline = policy.outline()
  const analysed = { outline, upstreams, at: Date.parse('2026-03-02T09:00:00Z') }
  const hold = holder(outline)
  for (const operation of OPERATIONS) {
    const named = operation === 'chat' || operation === 'embeddings'
    for (const model of named ? MODELS : [null]) {
      const target: ModelTarget = model === null ? { kind: 'none' } : { kind: 'name', label: model, name: model }
      const field = fieldOf(analysed, { label: operation, asked: operation }, target)
      for (const role of [null, ...ROLES]) {
        const subject = roleSubject(analysed, role)
        const cell = cellOf(field, subject)
        yield { policy, analysed, hold, subject, target, field, cell, about: { operation, model } }
      }
    }
  }
}

const seen = { requests: 0, allowed: 0, refused: 0, yes: 0, no: 0, conditional: 0, reached: 0, violated: 0 }

/** The principal holds exactly the role and what it includes, and the request has a place. */
function isOfRole({ subject: { roles } }: Asked, { roles: held, workspace }: HeldRequest): boolean {
  return workspace !== undefined && held.length === roles.certain.size && held.every((role) => roles.certain.has(role))
}

function compare(asked: Asked, input: PolicyInput): void {
  const { policy, analysed, hold, cell } = asked
  const request = hold(input)
  if (!isOfRole(asked, request)) return
  const { effect } = policy.decide(input)
  const said = saysAllowed(analysed.outline, cell, request)
  if (said !== (effect === 'allow')) throw new Error(`decided ${effect}, and who-can says ${JSON.stringify(cell)}`)
  if (effect === 'step_up' && !cell.ways.some(({ step_up: again }) => again)) throw new Error('an untold step-up')
  if (cell.ways.some(isUnconditional) && input.urls.length === 0 && effect !== 'allow') throw new Error('not always')
  seen.requests++
  if (effect === 'allow') seen.allowed++
  else seen.refused++
}

/** Requests of a principal who holds the role as its members do, or because its key carries it. */
function ofRole({ subject: { role }, about, target, analysed }: Asked, drawn: readonly PolicyInput[]): PolicyInput[] {
  const members = role === null ? [] : (analysed.outline.roles.get(role)?.members ?? [])
  const places = serving(analysed, target, [{ label: about.operation, asked: about.operation }])
  return drawn.map((input, index) => {
    const { issuer, user, group, key } = members[index % Math.max(members.length, 1)] ?? {}
    const { principal } = input
    const carried = role === null || (index % 2 === 0 && members.length > 0) ? [] : [role]
    const groups = index % 3 === 0 ? principal.groups : []
    return {
      ...input,
      ...about,
      upstream: places[index % places.length],
      principal: {
        ...principal,
        method: principal.method ?? 'jwt',
        issuer: issuer ?? principal.issuer ?? 'corp',
        id: user ?? principal.id ?? 'nobody',
        key: key ?? null,
        groups: group === undefined ? groups : [group],
        roles: carried,
      },
    }
  })
}

/** What the finder says can be, is; and each request that differs from it in one fact is as the answer says. */
function reach(asked: Asked, drawn: readonly PolicyInput[]): void {
  const { field, subject, cell, about, policy, hold } = asked
  const find = factFinder({ ...field.situation, ...subject })
  for (const way of cell.ways) {
    const allow = field.allows.find(({ id }) => id === way.rule)
    const [base] = drawn
    if (!allow || !base) throw new Error('a way without its rule')
    const rest = remainder(allow, field.denies, find)
    const yes = allow.parts.map((part) => ({ part, answer: 'yes' as const }))
    const wanted = rest.left ? evasion(yes, rest.exceptions, find) : null
    const facts = wanted && find(wanted)
    if (!facts) throw new Error('a way without facts')
    const upstream = facts.get('model') ?? field.situation.upstreams[0]
    const made = requestFrom(new Map([...facts, ['model', upstream]]), { ...base, ...about }, subject.role)
    const request = hold(made)
    // What members with a claim would give cannot be told of the request that was made, and may be what a deny asks.
    const { maybeRoles, maybeWorkspaces } = request
    if (!isOfRole(asked, request) || maybeRoles.length + maybeWorkspaces.length > 0) continue
    if (policy.decide(made).effect !== 'allow') throw new Error(`not allowed: ${JSON.stringify([made, way])}`)
    seen.reached++
    for (const other of drawn.slice(0, 3)) for (const changed of changes(made, other)) compare(asked, changed)
  }
}

/** The request with one fact of another. */
function changes(made: PolicyInput, other: PolicyInput): PolicyInput[] {
  const facts = ['stream', 'maxOutputTokens', 'tools', 'input', 'urls', 'header', 'at', 'ip'] as const
  const own = ['mfa', 'acr', 'authTime', 'claims'] as const
  seen.violated += facts.length + own.length
  return [
    ...facts.map((fact) => ({ ...made, [fact]: other[fact] })),
    ...own.map((fact) => ({ ...made, principal: { ...made.principal, [fact]: other.principal[fact] } })),
    { ...made, principal: { ...made.principal, method: other.principal.method ?? 'jwt' } },
    { ...made, principal: { ...made.principal, workspaces: other.principal.workspaces }, project: other.project },
  ]
}

t.test(`who-can agrees with enumerating requests, on ${POLICIES} policies`, async (t) => {
  fc.assert(
    fc.property(
      policyArbitrary,
      fc.array(inputArbitrary, { minLength: REQUESTS, maxLength: REQUESTS, size: 'max' }),
      (documents, drawn) => {
        for (const asked of questions(documents)) {
          const { ways } = asked.cell
          if (ways.length === 0) seen.no++
          else if (ways.some(isUnconditional)) seen.yes++
          else seen.conditional++
          for (const input of ofRole(asked, drawn)) compare(asked, input)
          reach(asked, drawn)
        }
      },
    ),
    {
      numRuns: POLICIES,
      verbose: 1,
      endOnFailure: process.env.SALLYPORT_SHRINK === undefined,
      interruptAfterTimeLimit: 3_600_000,
    },
  )
  t.comment(JSON.stringify(seen))
  for (const [what, count] of Object.entries(seen)) t.ok(count > POLICIES, `many ${what}`)
})
