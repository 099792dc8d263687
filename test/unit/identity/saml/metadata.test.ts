import t from 'tap'
import { openOneTime } from '../../../../src/identity/one-time.ts'
import { openSaml } from '../../../../src/identity/saml/provider.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { parseStrictXml, type XmlElement } from '../../../../src/model/strict-xml.ts'
import {
  ACS,
  decryptionKey,
  keys,
  NOW,
  pageRequest,
  SamlScene,
  samlSettings,
  URL_OF_PROXY,
} from '../../../support/saml-scene.ts'

const LIMITS = { bytes: 65_536, depth: 10, elements: 100, attributes: 20 }
const signing = { key: new Secret(keys().sp.key), cert: keys().sp.cert }
const LOGOUT = ACS.replace('acs', 'logout')
const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata'

async function metadata(scene: SamlScene): Promise<{ root: XmlElement; body: string }> {
  const route = scene.provider.routes.find(({ path }) => path === '/auth/saml/adfs/metadata')
  const answer = await route?.handle(pageRequest(new Map(), NOW))
  t.equal(answer?.status, 200)
  t.same(answer?.headers, ['content-type', 'application/samlmetadata+xml; charset=utf-8'])
  const root = parseStrictXml(Buffer.from(answer?.body ?? ''), LIMITS)
  if (!root.ok) throw new Error(root.fault)
  return { root: root.value, body: answer?.body ?? '' }
}

const written = (element: XmlElement): readonly unknown[] => [
  element.local,
  Object.fromEntries(element.attributes.map(({ local, value }) => [local, value])),
]
const inside = (element: XmlElement) => element.nodes.filter((node) => typeof node !== 'string')

t.test('a provider is told where answers go, and that assertions are signed', async (t) => {
  const { root } = await metadata(new SamlScene())
  t.equal(root.uri, METADATA)
  t.same(written(root), ['EntityDescriptor', { entityID: 'sallyport' }])
  const [role] = inside(root)
  const protocol = 'urn:oasis:names:tc:SAML:2.0:protocol'
  t.same(role && written(role), [
    'SPSSODescriptor',
    { protocolSupportEnumeration: protocol, AuthnRequestsSigned: 'false', WantAssertionsSigned: 'true' },
  ])
  const binding = (name: string) => `urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${name}`
  t.same(role && inside(role).map(written), [
    ['SingleLogoutService', { Binding: binding('Redirect'), Location: LOGOUT }],
    ['SingleLogoutService', { Binding: binding('POST'), Location: LOGOUT }],
    ['AssertionConsumerService', { Binding: binding('POST'), Location: ACS, index: '0', isDefault: 'true' }],
  ])
})

t.test('with keys it is told their certificates, and never a key', async (t) => {
  const { root, body } = await metadata(new SamlScene({ signing, decryption: decryptionKey(), nameIdFormat: 'urn:x' }))
  const [role] = inside(root)
  t.match(body, 'AuthnRequestsSigned="true"')
  t.same(role && inside(role).map(({ local }) => local), [
    'KeyDescriptor',
    'KeyDescriptor',
    'SingleLogoutService',
    'SingleLogoutService',
    'NameIDFormat',
    'AssertionConsumerService',
  ])
  const cert = keys().sp.cert.replace(/-----.*-----|\s/g, '')
  t.equal(body.split(cert).length, 3, 'both of them')
  const key = keys().sp.key.split('\n')[5] ?? 'absent'
  t.notOk(body.includes(key))
  t.notMatch(body, /PRIVATE|cbc|rsa-1_5/)
})

t.test('whatever a name says, it stays a name', async (t) => {
  const { root } = await metadata(new SamlScene({ issuer: `a"><b x='&amp;'/>\n` }))
  t.same(written(root), ['EntityDescriptor', { entityID: `a"><b x='&amp;'/>\n` }])
})

t.test('where nothing can be revoked, no logout is offered', async (t) => {
  const provider = openSaml(samlSettings(), { url: URL_OF_PROXY, oneTime: openOneTime(Date.now), revoker: null })
  t.same(
    provider.routes.map(({ path }) => path),
    ['/auth/saml/adfs/metadata'],
  )
})
