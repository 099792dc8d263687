import { type Static, Type } from 'typebox'
import { closed, fallback, secretReference, text, word } from '../schema/parts.ts'

/** One value of `scope`: RFC 6749 section 3.3. */
const scope = Type.String({
  pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,256}$',
  description: 'a scope',
  patternErrorMessage: 'one scope such as `openid`, without spaces',
})

/** How people sign in with an issuer: the client that the proxy is to it. */
export const loginSchema = closed('sign-in with a browser or from a terminal, by OpenID Connect', {
  client_id: text('what the issuer calls the proxy'),
  client_secret: Type.Optional(secretReference),
  scopes: fallback(
    Type.Array(scope, {
      minItems: 1,
      maxItems: 64,
      uniqueItems: true,
      description: 'what is asked for; `openid` must be among them',
    }),
    ['openid'],
  ),
  claims_from: fallback(
    word(
      'userinfo: from the ID token, and from the userinfo endpoint where the issuer has one; id_token: from it alone',
      ['userinfo', 'id_token'],
    ),
    'userinfo',
  ),
})
export type LoginConfig = Static<typeof loginSchema>
