import type { Decision, PolicyInput, UpstreamFacts } from '../model/decision.ts'
import { openedBy, speaks } from '../model/operations.ts'
import type { UpstreamKind } from '../model/settings.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import { type AskablePolicy, askable } from './askable.ts'
import { type OpenRule, type Possible, possibleOutcome } from './possible.ts'
import type { RecordedRequest } from './recorded.ts'

/** An upstream of the present config, as far as a decision looks at it. */
interface ReplayUpstream extends UpstreamFacts {
  readonly kind?: UpstreamKind
  readonly serves: (model: string) => boolean
}

interface ReplayOptions {
  readonly policy: Pick<CompiledPolicy, 'digest' | 'speaksOfUpstream' | 'decide' | 'resolveModel' | 'outline'>
  /** In the order in which they are tried. */
  readonly upstreams: readonly ReplayUpstream[]
  /** How long before its event a request may have arrived: its body was awaited. Unit: milliseconds. */
  readonly arrivalMs: number
  /** Roles that rest on claims are taken to be held as they were, under whatever policy that was. */
  readonly assumesRoles: boolean
}

/** What a recorded request comes to under the present files. `unchanged`: the same effect. */
export type Change = 'unchanged' | 'newly_allowed' | 'newly_denied' | 'newly_stepped_up' | 'cannot_tell'

export interface Replayed {
  readonly change: Change
  /** The present policy is the one that decided then. */
  readonly isSameRuleset: boolean
  /** What decides now: null where no rule allows, and where that cannot be told. */
  readonly rule: string | null
  readonly reason: string
  /** What it depends on that is not recorded, by rule; under the same ruleset the record says how that came out. */
  readonly open: readonly OpenRule[]
}

/** Decides recorded requests again. What is not recorded is never taken for absent. */
export function openReplay(options: ReplayOptions): (request: RecordedRequest) => Replayed {
  const policy = askable(options.policy.outline())
  return (request) => {
    const isSameRuleset = request.was.ruleset === options.policy.digest
    const now = outcomeNow(options, policy, request, isSameRuleset)
    return { ...compared(options, request, now, isSameRuleset), isSameRuleset }
  }
}

type Outcome = Possible | { readonly effect: 'unserved' }

function outcomeNow(
  { policy, upstreams, arrivalMs, assumesRoles }: ReplayOptions,
  askablePolicy: AskablePolicy,
  request: RecordedRequest,
  isSameRuleset: boolean,
): Outcome {
  const { unrecorded, was, nestedModels } = request
  const input = resolved(policy, request)
  const models = [input.model, ...nestedModels]
  const serving = upstreams.filter(
    ({ kind, serves }) =>
      speaks(kind, input.operation) && models.every((model) => typeof model !== 'string' || serves(model)),
  )
  if (serving.length === 0) return { effect: 'unserved' }
  const known = {
    unrecorded,
    arrivedAfter: unrecorded.has('arrival') ? input.at - arrivalMs : input.at,
    rolesHeld: isSameRuleset || assumesRoles ? was.roles : null,
    rolesCarried: was.roles ?? [...askablePolicy.roleAt.keys()],
  }
  const decided = (one: PolicyInput) => {
    const outcomes = [one, ...openedLater(one)].flatMap((each) =>
      models.map((model) => possibleOutcome(askablePolicy, { ...known, input: { ...each, model } })),
    )
    return withUntoldModels(allOf(outcomes), unrecorded.has('models'))
  }
  if (!policy.speaksOfUpstream) return decided(input)
  return bestOf(serving.map((upstream) => decided({ ...input, upstream })))
}

/** A secret is made for whoever may open what it opens, too. */
function openedLater(input: PolicyInput): PolicyInput[] {
  const operation = openedBy(input.operation)
  return operation === null ? [] : [{ ...input, operation, stream: true }]
}

