import type { Secret } from './secret.ts'

/** A private key, and the certificate of it that others are told; PEM. */
export interface SamlKey {
  readonly key: Secret
  readonly cert: string | null
}

/** A SAML 2.0 identity provider. */
export interface SamlSettings {
  readonly name: string
  /** Where browsers are sent, and how. */
  readonly entryPoint: string
  readonly binding: 'redirect' | 'post'
  /** What we are called there, and what it calls itself: entity ids. */
  readonly issuer: string
  /** Null: it is known by its certificates alone. */
  readonly idpIssuer: string | null
  /** The certificates that it may sign with, PEM, one each. */
  readonly idpCerts: readonly string[]
  /** Where answers to its logout requests go; null: it gets none. */
  readonly logoutUrl: string | null
  /** Null: requests are not signed, and assertions are not encrypted. */
  readonly signing: SamlKey | null
  readonly decryption: SamlKey | null
  /** `rsa-sha256`, `rsa-sha512`, `rsa-pss-sha256`. */
  readonly algorithms: readonly string[]
  /** Names of attributes; `nameID` is the NameID. `mfa`: one that says how the person signed in. */
  readonly claims: {
    readonly id: string
    readonly name: string
    readonly email: string
    readonly groups: string
    readonly workspace: string | null
    readonly mfa: string | null
  }
  /** Classes of a sign-in, and values of the attribute `mfa`, that show multi-factor authentication. */
  readonly mfaAcr: readonly string[]
  /** What is asked for where nothing stronger is. */
  readonly acrValues: readonly string[]
  readonly nameIdFormat: string | null
  readonly clockSkewMs: number
}
