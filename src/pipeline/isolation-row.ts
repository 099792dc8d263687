import type { Endpoint } from '../endpoints/endpoint.ts'
import { type Isolation, isolationOf } from '../endpoints/isolation.ts'

const rows = new Map<Endpoint, Isolation>()

/** The row of an endpoint, found once. */
export function rowOf(endpoint: Endpoint): Isolation {
  const known = rows.get(endpoint)
  if (known !== undefined) return known
  const row = isolationOf(endpoint)
  rows.set(endpoint, row)
  return row
}
