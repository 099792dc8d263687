import type { Decision, Explanation, PolicyInput, UpstreamFacts } from '../model/decision.ts'
import type { JsonValue } from '../model/json.ts'
import { compilePattern } from '../model/pattern.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Settings } from '../model/settings.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import { describedRequest } from '../policy/described.ts'

/** An upstream as far as a decision looks at it. */
export interface DecidedUpstream extends UpstreamFacts {
  readonly serves: (model: string) => boolean
}

export function decidedUpstreams({ upstreams }: Settings): DecidedUpstream[] {
  const ordered = [...upstreams].sort((a, b) => a.priority - b.priority)
  return ordered.map(({ name, region, labels, models }) => {
    const tests = models.map(compilePattern)
    return { name, region: region ?? undefined, labels, serves: (model) => tests.some((test) => test(model)) }
  })
}

/** A described request as the policy sees it: alias resolved, and the upstream that leads to the best outcome. */
export function describedInput(
  policy: CompiledPolicy,
  upstreams: readonly DecidedUpstream[],
  described: JsonValue,
  now: number,
): Result<PolicyInput, string> {
  const read = describedRequest(described, now)
  if (!read.ok) return read
  const { upstream: pinned } = read.value
  const { model } = read.value.input
  const input =
    typeof model === 'string' ? { ...read.value.input, model: policy.resolveModel(model).model } : read.value.input
  if (pinned !== null) {
    const upstream = upstreams.find(({ name }) => name === pinned)
    return upstream ? ok({ ...input, upstream }) : failed('the config has no upstream of this name')
  }
  return ok(policy.speaksOfUpstream ? bestInput(policy, upstreams, input) : input)
}

/** Allow before step-up before deny, and the first upstream of the best ones; without one that serves the model, none. */
function bestInput(policy: CompiledPolicy, upstreams: readonly DecidedUpstream[], input: PolicyInput): PolicyInput {
  const { model } = input
  let best: PolicyInput | null = null
  let effect: Decision['effect'] = 'deny'
  for (const upstream of upstreams) {
    if (typeof model === 'string' && !upstream.serves(model)) continue
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

/** What `explain --json` and each line of a batch answer. */
export function explanationJson({ decision, matched, unmet }: Explanation): object {
  return { effect: decision.effect, rule: decision.rule, reason: decision.reason, matched, unmet }
}
