import t from 'tap'
import { assertionXml, responseXml, signed } from '../../../support/saml-provider.ts'
import { ACS, IDP, keys, NOW, SamlScene, said } from '../../../support/saml-scene.ts'

const SIGNATURE = /<Signature [\s\S]*?<\/Signature>/
const MALLORY = { nameId: 'mallory', id: '_evil' } as const

const signatureOf = (xml: string) => SIGNATURE.exec(xml)?.[0] ?? ''
const bare = (xml: string) => xml.replace(SIGNATURE, '')
/** Puts XML behind the issuer of an element, where a signature stands. */
const behindIssuer = (xml: string, inside: string) => xml.replace('</saml:Issuer>', `</saml:Issuer>${inside}`)
const within = (xml: string, inside: string) => xml.replace('</saml:Assertion>', `${inside}</saml:Assertion>`)
const inObject = (signature: string, inside: string, open = '<Object>', close = '</Object>') =>
  signature.replace('</Signature>', `${open}${inside}${close}</Signature>`)

const evil = (scene: SamlScene, changes = {}) => assertionXml(scene.parts({ ...MALLORY, ...changes }))
const signedResponse = (scene: SamlScene) => signed(scene.response(scene.assertion()), '_response1', keys().idp)
const evilResponse = (scene: SamlScene, inside: string) =>
  responseXml(
    {
      id: '_evilresponse',
      issuer: IDP,
      destination: ACS,
      inResponseTo: scene.requestId,
      status: 'urn:oasis:names:tc:SAML:2.0:status:Success',
      now: NOW,
    },
    inside,
  )

