import { isOperationName, isUninspected, passthroughOperation } from '../model/operations.ts'
import { isPattern } from '../model/pattern.ts'
import { nearest } from '../schema/nearest.ts'

/** What policies may refer to: the names that the config gives. */
export interface KnownNames {
  readonly issuers: readonly string[]
  readonly upstreams: readonly {
    readonly name: string
    readonly region: string | undefined
    readonly labels: { readonly [name: string]: string }
  }[]
  /** Names of the passthrough routes; undefined where they are not known. */
  readonly routes?: readonly string[] | undefined
}

/** What is wrong with a name of a passthrough operation; null for every other one, and where the routes are not known. */
export function unopenedRoute(operation: string, routes: readonly string[] | undefined): string | null {
  if (routes === undefined || !isUninspected(operation) || !isOperationName(operation)) return null
  const known = routes.map(passthroughOperation)
  if (isPattern(operation)) return known.length > 0 ? null : 'the config opens no passthrough route'
  if (known.includes(operation)) return null
  const close = nearest(operation, known)
  return `the config opens no passthrough route of this name${close === null ? '' : `; did you mean \`${close}\`?`}`
}
