import type { Decision, PolicyInput, UpstreamFacts } from '../model/decision.ts'
import type { JsonValue } from '../model/json.ts'
import { isUninspected, passthroughOperation, speaks } from '../model/operations.ts'
import { compilePattern } from '../model/pattern.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Settings, UpstreamKind } from '../model/settings.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import { describedRequest } from '../policy/described.ts'

/** An upstream as far as a decision looks at it. */
export interface DecidedUpstream extends UpstreamFacts {
  /** Absent in cases that are about no config. */
  readonly kind?: UpstreamKind
  readonly serves: (model: string) => boolean
  /** Operations of the passthrough routes that lead here; absent in cases that are about no config. */
  readonly routes?: readonly string[]
}

export function decidedUpstreams({ upstreams, passthrough }: Settings): DecidedUpstream[] {
  const ordered = [...upstreams].sort((a, b) => a.priority - b.priority)
  return ordered.map(({ name, kind, region, labels, models }) => {
    const tests = models.map(compilePattern)
    const leading = passthrough.filter(({ upstream }) => upstream === name)
    return {
      name,
      kind,
      region: region ?? undefined,
      labels,
      serves: (model) => tests.some((test) => test(model)),
      routes: leading.map((route) => passthroughOperation(route.name)),
    }
  })
}

/** A described request, ready to be decided. */
export interface Outcome {
  /** As the policy sees it: alias resolved, and the upstream that leads to the best outcome. */
  readonly input: PolicyInput
  /** False when no upstream (or not the pinned one) serves the model: the proxy answers 404, whatever the policy says. */
  readonly served: boolean
  /** As the policy sees it with its shadow rules enforced: they may lead to another upstream. */
  readonly shadowInput: PolicyInput
}

export function describedOutcome(
  policy: CompiledPolicy,
  upstreams: readonly DecidedUpstream[],
  described: JsonValue,
  now: number,
): Result<Outcome, string> {
  const read = describedRequest(described, now)
  return read.ok ? outcomeOf(policy, upstreams, read.value.input, read.value.upstream) : read
}

/** The same for a request whose model is still as the client named it. `pinned` is the name of an upstream. */
export function outcomeOf(
  policy: CompiledPolicy,
  upstreams: readonly DecidedUpstream[],
  asked: PolicyInput,
  pinned: string | null,
): Result<Outcome, string> {
  const { model } = asked
  const input = typeof model === 'string' ? { ...asked, model: policy.resolveModel(model).model } : asked
  const { model: decided } = input
  const serving = upstreams.filter(
    ({ kind, serves, routes }) =>
      speaks(kind, input.operation) &&
      (!isUninspected(input.operation) || (routes?.includes(input.operation) ?? true)) &&
      (typeof decided !== 'string' || serves(decided)),
  )
  if (pinned !== null) {
    const upstream = upstreams.find(({ name }) => name === pinned)
    if (!upstream) return failed('the config has no upstream of this name')
    const pinnedInput = { ...input, upstream }
    return ok({ input: pinnedInput, served: serving.includes(upstream), shadowInput: pinnedInput })
  }
  const best = bestInput(policy, serving, input)
  const shadowInput = policy.shadow ? bestInput(policy.shadow, serving, input) : best
  return ok({ input: best, served: serving.length > 0, shadowInput })
}

/** Allow before step-up before deny, and the first upstream of the best ones, as `judge` decides; without one, none. */
function bestInput(
  policy: Pick<CompiledPolicy, 'speaksOfUpstream' | 'decide'>,
  serving: readonly DecidedUpstream[],
  input: PolicyInput,
): PolicyInput {
  if (!policy.speaksOfUpstream) return input
  let best: PolicyInput | null = null
  let effect: Decision['effect'] = 'deny'
  for (const upstream of serving) {
    const candidate = { ...input, upstream }
    const decision = policy.decide(candidate)
    if (decision.effect === 'allow') return candidate
    if (best === null || (effect === 'deny' && decision.effect === 'step_up')) {
      best = candidate
      effect = decision.effect
    }
  }
  return best ?? input
}
