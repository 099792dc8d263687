import t from 'tap'
import { Secret } from '../../../../src/model/secret.ts'
import { assertionXml } from '../../../support/saml-provider.ts'
import { decryptionKey, keys, NO_WISH, SamlScene, said } from '../../../support/saml-scene.ts'
import {
  noXmlsec,
  template,
  type XmlsecSignature,
  xmlsecEncrypted,
  xmlsecSigned,
  xmlsecVerifies,
} from '../../../support/xmlsec.ts'

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const XENC = 'http://www.w3.org/2001/04/xmlenc#'
const GCM = 'http://www.w3.org/2009/xmlenc11#aes256-gcm'
const left = noXmlsec()

/** Values with a type, as OpenSAML writes them: their prefix is used in a value alone. */
const TYPED =
  '<saml:Attribute Name="uid"><saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">al</saml:AttributeValue></saml:Attribute>'

function assertion(scene: SamlScene, options: XmlsecSignature = {}, pair = keys().idp): string {
  const parts = scene.parts({ extraAttributes: TYPED, attributes: { name: ['Älice & "Bob"'] } })
  const xml = assertionXml(parts).replace('</saml:Issuer>', `</saml:Issuer>${template(parts.id, options)}`)
  return xmlsecSigned(xml, pair).replace(/^<\?xml[^>]*\?>\s*/, '')
}

function both(scene: SamlScene, inside: string): string {
  const whole = scene.response(inside).replace('</saml:Issuer>', `</saml:Issuer>${template('_response1')}`)
  return xmlsecSigned(whole, keys().idp)
}

const encrypted = (scene: SamlScene, cipher: string, wrap = `${XENC}rsa-oaep-mgf1p`) =>
  xmlsecEncrypted(assertion(scene), keys().sp, cipher, wrap)

const rows: readonly (readonly [string, (scene: SamlScene) => string, string])[] = [
  ['a signed assertion', (scene) => scene.response(assertion(scene)), 'alice@example.org'],
  ['a signed assertion in a signed response', (scene) => both(scene, assertion(scene)), 'alice@example.org'],
  [
    'prefixes that are canonicalized inclusively',
    (scene) => scene.response(assertion(scene, { prefixes: 'xs saml' })),
    'alice@example.org',
  ],
  [
    'RSA with SHA-512',
    (scene) => scene.response(assertion(scene, { algorithm: `${MORE}rsa-sha512`, digest: `${XENC}sha512` })),
    'alice@example.org',
  ],
  [
    'RSA with SHA-384, which is not known',
    (scene) => scene.response(assertion(scene, { algorithm: `${MORE}rsa-sha384` })),
    'alg_not_allowed',
  ],
  ['another key', (scene) => scene.response(assertion(scene, {}, keys().other)), 'bad_signature'],
  ['a changed value', (scene) => scene.response(assertion(scene).replace('>al<', '>bo<')), 'bad_signature'],
  [
    'another type of a value',
    (scene) => scene.response(assertion(scene).replace('xs:string', 'xs:int')),
    'bad_signature',
  ],
  ['a response alone that is signed', (scene) => both(scene, assertionXml(scene.parts())), 'bad_signature'],
  ['an assertion under AES-GCM', (scene) => scene.response(encrypted(scene, GCM)), 'alice@example.org'],
  [
    'an assertion under AES-CBC in a signed response',
    (scene) => both(scene, encrypted(scene, `${XENC}aes256-cbc`)),
    'alice@example.org',
  ],
  [
    'an assertion under AES-CBC in an unsigned response',
    (scene) => scene.response(encrypted(scene, `${XENC}aes256-cbc`)),
    'alg_not_allowed',
  ],
  [
    'a key under RSA with PKCS #1 1.5',
    (scene) => scene.response(encrypted(scene, GCM, `${XENC}rsa-1_5`)),
    'alg_not_allowed',
  ],
]

for (const [name, build, expected] of rows) {
  t.test(`by xmlsec1: ${name}`, { skip: left ?? false }, async (t) => {
    const scene = await SamlScene.begun({ decryption: decryptionKey() })
    t.equal(said(await scene.complete(build(scene))), expected)
  })
}

t.test('xmlsec1 takes the signature of a request in a form', { skip: left ?? false }, async (t) => {
  const signing = { key: new Secret(keys().sp.key), cert: keys().sp.cert }
  const begun = await new SamlScene({ binding: 'post', signing }).provider.begin(NO_WISH)
  const fields = begun.ok && begun.value.departure.by === 'form' ? begun.value.departure.fields : {}
  const xml = Buffer.from(fields.SAMLRequest ?? '', 'base64').toString('utf8')
  const root = 'urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest'
  t.ok(xmlsecVerifies(xml, keys().sp, root))
  t.notOk(xmlsecVerifies(xml.replace('Version="2.0"', 'Version="2.1"'), keys().sp, root))
})
