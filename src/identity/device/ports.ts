import type { AuditLog } from '../../model/audit.ts'
import type { DeviceCodes, RefreshFamilies } from '../../model/device.ts'
import type { Verification } from '../../model/identity.ts'
import type { Result } from '../../model/result.ts'
import type { Secret } from '../../model/secret.ts'
import type {
  RevocationReader,
  Revoker,
  SignInProvider,
  SignInStanding,
  StateSealer,
  TokenIssuer,
} from '../../model/sign-in.ts'
import type { Throttle } from '../throttle.ts'

/** Somewhere to sign in, as terminals and people are told of it. */
export interface SignInChoice {
  readonly name: string
  readonly kind: 'oidc' | 'saml' | 'ldap' | 'local'
  /** For people. */
  readonly label: string
}

/** A hash that only this fleet can make, and that is the same whoever of it makes it. */
export interface KeyedDigest {
  digest(purpose: string, text: string): Promise<Result<string, 'unavailable'>>
}

/** What the sign-in from a terminal needs of everybody else. */
export interface DevicePorts {
  readonly issuer: TokenIssuer
  readonly sealer: StateSealer
  readonly digests: KeyedDigest
  readonly codes: DeviceCodes
  readonly families: RefreshFamilies
  readonly revocations: RevocationReader
  /** Absent where no account can end. */
  readonly standing?: SignInStanding
  readonly revoker: Revoker
  /** Of tokens of the proxy's own alone; every other one is rejected. */
  verify(token: Secret, client: string): Verification | Promise<Verification>
  readonly choices: readonly SignInChoice[]
  readonly providers: readonly SignInProvider[]
  readonly throttle: Throttle
  readonly audit: Pick<AuditLog, 'commit' | 'append'>
  /** Randomness of so many bytes, as base64url. */
  readonly random: (bytes: number) => string
}
