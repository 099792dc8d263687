import { Type } from 'typebox'
import { closed, duration, fallback, secretReference, text } from '../schema/parts.ts'

/** How an issuer is asked about opaque tokens. */
export const introspectionSchema = closed('how the issuer is asked about opaque tokens (RFC 7662)', {
  client_id: text('who asks: a client that the issuer knows'),
  client_secret: secretReference,
  url: Type.Optional(text('where it is asked; discovered from the issuer when absent')),
  cache: fallback(
    duration('how long an answer is believed, never past the expiry of the token', { most: '10m' }),
    '20s',
  ),
  prefix: Type.Optional(
    Type.String({
      pattern: '^(?!sp_|ek_)[A-Za-z0-9._~+/-]{1,64}$',
      description: 'what its tokens begin with; all but one of the issuers that are asked need one',
      patternErrorMessage:
        'up to 64 letters, digits and `.`, `_`, `~`, `+`, `/`, `-`, not beginning with `sp_` or `ek_`',
    }),
  ),
})
