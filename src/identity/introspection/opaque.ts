import type { Credential } from '../../model/identity.ts'
import type { IssuerSettings } from '../../model/identity-settings.ts'
import { isKeyLike } from '../api-keys/key-format.ts'

/** What a bearer token consists of (RFC 6750 section 2.1). */
const BEARER = /^[A-Za-z0-9._~+/-]+=*$/
/** Of our own secrets for sessions, which nobody else may get to see. */
const SESSION_SECRET = 'ek_'

/**
 * The opaque text of a credential; null for one that is none: no token, our own keys and secrets, and whatever has the three
 * parts of a JWT, sound or not. Those are verified here or nowhere, so that no issuer's laxer reading of one is believed.
 */
export function opaqueText(credential: Credential): string | null {
  if (credential.kind !== 'token') return null
  const text = credential.token.reveal()
  if (isKeyLike(text) || text.startsWith(SESSION_SECRET) || text.split('.', 4).length === 3) return null
  return BEARER.test(text) ? text : null
}

/** Says which of the issuers an opaque token belongs to, by its beginning; the one without a prefix has all the others. */
export function ownerOf(text: string, issuers: readonly IssuerSettings[]): IssuerSettings | undefined {
  const asked = issuers.filter(({ introspection }) => introspection !== undefined)
  const named = asked.find(({ introspection }) => {
    const prefix = introspection?.prefix ?? null
    return prefix !== null && text.startsWith(prefix)
  })
  return named ?? asked.find(({ introspection }) => introspection?.prefix === null)
}
