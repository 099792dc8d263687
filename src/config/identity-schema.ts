import { type Static, Type } from 'typebox'
import { closed, duration, fallback, identifier, text, texts, timer, word } from '../schema/parts.ts'
import { loginSchema } from './login-schema.ts'

/** What an issuer may be configured to accept: asymmetric signatures only. */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
] as const

const claimPath = Type.Union(
  [
    Type.String({
      pattern: '^[^.]+(\\.[^.]+)*$',
      maxLength: 512,
      description: 'a dotted path',
      patternErrorMessage: 'a dotted path such as `realm_access.roles`',
    }),
    Type.Array(text('one step of the path'), { minItems: 1, maxItems: 16, description: 'a path, one name a step' }),
  ],
  { description: 'the path of a claim: dotted, or a list where a name has dots itself' },
)

/** One OIDC issuer whose JWT access tokens are accepted. */
export const issuerSchema = closed('an OIDC issuer whose access tokens are accepted', {
  name: identifier('what policies and audit events call it'),
  issuer: text('the exact `iss` of its tokens; a URL'),
  audience: texts('an access token must name one of these in `aud`'),
  jwks: fallback(
    closed('where its keys come from; discovered from the issuer when neither `url` nor `file` is given', {
      url: Type.Optional(text('the URL of its key set')),
      file: Type.Optional(text('a key set in a file, for networks without a way out')),
      refresh: fallback(timer('how old the keys may be before they are fetched again', '100ms'), '10m'),
      max_stale: fallback(
        duration('how long known keys go on being used while the issuer cannot be reached; no shorter than `refresh`', {
          most: '365d',
        }),
        '24h',
      ),
    }),
    {},
  ),
  algorithms: fallback(
    Type.Array(word('a signature algorithm', ALGORITHMS), {
      minItems: 1,
      uniqueItems: true,
      description: 'the signature algorithms accepted; asymmetric only',
    }),
    ['ES256', 'RS256', 'PS256', 'EdDSA'],
  ),
  clock_skew: fallback(duration('how far its clock and ours may differ', { most: '5m' }), '30s'),
  claims: fallback(
    closed('which claim tells what', {
      id: fallback(claimPath, 'sub'),
      name: fallback(claimPath, 'name'),
      email: fallback(claimPath, 'email'),
      groups: fallback(claimPath, 'groups'),
      workspace: fallback(claimPath, 'workspace'),
    }),
    {},
  ),
  mfa_acr: fallback(
    Type.Array(text('a value of `acr`'), {
      uniqueItems: true,
      description: 'values of `acr` that show multi-factor authentication',
    }),
    [],
  ),
  login: Type.Optional(loginSchema),
  allow_insecure: fallback(Type.Boolean({ description: 'accept plain http beyond loopback; for tests only' }), false),
})
export type IssuerConfig = Static<typeof issuerSchema>
