import type { Secret } from '../model/secret.ts'
import type { IssuerSettings } from '../model/settings.ts'
import type { LoginConfig } from './login-schema.ts'

/** Nothing where nobody signs in with the issuer; `secret` is that of its client. */
export function loginSettings(login: LoginConfig | undefined, secret: Secret | null): Pick<IssuerSettings, 'login'> {
  if (login === undefined) return {}
  const { client_id: clientId, scopes, claims_from: claimsFrom } = login
  return { login: { clientId, clientSecret: secret, scopes, claimsFrom } }
}

/** The name under which the secret of a client is kept among those of upstreams, which never has a colon. */
export function loginSecretName(issuer: string): string {
  return `login:${issuer}`
}
