import type { MethodName, Principal } from '../model/identity.ts'

/** Who was recognised, or what is known of a credential that was not. */
export interface Identified {
  readonly principal?: Principal
  readonly method?: MethodName
  /** The configured name of the issuer that owns the credential. */
  readonly issuer?: string
  /** The id of an API key that is right, and was refused. */
  readonly key?: string
  readonly cache?: 'hit' | 'miss'
  /** By a secret that was made for one session, which stands for the credential. */
  readonly ephemeral?: true
}
