import type { Endpoint } from './endpoint.ts'
import { get } from './operation.ts'

/** What the provider found in the account's traffic. */
export const safety: readonly Endpoint[] = [
  get('safety.alerts.get', '/v1/safety/alerts/{alert}'),
  get('safety.cases.get', '/v1/safety/cases/{case}'),
]