const rows: readonly (readonly [string, (scene: SamlScene) => string, string])[] = [
  [
    'XSW1: an evil response whose signature holds the signed one',
    (scene) => {
      const whole = signedResponse(scene)
      // The first signature of the document is that of the response.
      const own = signatureOf(whole)
      return evilResponse(scene, evil(scene)).replace(
        '</saml:Issuer>',
        `</saml:Issuer>${inObject(own, whole.replace(own, ''))}`,
      )
    },
    'malformed',
  ],
  [
    'XSW2: an evil response beside the signed one, and the signature beside both',
    (scene) => {
      const whole = signedResponse(scene)
      const own = signatureOf(whole)
      return behindIssuer(evilResponse(scene, evil(scene)), `${whole.replace(own, '')}${own}`)
    },
    'malformed',
  ],
  [
    'XSW3: an evil assertion before the signed one',
    (scene) => scene.response(`${evil(scene)}${scene.assertion()}`),
    'malformed',
  ],
  [
    'an evil assertion behind the signed one',
    (scene) => scene.response(`${scene.assertion()}${evil(scene)}`),
    'malformed',
  ],
  [
    'XSW4: the signed assertion in an evil one',
    (scene) => scene.response(within(evil(scene), scene.assertion())),
    'malformed',
  ],
  [
    'XSW5: the signature in an evil assertion, the signed one behind it',
    (scene) => {
      const good = scene.assertion()
      return scene.response(`${behindIssuer(evil(scene), signatureOf(good))}${bare(good)}`)
    },
    'malformed',
  ],
  [
    'XSW6: the signed assertion in the signature of an evil one',
    (scene) => {
      const good = scene.assertion()
      return scene.response(behindIssuer(evil(scene), inObject(signatureOf(good), bare(good), '', '')))
    },
    'malformed',
  ],
  [
    'XSW7: an evil assertion in extensions before the signed one',
    (scene) => {
      const extensions = `<samlp:Extensions>${evil(scene, { id: '_assertion1' })}</samlp:Extensions>`
      return scene.response(`${extensions}${scene.assertion()}`)
    },
    'malformed',
  ],
  [
    'XSW8: the signed assertion in an object of the signature of an evil one',
    (scene) => {
      const good = scene.assertion()
      return scene.response(behindIssuer(evil(scene), inObject(signatureOf(good), bare(good))))
    },
    'malformed',
  ],
  [
    'an evil assertion with the signature, and the id, of the good one',
    (scene) => scene.response(behindIssuer(evil(scene, { id: '_assertion1' }), signatureOf(scene.assertion()))),
    'bad_signature',
  ],
  [
    'a signature of another element',
    (scene) => scene.response(behindIssuer(evil(scene), signatureOf(scene.assertion()))),
    'bad_signature',
  ],
  [
    'a signed response with an unsigned assertion',
    (scene) => signed(scene.response(assertionXml(scene.parts())), '_response1', keys().idp),
    'bad_signature',
  ],
  ['an assertion without a signature', (scene) => scene.response(assertionXml(scene.parts())), 'bad_signature'],
  [
    'two signatures of the assertion',
    (scene) => {
      const good = scene.assertion()
      return scene.response(behindIssuer(good, signatureOf(good)))
    },
    'malformed',
  ],
  [
    'the signed assertion deep in a response',
    (scene) =>
      scene.response(
        `<saml:Advice xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${scene.assertion()}</saml:Advice>`,
      ),
    'malformed',
  ],
  [
    'an evil assertion in the advice of the signed one',
    (scene) => {
      const parts = scene.parts()
      const advice = `<saml:Advice>${evil(scene)}</saml:Advice><saml:AuthnStatement`
      const xml = assertionXml(parts).replace('<saml:AuthnStatement', advice)
      return scene.response(signed(xml, parts.id, keys().idp))
    },
    'malformed',
  ],
  [
    'an evil assertion of another namespace beside the signed one',
    (scene) => scene.response(`${scene.assertion()}<x:Assertion xmlns:x="urn:other"/>`),
    'malformed',
  ],
  [
    'an assertion of another namespace',
    (scene) => {
      const parts = scene.parts()
      const xml = assertionXml(parts).replaceAll(
        'urn:oasis:names:tc:SAML:2.0:assertion',
        'urn:oasis:names:tc:SAML:1.0:assertion',
      )
      return scene.response(signed(xml, parts.id, keys().idp))
    },
    'malformed',
  ],
  [
    'a response of another namespace',
    (scene) => scene.response(scene.assertion()).replaceAll('SAML:2.0:protocol', 'SAML:1.0:protocol'),
    'wrong_type',
  ],
  ['an assertion that is no response', (scene) => scene.assertion(), 'wrong_type'],
  ['an id that stands twice', (scene) => scene.response(scene.assertion(), { id: '_assertion1' }), 'malformed'],
  [
    'an id under another name that stands twice',
    (scene) => scene.response(scene.assertion()).replace('<samlp:Status>', '<samlp:Status Id="_assertion1">'),
    'malformed',
  ],
  ['a response without an assertion', (scene) => scene.response(''), 'malformed'],
  ['two responses, one in the other', (scene) => evilResponse(scene, scene.response(scene.assertion())), 'malformed'],
]

for (const [name, build, reason] of rows) {
  t.test(`refused: ${name}`, async (t) => {
    const scene = await SamlScene.begun()
    t.equal(said(await scene.complete(build(scene))), reason)
  })
}

const twins: readonly (readonly [string, (scene: SamlScene) => string])[] = [
  ['a signed assertion in an unsigned response', (scene) => scene.response(scene.assertion())],
  ['a signed assertion in a signed response', signedResponse],
  ['a response that does not name its issuer', (scene) => scene.response(scene.assertion(), { issuer: null })],
  [
    'an assertion with advice of text',
    (scene) => {
      const parts = scene.parts()
      const xml = assertionXml(parts).replace(
        '<saml:AuthnStatement',
        '<saml:Advice>text</saml:Advice><saml:AuthnStatement',
      )
      return scene.response(signed(xml, parts.id, keys().idp))
    },
  ],
]

for (const [name, build] of twins) {
  t.test(`taken: ${name}`, async (t) => {
    const scene = await SamlScene.begun()
    t.equal(said(await scene.complete(build(scene))), 'alice@example.org')
  })
}
