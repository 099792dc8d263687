import type { Pair } from './certificates.ts'
import type { DpopClient } from './dpop-client.ts'

/** What a client has. `token` goes into every header that takes one; `authorization` is the whole value of one. */
export interface Held {
  readonly token?: string
  readonly authorization?: string
  readonly pair?: Pair | null
  readonly dpop?: DpopClient | null
  readonly model?: string
}

/** Method, issuer, user, and whether several factors were shown. */
export type Who = readonly [method: string, issuer: string, user: string, mfa: string]
/** The same but for one fact, what it leads to, and the method and issuer that are told of. */
export type Twin = readonly [
  name: string,
  but: Held,
  outcome: string,
  method: string | undefined,
  issuer: string | undefined,
]
export type Row = readonly [name: string, held: Held, who: Who, twins: readonly Twin[]]
