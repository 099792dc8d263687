import { createHash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { ringOfTexts } from '../../../../src/identity/tokens/keys.ts'
import { NOW, outcome } from '../forge.ts'
import { LIFETIME_MS, newPem, scene, signedIn, URL } from './scene.ts'

const NOW_S = NOW / 1000

t.test('what a token says', async (t) => {
  const { issuer, held } = scene(t)
  const issued = await issuer.issue(signedIn())
  if (!issued.ok) return t.fail(issued.fault)
  const { token, expiresAt, tokenId } = issued.value
  const text = token.reveal()
  const { jti = '', ...claims } = decodeJwt(text)
  t.same(decodeProtectedHeader(text), { alg: 'EdDSA', typ: 'at+jwt', kid: held.ring?.signing.kid })
  t.same(claims, {
    iss: URL,
    aud: URL,
    sub: 'alice@example.org',
    iat: NOW_S,
    exp: NOW_S + LIFETIME_MS / 1000,
    auth_time: NOW_S - 60,
    amr: ['pwd', 'otp'],
    acr: 'phr',
    name: 'Alice',
    email: 'alice@example.org',
    groups: ['analysts', 'staff'],
    workspaces: ['research'],
    sp: {
      source: 'corp',
      method: 'saml',
      mfa: 'yes',
      sid: 'session-1',
      sub: 'name-id-1',
      groups_claim: 'memberOf',
    },
    claims: { department: 'finance', memberOf: null },
  })
  t.equal(Buffer.from(jti, 'base64url').length, 16, '128 random bits')
  t.equal(tokenId, createHash('sha256').update(jti).digest('hex'))
  t.equal(expiresAt, claims.exp)
  t.equal(String(token), '[secret]')
})

t.test('what cannot be told is absent', async (t) => {
  const { issued } = scene(t)
  const unknown = { groups: undefined, workspaces: undefined, acr: undefined, authTime: undefined }
  const who = signedIn(
    { amr: undefined, subject: null, session: null },
    { ...unknown, name: null, email: null, mfa: 'unknown', claims: {} },
  )
  const { jti: _, iat: __, exp: ___, ...claims } = decodeJwt(await issued(who))
  t.same(claims, {
    iss: URL,
    aud: URL,
    sub: 'alice@example.org',
    sp: { source: 'corp', method: 'saml', mfa: 'unknown' },
    claims: {},
  })
})

t.test('claims of the provider’s own token are none of the person’s', async (t) => {
  const { issued, verify } = scene(t)
  const protocol = { iss: 'x', aud: 'x', exp: 1, nbf: 1, iat: 1, jti: 'x', nonce: 'x', sid: 'x', at_hash: 'x' }
  const text = await issued(signedIn({}, { claims: { ...protocol, department: 'finance', sub: 'x', acr: 'phr' } }))
  const kept = { department: 'finance', sub: 'x', acr: 'phr' }
  t.match(await verify(text), { outcome: 'verified', principal: { claims: kept } })
  const { claims } = decodeJwt(text)
  t.same(claims, kept)
})

t.test('it is valid for the lifetime, and no longer than the provider vouches for the person', async (t) => {
  const table = [
    ['the provider does not say', null, LIFETIME_MS / 1000],
    ['the provider vouches for longer', NOW_S + LIFETIME_MS, LIFETIME_MS / 1000],
    ['the provider vouches for less', NOW_S + 60.9, 60],
    ['the provider vouches no more', NOW_S, 'expired'],
  ] as const
  for (const [name, notAfter, want] of table) {
    const { issuer } = scene(t)
    const issued = await issuer.issue(signedIn({ notAfter }))
    t.equal(issued.ok ? issued.value.expiresAt - NOW_S : issued.fault, want, name)
  }
})

t.test('the lifetime is the one in force when it is issued', async (t) => {
  const { issued, held, verify, clock } = scene(t)
  const long = await issued()
  held.lifetimeMs = 60_000
  const short = await issued()
  clock.now += 60_000
  t.equal(outcome(await verify(short)), 'expired')
  t.equal(outcome(await verify(long)), 'verified')
})

t.test('one that would not fit into a head, or could not be read back, is not made', async (t) => {
  const { issuer } = scene(t)
  const groups = (count: number) => Array.from({ length: count }, (_, index) => `a-group-of-many-${index}`)
  let deep: { readonly [name: string]: object } = {}
  for (let depth = 0; depth < 40; depth++) deep = { deep }
  const table = [
    ['a hundred groups', signedIn({}, { groups: groups(100), claims: { groups: groups(100) } }), 'issued'],
    ['a thousand groups', signedIn({}, { groups: groups(1000) }), 'too_large'],
    ['claims that no parser of ours reads', signedIn({}, { claims: deep as never }), 'too_large'],
    ['nobody', signedIn({}, { id: '' }), 'too_large'],
  ] as const
  for (const [name, who, want] of table) {
    const issued = await issuer.issue(who)
    t.equal(issued.ok ? 'issued' : issued.fault, want, name)
  }
})

t.test('without keys there are no tokens and no key set', async (t) => {
  const { issuer, held } = scene(t)
  held.ring = null
  t.match(await issuer.issue(signedIn()), { ok: false, fault: 'unavailable' })
  t.match(await issuer.keySet(), { ok: false, fault: 'unavailable' })
})

t.test('the key set has the public part of every key that verifies', async (t) => {
  const { issuer, held } = scene(t)
  held.ring = ringOfTexts([newPem(), newPem()])
  const set = await issuer.keySet()
  if (!set.ok) return t.fail(set.fault)
  const { keys } = JSON.parse(set.value) as { keys: readonly object[] }
  t.same(
    keys.map((key) => Object.keys(key)),
    Array(2).fill(['kty', 'crv', 'x', 'kid', 'use', 'alg']),
  )
  t.match(
    keys,
    [...held.ring.byKid.keys()].map((kid) => ({ kid, kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' })),
  )
})

t.test('a key is printed as a secret', async (t) => {
  const { signing } = ringOfTexts([newPem()])
  t.equal(JSON.stringify({ signing }), '{"signing":"[secret]"}')
})

t.test('who has ended between their proof and now gets no token', async (t) => {
  const ended = { at: NOW - 1000 }
  const { issuer } = scene(t, {}, { isRevoked: ({ issuedAt }) => Number(issuedAt) * 1000 <= ended.at })
  t.same(await issuer.issue(signedIn({ provenAt: NOW - 1001 })), { ok: false, fault: 'expired' })
  t.same(await issuer.issue(signedIn({ provenAt: NOW - 1000 })), { ok: false, fault: 'expired' })
  t.match(await issuer.issue(signedIn({ provenAt: NOW - 999 })), { ok: true }, 'who has proved it again since then')
  t.match(await issuer.issue(signedIn()), { ok: true }, 'who proves it now')
  ended.at = NOW
  t.same(await issuer.issue(signedIn({ provenAt: NOW + 5000 })), { ok: false, fault: 'expired' }, 'by another clock')
  const unread = scene(t, {}, { isRevoked: () => Promise.reject(new Error('the store is gone')) })
  t.same(await unread.issuer.issue(signedIn()), { ok: false, fault: 'unavailable' }, 'where nobody can tell')
})
