import { createHash, createHmac, createPublicKey } from 'node:crypto'
import t from 'tap'
import {
  assertionXml,
  ENVELOPED,
  EXCLUSIVE,
  RSA_SHA256,
  rsaPair,
  SHA256,
  signed,
} from '../../../support/saml-provider.ts'
import { keys, SamlScene, said, type samlSettings } from '../../../support/saml-scene.ts'

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const PSS = 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'
const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'

const by = (options: Parameters<typeof signed>[3]) => (scene: SamlScene) => scene.response(scene.assertion({}, options))
const changed = (from: string | RegExp, to: string) => (scene: SamlScene) => {
  const xml = scene.response(scene.assertion())
  const other = xml.replace(from, to)
  if (other === xml) throw new Error(`nothing to change: ${from}`)
  return other
}

/** What an attacker makes of the public key alone: a signature by HMAC, keyed with it. */
function hmac(scene: SamlScene, key: string): string {
  const assertion = assertionXml(scene.parts({ nameId: 'mallory' }))
  const digest = createHash('sha256').update(assertion).digest('base64')
  const info = `<SignedInfo xmlns="${DSIG}"><CanonicalizationMethod Algorithm="${EXCLUSIVE}"></CanonicalizationMethod><SignatureMethod Algorithm="${DSIG}hmac-sha1"></SignatureMethod><Reference URI="#_assertion1"><Transforms><Transform Algorithm="${ENVELOPED}"></Transform><Transform Algorithm="${EXCLUSIVE}"></Transform></Transforms><DigestMethod Algorithm="${SHA256}"></DigestMethod><DigestValue>${digest}</DigestValue></Reference></SignedInfo>`
  const value = createHmac('sha1', key).update(info).digest('base64')
  const signature = `<Signature xmlns="${DSIG}">${info}<SignatureValue>${value}</SignatureValue></Signature>`
  return scene.response(assertion.replace('</saml:Issuer>', `</saml:Issuer>${signature}`))
}

