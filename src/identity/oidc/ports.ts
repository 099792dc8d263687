import type { LoginSettings as ClientSettings, IssuerSettings } from '../../model/identity-settings.ts'
import type { Clock } from '../../model/ports.ts'
import type { OneTime, PageRequest, Revoker } from '../../model/sign-in.ts'
import type { Schedule } from '../jwt/key-sets.ts'
import type { Trouble } from './faults.ts'

/** Told of every logout token that is not taken. */
export type LogoutRefused = (issuer: string, reason: Trouble, request: PageRequest) => void

/** What a sign-in by OpenID Connect needs of its surroundings. */
export interface OidcPorts {
  readonly clock: Clock
  /** `TokenIssuer.url`: every redirect URI stands below it. */
  readonly url: string
  /** For logout tokens. */
  readonly oneTime: OneTime
  /** Null where nothing can be revoked: then there is no back-channel logout. */
  readonly revoker: Revoker | null
  readonly logoutRefused?: LogoutRefused | undefined
  /** From 0 up to 1; spreads retries. */
  readonly random?: (() => number) | undefined
  readonly schedule?: Schedule | undefined
  /** How long one answer of the issuer may take; 10 s when absent. Milliseconds. */
  readonly fetchLimitMs?: number | undefined
}

/** An issuer whose people sign in. */
export type LoginIssuer = IssuerSettings & { readonly login: ClientSettings }

export const FETCH_LIMIT_MS = 10_000
