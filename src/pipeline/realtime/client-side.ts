import type { Credential } from '../../model/identity.ts'
import type { MessageSocket } from '../../model/ports.ts'
import { ok } from '../../model/result.ts'
import { acceptSocket } from '../../sockets/web-socket.ts'
import { presented } from '../presented.ts'
import type { Served } from '../served.ts'
import type { ServingUpstream } from '../snapshot.ts'
import { allowancesOf, type DialPorts } from './dialling.ts'
import { Liveness } from './liveness.ts'

/** The client's end of a session whose upstream is open. */
interface ClientSide {
  readonly client: MessageSocket
  /** Which the session is checked by again. */
  readonly credential: Credential
  readonly liveness: Liveness
}

/** Of whom it is asked, and by whom. */
interface Asked {
  readonly upstream: ServingUpstream
  /** Of the caller, where it is not the one of the request itself. */
  readonly credential?: Credential | null
}

/**
 * Answers the client's handshake. Null where it has left meanwhile: then both ends are cut and the request is complete.
 * `protocol` is the one that is chosen of those that it offered.
 */
export function clientSide(
  upstream: MessageSocket,
  protocol: string | null,
  { upstream: serving, credential: given = null }: Asked,
  { head, principal, exchange, snapshot, trail }: Served,
  ports: DialPorts,
): ClientSide | null {
  const taken = exchange.upgrade?.take() ?? null
  const client =
    taken && acceptSocket(taken, protocol, [`x-request-id: ${exchange.id}`], allowancesOf(principal, ports))
  const credential = given === null ? presented(head, snapshot) : ok(given)
  if (client === null || !credential.ok) {
    upstream.cut()
    client?.cut()
    trail.complete({ outcome: 'client_gone', status: 0, facts: {}, firstByteAt: 0 })
    return null
  }
  const { keepAliveMs } = snapshot.settings.listen.timeouts
  const { idleMs, totalMs } = serving.settings.timeouts
  const limits = { clientMs: keepAliveMs, upstreamMs: idleMs, totalMs }
  return { client, credential: credential.value, liveness: new Liveness(client, upstream, limits) }
}
