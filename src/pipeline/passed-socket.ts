import type { Passage } from '../endpoints/passthrough.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import type { MessageSocket } from '../model/ports.ts'
import type { RequestFacts } from '../model/request.ts'
import type { PassedRequest } from '../shape/passage.ts'
import { judge, policyInput } from './judge.ts'
import { clientSide } from './realtime/client-side.ts'
import type { ConversePorts } from './realtime/converse.ts'
import { withUpstream } from './realtime/dialling.ts'
import { offeredProtocols } from './realtime/handshake.ts'
import { Relay } from './realtime/relay.ts'
import { type Admission, Standing } from './realtime/standing.ts'
import { decisionFault } from './refusals.ts'
import type { Served } from './served.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'

/** A WebSocket on a route that may be opened: for what, and where it goes. */
export interface PassedSocket {
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
export function passSocket(wanted: PassedSocket, served: Served, ports: ConversePorts): Promise<Fault | null> {
  const { upstream, request } = wanted
  const { origin } = new URL(upstream.settings.url)
  const url = origin.replace(/^http/, 'ws') + request.path
  const target = { url, headers: request.headers, protocols: offeredProtocols(served.head) }
  return withUpstream(target, upstream, served, ports, (socket) => relayed(socket, wanted, served, ports))
}

async function relayed(
  upstream: MessageSocket,
  wanted: PassedSocket,
  served: Served,
  ports: ConversePorts,
): Promise<void> {
  const { head, exchange, trail } = served
  const protocol = upstream.protocol === '' ? null : upstream.protocol
  const side = clientSide(upstream, protocol, wanted, served, ports)
  if (side === null) return
  const admission = new RouteAdmission(wanted, served, ports.clock)
  const standing = new Standing(side.credential, admission, ports, head.clientIp)
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
  principal: Principal
  snapshot: Snapshot
  readonly #wanted: PassedSocket
  readonly #head: Served['head']
  readonly #clock: ConversePorts['clock']

  constructor(wanted: PassedSocket, { head, principal, snapshot }: Served, clock: ConversePorts['clock']) {
    this.#wanted = wanted
    this.#head = head
    this.principal = principal
    this.snapshot = snapshot
    this.#clock = clock
  }

  adopt(snapshot: Snapshot): Fault | null {
    this.snapshot = snapshot
    const { facts, route, upstream } = this.#wanted
    const now = snapshot.settings.passthrough.find(({ name }) => name === route.name)
    if (!snapshot.upstreams.includes(upstream) || JSON.stringify(now) !== JSON.stringify(route)) return routeChanged
    const input = policyInput(this.principal, this.#head, facts, undefined, this.#clock())
    const { decision } = judge(snapshot.policy, input, [], [upstream])
    return decision.effect === 'allow' ? null : decisionFault(decision, facts)
  }
}

const routeChanged: Fault = fault('policy_denied', 'the route was changed: open another session', {
  reason: 'policy_changed',
})
