import { X509Certificate } from 'node:crypto'
import t from 'tap'
import type { Proof } from '../../../../src/model/identity.ts'
import { noCertificates, type Pair } from '../../../support/certificates.ts'
import { ClientAuthority, FOR_CLIENTS, shownCertificate } from '../../../support/client-authority.ts'
import { makeKey } from '../forge.ts'
import { openScene, proofText, shown, thumbprintOf } from './scene.ts'

const missing = noCertificates() ?? false
const GOOD = 'verified alice'
const CLAIMS = {
  id: ['san'],
  name: ['subject', 'CN'],
  email: ['san', 'email'],
  groups: ['subject', 'OU'],
  workspace: null,
}

t.test('tokens that are bound to certificates', { skip: missing }, async (t) => {
  const authority = new ClientAuthority()
  t.teardown(() => authority.close())
  const mtls = { authorities: authority.cert, claims: CLAIMS, revocations: null, revocationsDigest: '' }
  const own = authority.issue({ extensions: [FOR_CLIENTS, 'subjectAltName=DNS:own.example'] })
  const other = authority.issue({ extensions: [FOR_CLIENTS, 'subjectAltName=DNS:other.example'] })
  const server = authority.issue({ extensions: ['extendedKeyUsage=serverAuth'] })
  const of = (pair: Pair) => shownCertificate(pair, authority.cert)
  const by = (pair: Pair, more: Partial<Proof> = {}) => shown({ certificate: of(pair), ...more })
  const x5t = of(own).thumbprint
  const now = Date.now() + 60_000
  const { token, said, clock } = openScene(t, {}, now)
  const bound = token({ 'x5t#S256': x5t })
  const plain = token()
  const counted = { isCounted: true }
  t.equal(await said(bound, by(own)), GOOD)
  t.equal(await said(bound, by(own)), GOOD, 'again')
  t.equal(await said(bound, by(own, counted)), GOOD, 'where certificates are credentials, too')
  t.equal(await said(bound, by(other)), 'rejected proof_invalid', 'with another certificate')
  t.equal(await said(bound), 'rejected proof_missing', 'with none')
  t.equal(await said(bound, by(own)), GOOD, 'and still')
  t.equal(await said(plain, by(own)), GOOD, 'a certificate beside a bearer proves nothing')
  t.equal(await said(plain, by(own, counted)), 'rejected ambiguous', 'where it is a credential, there are two')
  t.equal(await said(plain), GOOD)
  const rows: readonly (readonly [name: string, cnf: unknown, outcome: string])[] = [
    [
      'the thumbprint in hexadecimal digits',
      { 'x5t#S256': Buffer.from(x5t, 'base64url').toString('hex') },
      'wrong_type',
    ],
    ['the thumbprint with padding', { 'x5t#S256': `${x5t}=` }, 'wrong_type'],
    ['a list of thumbprints', { 'x5t#S256': [x5t] }, 'wrong_type'],
    ['the digest of before', { x5t }, 'wrong_type'],
    ['something else beside it', { 'x5t#S256': x5t, kid: 'a' }, 'wrong_type'],
    ['no thumbprint', { 'x5t#S256': null }, 'wrong_type'],
    ['a text', x5t, 'wrong_type'],
  ]
  for (const [name, cnf, reason] of rows) t.equal(await said(token(cnf), by(own)), `rejected ${reason}`, name)
  t.equal(
    await said(token({ 'x5t#S256': of(server).thumbprint }), by(server)),
    'rejected wrong_type',
    'a certificate that is not for clients',
  )

  const key = makeKey('ES256', 'client')
  const both = token({ 'x5t#S256': x5t, jkt: thumbprintOf(key) })
  const dpop = () => ({
    text: proofText(key, both, { claims: { iat: Math.floor(now / 1000) } }),
    method: 'POST',
    path: '/v1/chat/completions',
  })
  t.equal(await said(both, by(own, { dpop: dpop() })), GOOD, 'bound to both')
  t.equal(await said(both, by(own)), 'rejected proof_missing', 'one of them')
  t.equal(await said(both, shown({ dpop: dpop() })), 'rejected proof_missing', 'the other')
  t.equal(await said(bound, by(own, { dpop: dpop() })), 'rejected wrong_type', 'a proof that was not asked for')

  const short = openScene(t, { mtls }, now)
  const text = short.token({ 'x5t#S256': x5t })
  t.equal(await short.said(text, by(own, counted)), GOOD)
  const foreign = shownCertificate(own, 'others')
  t.equal(
    await short.said(text, shown({ certificate: foreign, isCounted: true })),
    GOOD,
    'signed by the present authority',
  )
  const stranger = new ClientAuthority()
  t.teardown(() => stranger.close())
  const theirs = shownCertificate(stranger.issue(), stranger.cert)
  t.equal(
    await short.said(short.token({ 'x5t#S256': theirs.thumbprint }), shown({ certificate: theirs, isCounted: true })),
    'rejected unknown_authority',
    'of an authority that is trusted no more',
  )
  clock.now = new X509Certificate(own.cert).validToDate.getTime()
  const later = openScene(t, {}, clock.now)
  t.equal(await later.said(later.token({ 'x5t#S256': x5t }), by(own)), 'rejected expired', 'a certificate that is over')
})
