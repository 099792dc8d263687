import { createVerify } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import t from 'tap'
import { sessionOf } from '../../../../src/identity/saml/principal.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { signed } from '../../../support/saml-provider.ts'
import { ACS, keys, MINUTE, NOW, SamlScene } from '../../../support/saml-scene.ts'

import { ALICE, ask, BACK, byPost, byRedirect, MORE, request } from './logout-requests.ts'

const lower = (text: string) => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase())
const sign = (xml: string, pair = keys().idp) => signed(xml, '_logout1', pair)

type Ask = (scene: SamlScene) => ReturnType<typeof ask>
const rows: readonly (readonly [string, Ask, RegExp])[] = [
  [
    'an unsigned address',
    (scene) => byRedirect(scene, request(), { changed: (query) => query.delete('Signature') }),
    /is not signed/,
  ],
  [
    'an address without an algorithm',
    (scene) => byRedirect(scene, request(), { changed: (query) => query.delete('SigAlg') }),
    /is not signed/,
  ],
  [
    'more elements than a request for a logout has',
    (scene) =>
      byRedirect(scene, request({ inside: `<saml:NameID>alice</saml:NameID>${'<samlp:SessionIndex/>'.repeat(500)}` })),
    /has more than 500 elements/,
  ],
  ['another key', (scene) => byRedirect(scene, request(), { pair: keys().other }), /is not signed by/],
  [
    'RSA with SHA-1',
    (scene) =>
      byRedirect(scene, request(), { algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1', hash: 'RSA-SHA1' }),
    /not taken here/,
  ],
  [
    'SHA-1 under the name of SHA-256',
    (scene) => byRedirect(scene, request(), { hash: 'RSA-SHA1' }),
    /is not signed by/,
  ],
  [
    'HMAC',
    (scene) => byRedirect(scene, request(), { algorithm: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1' }),
    /not taken here/,
  ],
  [
    'another request with the signature',
    (scene) =>
      byRedirect(scene, request(), {
        changed: (query) => query.set('SAMLRequest', deflateRawSync(request({ id: '_b' })).toString('base64')),
      }),
    /is not signed by/,
  ],
  [
    'another relay state with the signature',
    (scene) => byRedirect(scene, request(), { relay: 'a', changed: (query) => query.set('RelayState', 'b') }),
    /is not signed by/,
  ],
  [
    'a relay state that is added',
    (scene) => byRedirect(scene, request(), { changed: (query) => query.set('RelayState', 'b') }),
    /is not signed by/,
  ],
  [
    'a bomb',
    (scene) => byRedirect(scene, '', { raw: deflateRawSync(Buffer.alloc(32 * 1024 * 1024)) }),
    /cannot be read/,
  ],
  ['what is not deflated', (scene) => byRedirect(scene, '', { raw: Buffer.from(request()) }), /cannot be read/],
  ['a document type', (scene) => byRedirect(scene, `<!DOCTYPE x>${request()}`), /has a document type/],
  ['nothing', (scene) => ask(scene, 'GET', new Map()), /is not signed/],
  ['an unsigned form', (scene) => byPost(scene, request()), /is not signed once/],
  ['a form that somebody else signed', (scene) => byPost(scene, sign(request(), keys().other)), /is not signed by/],
  ['a changed form', (scene) => byPost(scene, sign(request()).replace('>alice<', '>bob<')), /is not signed by/],
  [
    'a request wrapped around a signed one',
    (scene) => {
      const good = sign(request())
      const evil = request({
        id: '_evil',
        inside: `<saml:NameID>bob</saml:NameID><samlp:Extensions>${good}</samlp:Extensions>`,
      })
      return byPost(scene, evil)
    },
    /is not signed once/,
  ],
  [
    'a request with the signature of another one',
    (scene) => {
      const good = sign(request())
      const signature = /<Signature [\s\S]*<\/Signature>/.exec(good)?.[0] ?? ''
      return byPost(scene, request({ id: '_evil' }).replace('</saml:Issuer>', `</saml:Issuer>${signature}`))
    },
    /not taken here/,
  ],
  ['an empty form', (scene) => ask(scene, 'POST', new Map()), /cannot be read/],
  ['another issuer', (scene) => byPost(scene, sign(request({ issuer: 'urn:evil' }))), /of another provider/],
  ['another destination', (scene) => byPost(scene, sign(request({ destination: ACS }))), /meant for another address/],
  ['an old one', (scene) => byPost(scene, sign(request({ issued: NOW - 5 * MINUTE - 30_000 }))), /has expired/],
  ['one that is over', (scene) => byPost(scene, sign(request({ until: NOW - 30_000 }))), /has expired/],
  ['one of the future', (scene) => byPost(scene, sign(request({ issued: NOW + 31_000 }))), /not valid yet/],
  ['nobody named', (scene) => byPost(scene, sign(request({ inside: '' }))), /does not name one person/],
  [
    'two people named',
    (scene) => byPost(scene, sign(request({ inside: '<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>' }))),
    /does not name one person/,
  ],
  ['an assertion', async (scene) => byPost(scene, scene.assertion()), /is not signed once|no logout request/],
]

for (const [name, send, expected] of rows) {
  t.test(`refused: ${name}`, async (t) => {
    const scene = await SamlScene.begun({ logoutUrl: BACK })
    const answer = await send(scene)
    t.match(answer, { status: 400, body: expected })
    t.same(scene.revoked, [])
  })
}

const twins: readonly (readonly [string, Ask])[] = [
  ['a signed address', (scene) => byRedirect(scene, request())],
  ['a signed address with a relay state', (scene) => byRedirect(scene, request(), { relay: 'a b&c=ü' })],
  ['a signed address in small letters', (scene) => byRedirect(scene, request(), { relay: 'a/b', written: lower })],
  [
    'a signed address as forms write it',
    (scene) =>
      byRedirect(scene, request(), { relay: 'a b', written: (text) => encodeURIComponent(text).replace(/%20/g, '+') }),
  ],
  ['RSA with SHA-512', (scene) => byRedirect(scene, request(), { algorithm: `${MORE}rsa-sha512`, hash: 'RSA-SHA512' })],
  ['a signed form', (scene) => byPost(scene, sign(request()))],
  [
    'one that is late by less than the skew',
    (scene) => byPost(scene, sign(request({ issued: NOW - 5 * MINUTE - 29_000 }))),
  ],
]

for (const [name, send] of twins) {
  t.test(`taken: ${name}`, async (t) => {
    const scene = await SamlScene.begun({ logoutUrl: BACK })
    t.equal((await send(scene)).status, 303)
    t.same(scene.revoked, [['session', 'adfs', ALICE, 'adfs']])
  })
}

t.test('whose sessions end', async (t) => {
  const scene = await SamlScene.begun()
  const all = request({ inside: '<saml:NameID>alice</saml:NameID>' })
  t.equal((await byPost(scene, sign(all))).status, 200, 'without an address for answers there is a page')
  t.same(scene.revoked, [['subject', 'adfs', 'alice', 'adfs']], 'all of a person')
  const two = request({
    id: '_l2',
    inside:
      '<saml:NameID>alice</saml:NameID><samlp:SessionIndex>s1</samlp:SessionIndex><samlp:SessionIndex>s2</samlp:SessionIndex>',
  })
  await byRedirect(scene, two)
  t.same(scene.revoked.slice(1), [
    ['session', 'adfs', ALICE, 'adfs'],
    ['session', 'adfs', sessionOf('alice', 's2'), 'adfs'],
  ])
  t.not(sessionOf('bob', 's1'), ALICE, 'a number of one person is not that of another')
})

t.test('the session that ends is the one of the sign-in', async (t) => {
  const scene = await SamlScene.begun()
  const outcome = await scene.complete(scene.response(scene.assertion({ nameId: 'alice' })))
  const session = outcome.outcome === 'signed-in' ? outcome.who.session : ''
  const named = '<saml:NameID>alice</saml:NameID><samlp:SessionIndex>session-1</samlp:SessionIndex>'
  await byPost(scene, sign(request({ inside: named })))
  t.same(scene.revoked, [['session', 'adfs', session, 'adfs']])
})

t.test('a request is used once, and where nothing can be revoked that is said', async (t) => {
  const scene = await SamlScene.begun()
  t.equal((await byRedirect(scene, request())).status, 200)
  const again = await byRedirect(scene, request())
  t.same([again.status, again.body], [400, 'The logout request was used before.\n'])
  scene.isBroken = true
  t.equal((await byRedirect(scene, request({ id: '_l2' }))).status, 503)
  t.equal(scene.revoked.length, 1)
})

t.test('the provider is told, with a signature', async (t) => {
  const signing = { key: new Secret(keys().sp.key), cert: keys().sp.cert }
  const scene = await SamlScene.begun({ logoutUrl: BACK, signing })
  const { headers } = await byRedirect(scene, request(), { relay: 'a b' })
  const location = headers[headers.indexOf('location') + 1] ?? ''
  t.ok(location.startsWith(`${BACK}&SAMLResponse=`))
  const [text = '', signature = ''] = location.slice(location.indexOf('SAMLResponse')).split('&Signature=')
  t.ok(createVerify('RSA-SHA256').update(text).verify(keys().sp.cert, decodeURIComponent(signature), 'base64'))
  const query = new URL(location).searchParams
  t.equal(query.get('RelayState'), 'a b')
  const xml = inflateRawSync(Buffer.from(query.get('SAMLResponse') ?? '', 'base64')).toString()
  t.match(xml, 'InResponseTo="_logout1"')
  t.match(xml, 'status:Success')
  const plain = await SamlScene.begun({ logoutUrl: BACK })
  t.notMatch((await byRedirect(plain, request())).headers.join(), 'Signature')
})
