import { type Static, Type } from 'typebox'
import { closed, duration, fallback, text } from '../schema/parts.ts'

const keyFile = (description: string) =>
  closed(description, {
    file: text('the path of the file, relative to this one: an Ed25519 private key, PEM (PKCS#8)'),
  })

/** What sign-in hands out: tokens that the proxy signs itself. */
export const tokensSchema = closed('the tokens that sign-in hands out, signed by the proxy', {
  issuer: Type.Optional(
    text('the URL by which people reach the proxy, below which the pages stand; needed beyond loopback'),
  ),
  lifetime: fallback(duration('how long a token is valid', { least: '1s', most: '7d' }), '8h'),
  key: Type.Optional(keyFile('the key that signs; without it the keys are made and kept in the store')),
  previous: Type.Optional(
    Type.Array(keyFile('a key that was replaced'), {
      minItems: 1,
      maxItems: 16,
      description: 'keys that signed before; what they signed is still valid',
    }),
  ),
})
export type TokensConfig = Static<typeof tokensSchema>
