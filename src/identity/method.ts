import type { AccountStore } from '../model/accounts.ts'
import type { IdentityMethod, MethodName, Verification } from '../model/identity.ts'
import type { Clock, KeyReader } from '../model/ports.ts'
import type { ScimStandingReader } from '../model/scim.ts'
import type { Settings } from '../model/settings.ts'
import type { RevocationReader } from '../model/sign-in.ts'
import type { IdentityReport as KeySetReport, Schedule } from './jwt/key-sets.ts'
import type { Throttle, ThrottleStep } from './throttle.ts'
import type { TokenKeys } from './tokens/keys.ts'

/** The part of the settings that says who may call. */
export type IdentitySettings = Pick<Settings, 'issuers' | 'apiKeys'> &
  Partial<Pick<Settings, 'dpop' | 'ldap' | 'listen' | 'local' | 'mtls' | 'saml' | 'scim' | 'tokens'>>

type IntrospectionKind = 'introspection-failed' | 'introspection-recovered'

/** What the proxy's operator is told of keys, of directories, and of wrong passwords. */
export interface IdentityReport extends Omit<KeySetReport, 'kind'>, Partial<ThrottleStep> {
  readonly kind:
    | KeySetReport['kind']
    | 'directory-failed'
    | 'directory-recovered'
    | 'authentication-throttled'
    | IntrospectionKind
  /** Where it is not `jwt`. */
  readonly method?: MethodName
  /** The address of who guesses, and the id of an account that there is. */
  readonly client?: string
  readonly account?: string
}

/** The proxy's own tokens. The same object for as long as the process lives: what it says may change. */
export interface OwnTokens {
  /** Their issuer and audience. */
  readonly url: () => string
  readonly keys: TokenKeys
}

export interface IdentityPorts {
  readonly clock: Clock
  /** Null where no store is open: then no API key is valid. */
  readonly keys: KeyReader | null
  readonly report: (report: IdentityReport) => void
  /** Counts wrong passwords, of all sources together; each source counts by itself where it is absent. */
  readonly throttle?: Throttle | undefined
  /** Local users and what is counted of them; null or absent where no store is open: then nobody can tell. */
  readonly accounts?: Pick<AccountStore, 'users' | 'accountFailures'> | null | undefined
  /** Absent, or null, where the proxy signs none. */
  readonly tokens?: OwnTokens | null | undefined
  /** Asked of every token that is verified, remembered or not; absent, or null, where nothing can be revoked. */
  readonly revocations?: RevocationReader | null | undefined
  /** What an identity provider says of people; absent where none tells of them: then nobody can tell. */
  readonly standing?: ScimStandingReader | undefined
  /** From 0 up to 1; spreads retries. */
  readonly random?: (() => number) | undefined
  readonly schedule?: Schedule | undefined
  /** How long one fetch from an issuer may take; 10 s when absent. Milliseconds. */
  readonly fetchLimitMs?: number | undefined
}

/** A method at work, with what the hot path asks of it. */
export interface OpenMethod extends IdentityMethod {
  /**
   * What is known of the credential with this digest; undefined when it has to be verified. Never waits. `client`: the
   * caller's address in its one form, where it is known.
   */
  recall(digest: string, nowMs: number, client?: string): Verification | undefined
}

/** One instance that the settings ask for. Equal fingerprints may go on as one across a reload. */
export interface MethodPlan {
  readonly fingerprint: string
  open(ports: IdentityPorts): OpenMethod
}

/** A way to verify credentials, as the list in `methods/index.ts` has it. */
export interface MethodKind {
  /** Of what it is called in events, but where that is the method by which somebody signed in. */
  readonly name: MethodName | 'own_token'
  plans(settings: IdentitySettings): readonly MethodPlan[]
}
