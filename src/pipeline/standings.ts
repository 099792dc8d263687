import type { Endpoint } from '../endpoints/endpoint.ts'
import type { Decision, PolicyInput } from '../model/decision.ts'
import type { Fault } from '../model/fault.ts'
import type { RequestFacts } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { candidates, judge } from './judge.ts'
import { decisionFault, modelNotFound } from './refusals.ts'
import type { DecidingPolicy, ServingUpstream } from './snapshot.ts'

/** One of several requests that all go to the same upstream. */
export interface Standing {
  readonly facts: RequestFacts
  readonly input: PolicyInput
  readonly api: Endpoint['api']
}

/** Why a request is refused: where the policy decided so, its decision. */
export interface Refused {
  readonly fault: Fault
  readonly decision: Decision | null
}

/**
 * The upstreams for which every request so far was allowed, or would be with stronger authentication: a denial drops an
 * upstream, and a step-up is answered only where nothing but that is missing in any of the requests.
 */
export class Standings {
  readonly #policy: DecidingPolicy
  /** Each with the first step-up that stands in its way. */
  #standing: ReadonlyMap<ServingUpstream, Refused | null>

  constructor(policy: DecidingPolicy, upstreams: readonly ServingUpstream[]) {
    this.#policy = policy
    this.#standing = new Map(upstreams.map((upstream) => [upstream, null]))
  }

  /** In the order in which they are tried. */
  get upstreams(): readonly ServingUpstream[] {
    return [...this.#standing.keys()]
  }

  /**
   * Decides one more request. A decision that is no denial is returned: the workspace is the same in all of them. `told`
   * makes a fault that of this request.
   */
  decide({ facts, input, api }: Standing, told: (fault: Fault) => Fault): Result<Decision, Refused> {
    const { model } = input
    const { nestedModels } = facts
    const serving = candidates(this.upstreams, [model, ...nestedModels], api)
    if (serving.length === 0) {
      const named = [model, ...nestedModels].find((name) => typeof name === 'string')
      return failed({ fault: told(modelNotFound(named ?? 'named in the request')), decision: null })
    }
    const shared = this.#policy.speaksOfUpstream ? null : judge(this.#policy, input, nestedModels, serving).decision
    const standing = new Map<ServingUpstream, Refused | null>()
    let denied: Decision | null = null
    let kept: Decision | null = null
    for (const upstream of serving) {
      const decision = shared ?? judge(this.#policy, input, nestedModels, [upstream]).decision
      if (decision.effect === 'deny') {
        denied ??= decision
        continue
      }
      kept ??= decision
      const before = this.#standing.get(upstream) ?? null
      standing.set(upstream, before ?? refusedBy(decision, facts, told))
    }
    if (kept === null) {
      const refused = denied === null ? null : refusedBy(denied, facts, told)
      if (refused === null) throw new Error('no upstream was decided for')
      return failed(refused)
    }
    this.#standing = standing
    return ok(kept)
  }

  /** Leaves those that the request can be meant for, whoever may ask. */
  keep(upstreams: readonly ServingUpstream[]): void {
    if (upstreams.length === this.#standing.size) return
    this.#standing = new Map([...this.#standing].filter(([upstream]) => upstreams.includes(upstream)))
  }

  /** Of these, the first for which all requests so far are allowed; else the first one. Undefined for none. */
  preferred(upstreams: readonly ServingUpstream[]): ServingUpstream | undefined {
    return upstreams.find((upstream) => this.#standing.get(upstream) === null) ?? upstreams[0]
  }

  /** The first upstream for which all requests are allowed; else the step-up that the first one is missing. */
  chosen(): Result<ServingUpstream, Refused> {
    let nearest: Refused | null = null
    for (const [upstream, stepUp] of this.#standing) {
      if (stepUp === null) return ok(upstream)
      nearest ??= stepUp
    }
    if (nearest === null) throw new Error('no upstream stands')
    return failed(nearest)
  }
}

function refusedBy(decision: Decision, facts: RequestFacts, told: (fault: Fault) => Fault): Refused | null {
  return decision.effect === 'allow' ? null : { fault: told(decisionFault(decision, facts)), decision }
}