/** The request with the model that is meant under the present policy. */
function resolved({ resolveModel }: Pick<CompiledPolicy, 'resolveModel'>, { input }: RecordedRequest): PolicyInput {
  return typeof input.model === 'string' ? { ...input, model: resolveModel(input.model).model } : input
}

/** Every model must be allowed. */
function allOf(outcomes: readonly Possible[]): Possible {
  const [main] = outcomes
  if (main !== undefined && outcomes.length === 1) return main
  const denied = outcomes.find(({ effect }) => effect === 'deny')
  if (denied) return denied
  const open = mergedOpen(outcomes)
  const asked = outcomes.find(({ effect }) => effect === 'step_up')
  if (outcomes.some(({ effect }) => effect === 'refused') || (asked && open.length > 0)) {
    return { effect: 'refused', open }
  }
  if (asked) return asked
  return open.length > 0 || main === undefined ? { effect: 'open', open } : main
}

function withUntoldModels(outcome: Possible, isUntold: boolean): Possible {
  if (!isUntold || outcome.effect === 'deny' || outcome.effect === 'open' || outcome.effect === 'refused')
    return outcome
  const open: OpenRule[] = [{ rule: outcome.rule, facts: ['models'] }]
  return { effect: outcome.effect === 'allow' ? 'open' : 'refused', open }
}

/** One upstream that is allowed is enough. */
function bestOf(outcomes: readonly Possible[]): Possible {
  const has = (effect: Possible['effect']) => outcomes.find((outcome) => outcome.effect === effect)
  const allowed = has('allow')
  if (allowed) return allowed
  if (has('open')) return { effect: 'open', open: mergedOpen(outcomes) }
  if (has('refused')) return { effect: 'refused', open: mergedOpen(outcomes) }
  return has('step_up') ?? outcomes[0] ?? { effect: 'deny', rule: null }
}

function mergedOpen(outcomes: readonly Possible[]): OpenRule[] {
  const merged = new Map<string, OpenRule>()
  for (const outcome of outcomes) {
    for (const one of 'open' in outcome ? outcome.open : []) if (!merged.has(one.rule)) merged.set(one.rule, one)
  }
  return [...merged.values()]
}

type Compared = Omit<Replayed, 'isSameRuleset'>

function compared({ policy }: ReplayOptions, request: RecordedRequest, now: Outcome, isSameRuleset: boolean): Compared {
  const { was } = request
  switch (now.effect) {
    case 'open':
    case 'refused': {
      // Under the very policy that decided, its word is the answer wherever it is among those that are possible.
      const isWord = isSameRuleset && (now.effect === 'open' || was.effect !== 'allow')
      if (isWord) return { change: 'unchanged', rule: was.rule, reason: was.reason, open: now.open }
      if (now.effect === 'refused' && was.effect === 'allow') {
        return { change: 'newly_denied', rule: null, reason: 'denied_or_step_up', open: now.open }
      }
      return { change: 'cannot_tell', rule: null, reason: 'not_recorded', open: now.open }
    }
    case 'unserved':
      return { change: changeOf(was.effect, 'deny'), rule: null, reason: 'model_not_found', open: [] }
    default: {
      const { effect, rule } = now
      return { change: changeOf(was.effect, effect), rule, reason: reasonOf(policy, request, effect, rule), open: [] }
    }
  }
}

function changeOf(was: Decision['effect'], now: Decision['effect']): Change {
  if (was === now) return 'unchanged'
  return now === 'allow' ? 'newly_allowed' : now === 'deny' ? 'newly_denied' : 'newly_stepped_up'
}

function reasonOf(
  policy: ReplayOptions['policy'],
  request: RecordedRequest,
  effect: Decision['effect'],
  rule: string | null,
): string {
  if (effect === 'allow') return 'allowed'
  if (effect === 'step_up') return 'step_up_required'
  if (rule !== null) return 'denied_by_rule'
  const decision = policy.decide(resolved(policy, request))
  return decision.effect === 'deny' ? decision.reason : 'default_deny'
}
