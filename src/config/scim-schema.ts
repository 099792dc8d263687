import { type Static, Type } from 'typebox'
import type { ScimSettings } from '../model/identity-settings.ts'
import { SCIM_MATCHES } from '../model/scim.ts'
import type { Secret } from '../model/secret.ts'
import { closed, fallback, secretReference, text, word } from '../schema/parts.ts'

export const scimSchema = closed(
  'an identity provider tells of its users, and of those that may not call any more (SCIM)',
  {
    token: secretReference,
    source: text('whose people these are: the `name` of an issuer, a directory or a SAML provider, or `local`'),
    match: fallback(word('which attribute is the id that their credentials show', SCIM_MATCHES), 'userName'),
    required: fallback(Type.Boolean({ description: 'refuse people of the source that it has never told of' }), false),
  },
)
export type ScimConfig = Static<typeof scimSchema>

/** The name under which its secret is kept among those of upstreams, which never has a colon. */
export const SCIM_SECRET = 'scim:'

/** Settings of a config that has no problems; `token`: null where secrets are left unresolved. */
export function scimSettings(written: ScimConfig | undefined, token: Secret | null): ScimSettings | null {
  if (written === undefined) return null
  const { source, match, required } = written
  return { token, source, match, required }
}
