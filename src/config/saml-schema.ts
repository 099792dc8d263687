import { type Static, Type } from 'typebox'
import {
  closed,
  duration,
  fallback,
  identifier,
  type SecretReference,
  secretReference,
  text,
  word,
} from '../schema/parts.ts'

const file = (description: string) => closed(description, { file: text('the path of the file, relative to this one') })

const key = (description: string) => Type.Unsafe<SecretReference>({ ...secretReference, description })

const values = (description: string) =>
  fallback(Type.Array(text('not empty'), { uniqueItems: true, maxItems: 64, description }), [])

/** One SAML 2.0 identity provider whose people sign in. */
export const samlSchema = closed('a SAML 2.0 identity provider whose people sign in with a browser', {
  name: identifier('what policies and audit events call it; it stands in the addresses that the provider is told'),
  issuer: text('what the provider calls this proxy: its entity id there, and the audience of its assertions'),
  metadata: Type.Optional(file('the metadata of the provider: what of the next four is not written is taken from it')),
  entry_point: Type.Optional(text('where browsers are sent to sign in, a URL')),
  idp_issuer: Type.Optional(text('what the provider calls itself: its entity id')),
  idp_cert: Type.Optional(file('the certificates that it signs with, PEM; several while it changes them')),
  logout_url: Type.Optional(text('where answers to its logout requests are sent, a URL')),
  binding: fallback(word('how requests get there: in the address, or in a form', ['redirect', 'post']), 'redirect'),
  claims: fallback(
    closed('which attribute tells what; `nameID` is the NameID', {
      id: fallback(text('what policies and audit events call the person; one that never changes'), 'nameID'),
      name: fallback(text('the name of the attribute, exactly'), 'name'),
      email: fallback(text('the name of the attribute, exactly'), 'email'),
      groups: fallback(text('the name of the attribute, exactly'), 'groups'),
      workspace: Type.Optional(text('the name of the attribute, exactly')),
      mfa: Type.Optional(text('an attribute that says how the person signed in; `mfa_acr` lists its values, too')),
    }),
    {},
  ),
  mfa_acr: values('classes of a sign-in (AuthnContextClassRef) that show multi-factor authentication'),
  acr_values: values('the classes that each sign-in asks for, unless a step-up asks for others'),
  name_id_format: Type.Optional(text('the form of NameID that is asked for')),
  algorithms: fallback(
    Type.Array(word('a signature algorithm', ['rsa-sha256', 'rsa-sha512', 'rsa-pss-sha256']), {
      minItems: 1,
      uniqueItems: true,
      description: 'the signature algorithms accepted; never SHA-1',
    }),
    ['rsa-sha256', 'rsa-sha512'],
  ),
  signing_key: Type.Optional(key('signs requests for a sign-in; the private key, PEM')),
  signing_cert: Type.Optional(file('the certificate of `signing_key`, PEM, for our metadata')),
  decryption_key: Type.Optional(key('opens encrypted assertions; the private key, PEM')),
  decryption_cert: Type.Optional(file('the certificate of `decryption_key`, PEM, for our metadata')),
  clock_skew: fallback(duration('how far its clock and ours may differ', { most: '5m' }), '30s'),
  allow_insecure: fallback(
    Type.Boolean({ description: 'accept a plain http `entry_point` beyond loopback; for tests only' }),
    false,
  ),
})
export type SamlConfig = Static<typeof samlSchema>
