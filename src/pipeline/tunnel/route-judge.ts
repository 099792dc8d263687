import { isDeepStrictEqual } from 'node:util'
import { type Fault, fault } from '../../model/fault.ts'
import type { Principal } from '../../model/identity.ts'
import type { Clock } from '../../model/ports.ts'
import type { RequestFacts, RequestHead } from '../../model/request.ts'
import type { PassthroughSettings } from '../../model/settings.ts'
import { judge, policyInput } from '../judge.ts'
import type { StandingJudge } from '../realtime/standing.ts'
import { decisionFault } from '../refusals.ts'
import type { ServingUpstream, Snapshot } from '../snapshot.ts'

/** How often the policy is asked again: it may speak of the time, or of how long ago somebody signed in. Milliseconds. */
const AGAIN_MS = 5000

/** What a tunnel was opened by. */
export interface OpenedRoute {
  readonly route: PassthroughSettings
  readonly head: RequestHead
  readonly facts: RequestFacts
  readonly upstream: ServingUpstream
}

/** Whether a tunnel would be opened now as it was: the same route to the same upstream, and the policy allows it. */
export class RouteJudge implements StandingJudge {
  readonly #opened: OpenedRoute
  readonly #clock: Clock
  snapshot: Snapshot
  principal: Principal
  #decidedAt = performance.now()

  constructor(opened: OpenedRoute, principal: Principal, snapshot: Snapshot, clock: Clock) {
    this.#opened = opened
    this.principal = principal
    this.snapshot = snapshot
    this.#clock = clock
  }

  adopt(snapshot: Snapshot): Fault | null {
    this.snapshot = snapshot
    const { route, upstream } = this.#opened
    const now = snapshot.settings.passthrough.find(({ name }) => name === route.name)
    if (!isDeepStrictEqual(now, route)) return routeChanged
    return snapshot.upstreams.includes(upstream) ? this.#decide() : upstreamChanged
  }

  /** Now and then, by the snapshot in force. */
  tick(now: number): Fault | null {
    return now - this.#decidedAt < AGAIN_MS ? null : this.#decide()
  }

  #decide(): Fault | null {
    this.#decidedAt = performance.now()
    const { head, facts, upstream } = this.#opened
    const input = policyInput(this.principal, head, facts, undefined, this.#clock())
    const { decision } = judge(this.snapshot.policy, input, [], [upstream])
    return decision.effect === 'allow' ? null : decisionFault(decision, facts)
  }
}

const routeChanged = fault('policy_denied', 'the route of this connection was closed or changed: open another one', {
  reason: 'route_changed',
})
const upstreamChanged = fault('policy_denied', 'the upstream of this connection was changed: open another one', {
  reason: 'upstream_changed',
})
