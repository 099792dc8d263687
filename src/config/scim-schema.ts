import { type Static, Type } from 'typebox'
import type { ScimSettings } from '../model/identity-settings.ts'
import type { Problem } from '../model/problem.ts'
import { SCIM_MATCHES } from '../model/scim.ts'
import type { Secret } from '../model/secret.ts'
import type { Draft } from '../schema/draft.ts'
import { closed, fallback, secretReference, text, word } from '../schema/parts.ts'

export const scimSchema = closed(
  'an identity provider tells of its users, and of those that may not call any more (SCIM)',
  {
    token: secretReference,
    source: text('whose people these are: the `name` of an issuer or a directory, or `local`'),
    match: fallback(word('which attribute is the id that their credentials show', SCIM_MATCHES), 'userName'),
    required: fallback(Type.Boolean({ description: 'refuse people of the source that it has never told of' }), false),
  },
)
export type ScimConfig = Static<typeof scimSchema>

/** The name under which its secret is kept among those of upstreams, which never has a colon. */
export const SCIM_SECRET = 'scim:'
const MIN_TOKEN_LENGTH = 32

/** Settings of a config that has no problems; `token`: null where secrets are left unresolved. */
export function scimSettings(written: ScimConfig | undefined, token: Secret | null): ScimSettings | null {
  if (written === undefined) return null
  const { source, match, required } = written
  return { token, source, match, required }
}

/** Guessing is no way in: who has the token can lock everybody out. */
export function scimTokenProblems(token: Secret | undefined): Problem[] {
  if (token === undefined || token.reveal().length >= MIN_TOKEN_LENGTH) return []
  const message = `must have ${MIN_TOKEN_LENGTH} characters at least; make one with \`openssl rand -base64 48\``
  return [{ path: ['identity', 'scim', 'token'], at: 'value', severity: 'error', code: 'weak_secret', message }]
}

type Identity = {
  readonly scim?: Draft<ScimConfig> | undefined
  readonly local?: { readonly enabled?: boolean | undefined } | undefined
}

/** A source that nobody is would disable nobody. */
export function scimProblems(identity: Identity | undefined): Problem[] {
  const source = identity?.scim?.source
  if (identity === undefined || source === undefined) return []
  const lists = Object.values(identity).filter(Array.isArray) as (readonly ({ readonly name?: string } | undefined)[])[]
  const names = lists.flat().map((entry) => entry?.name)
  if (identity.local?.enabled === true) names.push('local')
  // What could not be read may have been it.
  if (names.includes(source) || names.includes(undefined)) return []
  const message = `no issuer or directory is called \`${source}\`; name the one whose people the provider tells of`
  return [{ path: ['identity', 'scim', 'source'], at: 'value', severity: 'error', code: 'unknown_source', message }]
}
