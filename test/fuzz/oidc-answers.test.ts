import fc from 'fast-check'
import t from 'tap'
import { begun, oidcWorld, PROXY, pageRequest } from '../unit/identity/oidc/world.ts'
import { fuzzAsync } from './budget.ts'

const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', 'e30.e30.e30', 'access_denied', '__proto__', 'a\r\nb', 'https://idp.example', '%00'),
)
const parameters = fc.dictionary(
  fc.oneof(
    fc.constantFrom(
      'code',
      'iss',
      'error',
      'error_description',
      'response',
      'id_token',
      'token',
      'access_token',
      'scope',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
  ),
  words,
  { maxKeys: 6 },
)
const json = fc.jsonValue({ maxDepth: 3 })
const revoker = { subject: fail, session: fail, token: fail }

function fail(): Promise<never> {
  throw new Error('something was revoked')
}

t.test('no answer of a browser signs anybody in but the one of the issuer, and none makes it throw', async (t) => {
  const { open, idp } = await oidcWorld(t)
  const provider = open()
  const { state } = await begun(provider)
  const query = { iss: idp.issuer, state: String(state.state) }
  await fuzzAsync(
    t,
    fc.asyncProperty(parameters, fc.boolean(), async (given, isOurs) => {
      const all = { ...(isOurs ? query : {}), ...given }
      const request = {
        ...pageRequest(new URL(`${PROXY}/auth/oidc/corp/callback`)),
        query: new Map(Object.entries(all)),
      }
      const { outcome } = await provider.complete(request, state)
      return outcome === 'rejected' || outcome === 'unavailable'
    }),
    0.4,
  )
})

t.test('no state of any form signs anybody in', async (t) => {
  const { open, idp } = await oidcWorld(t)
  const provider = open()
  const { state } = await begun(provider)
  const query = { iss: idp.issuer, state: String(state.state), code: 'x' }
  const request = { ...pageRequest(new URL(`${PROXY}/auth/oidc/corp/callback`)), query: new Map(Object.entries(query)) }
  const members = fc.constantFrom('name', 'state', 'nonce', 'verifier', 'startedAt', 'acrValues', 'maxAge')
  await fuzzAsync(
    t,
    fc.asyncProperty(fc.dictionary(members, json), async (changes) => {
      const { outcome } = await provider.complete(request, { ...state, ...(changes as object) })
      const polled = await provider.device?.poll({ ...state, ...(changes as object) })
      return outcome !== 'signed-in' && polled?.outcome !== 'signed-in'
    }),
    0.3,
  )
})

t.test('no text is a logout token but one that the issuer has signed', async (t) => {
  const { open } = await oidcWorld(t)
  const [route] = open({}, { revoker }).routes
  if (route === undefined) return t.fail('no logout')
  const part = fc
    .oneof(
      json.map((value) => JSON.stringify(value)),
      words,
    )
    .map((text) => Buffer.from(text).toString('base64url'))
  const token = fc.oneof(
    words,
    fc.tuple(part, part, part).map((parts) => parts.join('.')),
  )
  await fuzzAsync(
    t,
    fc.asyncProperty(token, async (text) => {
      const request = { ...pageRequest(new URL(`${PROXY}${route.path}`)), form: new Map([['logout_token', text]]) }
      return (await route.handle(request)).status === 400
    }),
    0.3,
  )
})
