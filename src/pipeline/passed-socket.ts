import type { Passage } from '../endpoints/passthrough.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import type { ClientExchange, MessageSocket } from '../model/ports.ts'
import type { RequestFacts, RequestHead } from '../model/request.ts'
import type { PassedRequest } from '../shape/passage.ts'
import { judge, policyInput } from './judge.ts'
import { clientSide } from './realtime/client-side.ts'
import type { ConversePorts } from './realtime/converse.ts'
import { withUpstream } from './realtime/dialling.ts'
import { offeredProtocols } from './realtime/handshake.ts'
import { Relay } from './realtime/relay.ts'
import { type Admission, Standing } from './realtime/standing.ts'
import { decisionFault } from './refusals.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'
import type { Trail } from './trail.ts'

/** A WebSocket on a route that may be opened: who asks, for what, and where it goes. */
export interface PassedSocket {
  readonly head: RequestHead
  readonly route: Passage['route']
  readonly facts: RequestFacts
  readonly upstream: ServingUpstream
  /** The head of the request as it goes on. */
  readonly request: PassedRequest
}

/**
 * Opens a WebSocket of a passthrough route that was decided and written down, and passes its messages on unread until it
 * ends: as a session does, but that nobody judges what it says.
 */
export function passSocket(
  wanted: PassedSocket,
  principal: Principal,
  exchange: ClientExchange,
  snapshot: Snapshot,
  trail: Trail,
  ports: ConversePorts,
): Promise<Fault | null> {
  const { head, upstream, request } = wanted
  const { origin } = new URL(upstream.settings.url)
  const url = origin.replace(/^http/, 'ws') + request.path
  const target = { url, headers: request.headers, protocols: offeredProtocols(head) }
  return withUpstream(target, upstream, principal, exchange, trail, ports, (socket) =>
    relayed(socket, new RouteAdmission(wanted, principal, snapshot, ports.clock), exchange, trail, ports),
  )
}

async function relayed(
  upstream: MessageSocket,
  admission: RouteAdmission,
  exchange: ClientExchange,
  trail: Trail,
  ports: ConversePorts,
): Promise<void> {
  const { wanted, principal, snapshot } = admission
  const protocol = upstream.protocol === '' ? null : upstream.protocol
  const side = clientSide(upstream, protocol, wanted, principal, exchange, snapshot, trail, ports)
  if (side === null) return
  const standing = new Standing(side.credential, admission, ports)
  const relay = new Relay(side.client, upstream, side.liveness, {
    isAuditWritable: () => ports.audit.writable,
    lost: (now) => standing.tick(now),
    bug: (cause) => ports.bug(cause, exchange.id),
  })
  exchange.onGone = (stopped) => {
    if (stopped) relay.end(stopped)
  }
  const ending = await relay.run()
  trail.received(relay.receivedBytes)
  trail.complete(ending)
}

/** Whether the route is still what it was, and the policy still opens it to its caller. */
class RouteAdmission implements Admission {
  readonly wanted: PassedSocket
  principal: Principal
  snapshot: Snapshot
  readonly #clock: ConversePorts['clock']

  constructor(wanted: PassedSocket, principal: Principal, snapshot: Snapshot, clock: ConversePorts['clock']) {
    this.wanted = wanted
    this.principal = principal
    this.snapshot = snapshot
    this.#clock = clock
  }

  adopt(snapshot: Snapshot): Fault | null {
    this.snapshot = snapshot
    const { head, facts, route, upstream } = this.wanted
    const now = snapshot.settings.passthrough.find(({ name }) => name === route.name)
    if (!snapshot.upstreams.includes(upstream) || JSON.stringify(now) !== JSON.stringify(route)) return routeChanged
    const input = policyInput(this.principal, head, facts, undefined, this.#clock())
    const { decision } = judge(snapshot.policy, input, [], [upstream])
    return decision.effect === 'allow' ? null : decisionFault(decision, facts)
  }
}

const routeChanged: Fault = fault('policy_denied', 'the route was changed: open another session', {
  reason: 'policy_changed',
})
