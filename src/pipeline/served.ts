import type { Principal } from '../model/identity.ts'
import type { ClientExchange } from '../model/ports.ts'
import type { RequestHead } from '../model/request.ts'
import type { Snapshot } from './snapshot.ts'
import type { Trail } from './trail.ts'

/**
 * A request of a known caller while it is served, for what serves it over many steps. The plain path has none: there each
 * stage is given the values that it names, and nothing is made for a request that is answered at once.
 */
export interface Served {
  readonly head: RequestHead
  readonly principal: Principal
  readonly exchange: ClientExchange
  readonly snapshot: Snapshot
  readonly trail: Trail
}
