import { type Fault, fault } from '../model/fault.ts'
import type { ClientExchange } from '../model/ports.ts'
import type { Delivery } from '../upstream/delivery.ts'
import type { Trail } from './trail.ts'

/** What became of the answer is written down; a fault is returned while it can still be answered. */
export function passed(delivery: Delivery, exchange: ClientExchange, trail: Trail): Fault | null {
  if (delivery.outcome === 'failed') {
    return delivery.fault ?? fault('upstream_unavailable', 'the upstream did not answer')
  }
  if (delivery.outcome === 'broken') breakOff(exchange, delivery)
  trail.complete(delivery)
  return null
}

/** After the first byte of a stream an error is one event and the end, without `[DONE]`; any other answer is cut. */
function breakOff(exchange: ClientExchange, { stream, midEvent, fault: reason }: Delivery): void {
  const broken = reason ?? fault('upstream_unavailable', 'the upstream broke off')
  if (stream) exchange.breakStream(broken, midEvent)
  else exchange.cut()
}