const rows: readonly (readonly [string, (scene: SamlScene) => string, string])[] = [
  ['another key', (scene) => scene.response(scene.assertion({}, {}, keys().other)), 'bad_signature'],
  [
    'another key, whose certificate the document shows',
    (scene) => scene.response(scene.assertion({}, { shown: keys().other.cert }, keys().other)),
    'bad_signature',
  ],
  [
    'another key, with the certificate of the provider',
    (scene) => scene.response(scene.assertion({}, { shown: keys().idp.cert }, keys().other)),
    'bad_signature',
  ],
  ['RSA with SHA-1', by({ algorithm: `${DSIG}rsa-sha1` }), 'alg_not_allowed'],
  ['a digest of SHA-1', by({ digest: `${DSIG}sha1` }), 'alg_not_allowed'],
  ['RSA-PSS where the config does not name it', by({ algorithm: PSS }), 'alg_not_allowed'],
  ['HMAC keyed with the certificate', (scene) => hmac(scene, keys().idp.cert), 'alg_not_allowed'],
  [
    'HMAC keyed with the public key',
    (scene) => hmac(scene, String(createPublicKey(keys().idp.cert).export({ type: 'spki', format: 'pem' }))),
    'alg_not_allowed',
  ],
  ['an algorithm that does not exist', changed(RSA_SHA256, `${MORE}none`), 'alg_not_allowed'],
  ['an algorithm with the name of a member', changed(RSA_SHA256, 'constructor'), 'alg_not_allowed'],
  ['inclusive canonicalization of the signature', by({ canonical: INCLUSIVE }), 'alg_not_allowed'],
  ['canonicalization with comments', by({ canonical: `${EXCLUSIVE}WithComments` }), 'alg_not_allowed'],
  ['inclusive canonicalization of the assertion', by({ transforms: [ENVELOPED, INCLUSIVE] }), 'alg_not_allowed'],
  ['no transform at all', changed(/<Transforms>[\s\S]*<\/Transforms>/, ''), 'malformed'],
  ['only one transform', by({ transforms: [ENVELOPED] }), 'alg_not_allowed'],
  ['transforms in another order', by({ transforms: [EXCLUSIVE, ENVELOPED] }), 'alg_not_allowed'],
  ['a transform too many', by({ transforms: [ENVELOPED, EXCLUSIVE, EXCLUSIVE] }), 'alg_not_allowed'],
  [
    'a transform by XPath',
    changed(
      `<Transform Algorithm="${EXCLUSIVE}"/>`,
      `<Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><XPath>true()</XPath></Transform>`,
    ),
    'alg_not_allowed',
  ],
  [
    'a transform by XSLT',
    changed(
      `<Transform Algorithm="${ENVELOPED}"/>`,
      '<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
    ),
    'alg_not_allowed',
  ],
  ['a reference to the whole document', changed('URI="#_assertion1"', 'URI=""'), 'bad_signature'],
  ['a reference to the response', changed('URI="#_assertion1"', 'URI="#_response1"'), 'bad_signature'],
  ['a reference without a number sign', changed('URI="#_assertion1"', 'URI="_assertion1"'), 'bad_signature'],
  ['a reference by XPointer', changed('URI="#_assertion1"', `URI="#xpointer(id('_assertion1'))"`), 'bad_signature'],
  ['a reference to elsewhere', changed('URI="#_assertion1"', 'URI="https://evil.example/"'), 'bad_signature'],
  ['a reference with a type', changed('URI="#_assertion1"', 'URI="#_assertion1" Type="x"'), 'bad_signature'],
  [
    'two references',
    (scene) => signed(scene.response(assertionXml(scene.parts())), '_assertion1', keys().idp, { also: ['_response1'] }),
    'malformed',
  ],
  ['the reference twice', changed(/(<Reference [\s\S]*<\/Reference>)/, '$1$1'), 'malformed'],
  ['two infos of one signature', changed(/(<SignedInfo>[\s\S]*<\/SignedInfo>)/, '$1$1'), 'malformed'],
  ['two digests', changed(/(<DigestValue>[\s\S]*<\/DigestValue>)/, '$1$1'), 'malformed'],
  ['an object in the signature', changed('</Signature>', '<Object>x</Object></Signature>'), 'malformed'],
  ['text in the signature', changed('</Signature>', 'x</Signature>'), 'malformed'],
  ['a changed name', changed('>alice@', '>mallory@'), 'bad_signature'],
  ['a changed group', changed('>analysts<', '>admins<'), 'bad_signature'],
  [
    'an added group',
    changed(
      '<saml:AttributeValue>staff',
      '<saml:AttributeValue>admins</saml:AttributeValue><saml:AttributeValue>staff',
    ),
    'bad_signature',
  ],
  ['a group that is gone', changed('<saml:AttributeValue>staff</saml:AttributeValue>', ''), 'bad_signature'],
  ['an attribute of an element that is added', changed('<saml:Subject>', '<saml:Subject x="y">'), 'bad_signature'],
  ['a changed digest', changed(/<DigestValue>./, '<DigestValue>-'), 'malformed'],
  ['an empty signature', changed(/<SignatureValue>[^<]*/, '<SignatureValue>'), 'malformed'],
  ['a signature of another length', changed(/<SignatureValue>[^<]*/, '<SignatureValue>AAAA'), 'bad_signature'],
  ['a signature whose base64 has bits to spare', changed(/.==<\/SignatureValue>/, 'x==</SignatureValue>'), 'malformed'],
  [
    'a response whose own signature is broken, with a good assertion',
    (scene) =>
      signed(scene.response(scene.assertion()), '_response1', keys().idp).replace(
        'ID="_response1"',
        'ID="_response1" x="y"',
      ),
    'bad_signature',
  ],
  [
    'a response that somebody else signed, with a good assertion',
    (scene) => signed(scene.response(scene.assertion()), '_response1', keys().other),
    'bad_signature',
  ],
  [
    'a response that is signed with SHA-1, with a good assertion',
    (scene) => signed(scene.response(scene.assertion()), '_response1', keys().idp, { algorithm: `${DSIG}rsa-sha1` }),
    'alg_not_allowed',
  ],
]

for (const [name, build, reason] of rows) {
  t.test(`refused: ${name}`, async (t) => {
    const scene = await SamlScene.begun()
    t.equal(said(await scene.complete(build(scene))), reason)
  })
}

const twins: readonly (readonly [string, (scene: SamlScene) => string, Parameters<typeof samlSettings>[0]?])[] = [
  ['RSA with SHA-256', by({})],
  [
    'RSA with SHA-512, and a digest of it',
    by({ algorithm: `${MORE}rsa-sha512`, digest: 'http://www.w3.org/2001/04/xmlenc#sha512' }),
  ],
  ['RSA-PSS where the config names it', by({ algorithm: PSS }), { algorithms: ['rsa-pss-sha256'] }],
  ['a certificate in the document that nobody asks for', by({ shown: keys().other.cert })],
  ['no certificate in the document', changed(/<KeyInfo>[\s\S]*?<\/KeyInfo>/, '')],
]

for (const [name, build, changes] of twins) {
  t.test(`taken: ${name}`, async (t) => {
    const scene = await SamlScene.begun(changes)
    t.equal(said(await scene.complete(build(scene))), 'alice@example.org')
  })
}

t.test('while a provider changes its key, both are taken', async (t) => {
  const next = rsaPair('/CN=next')
  const idpCerts = [keys().idp.cert, next.cert]
  for (const pair of [keys().idp, next]) {
    const scene = await SamlScene.begun({ idpCerts })
    t.equal(said(await scene.complete(scene.response(scene.assertion({}, {}, pair)))), 'alice@example.org')
  }
  const scene = await SamlScene.begun({ idpCerts: [next.cert] })
  t.equal(
    said(await scene.complete(scene.response(scene.assertion()))),
    'bad_signature',
    'once it has, only the new one',
  )
})
