import { createVerify } from 'node:crypto'
import t from 'tap'
import { verifiedXml } from '../../../../src/identity/saml/library.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { parseStrictXml } from '../../../../src/model/strict-xml.ts'
import { ACS, keys, NO_WISH, requestIn, SamlScene } from '../../../support/saml-scene.ts'

const LIMITS = { bytes: 65_536, depth: 10, elements: 100, attributes: 20 }
const signing = { key: new Secret(keys().sp.key), cert: keys().sp.cert }

async function begun(changes: ConstructorParameters<typeof SamlScene>[0] = {}, wish = NO_WISH) {
  const { provider } = new SamlScene(changes)
  const result = await provider.begin(wish)
  if (!result.ok) throw new Error(result.fault.message)
  return result.value
}

async function requestOf(changes: ConstructorParameters<typeof SamlScene>[0] = {}, wish = NO_WISH) {
  const { departure } = await begun(changes, wish)
  const xml =
    departure.by === 'redirect'
      ? requestIn(departure.location)
      : Buffer.from(departure.fields.SAMLRequest ?? '', 'base64').toString('utf8')
  const root = parseStrictXml(Buffer.from(xml), LIMITS)
  if (!root.ok) throw new Error(root.fault)
  const { attributes } = root.value
  return { xml, attributes: new Map(attributes.map(({ local, value }) => [local, value])), departure }
}

t.test('a request goes to the entry point, and says who asks and where the answer goes', async (t) => {
  const { departure, state } = await begun()
  const { location } = departure as { location: string }
  const url = new URL(location)
  t.equal(`${url.origin}${url.pathname}`, 'https://idp.example.org/sso')
  t.equal(url.searchParams.get('tenant'), '1', 'what stands in its query stays there')
  t.equal(url.searchParams.get('RelayState'), state.relay)
  t.same([...url.searchParams.keys()], ['tenant', 'SAMLRequest', 'RelayState'], 'unsigned where there is no key')
  const { attributes, xml } = await requestOf()
  t.match(Object.fromEntries(attributes), {
    Version: '2.0',
    Destination: 'https://idp.example.org/sso?tenant=1',
    AssertionConsumerServiceURL: ACS,
    ProtocolBinding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
  })
  t.notOk(attributes.has('ForceAuthn'))
  t.notMatch(xml, /RequestedAuthnContext|Format=/)
  t.match(xml, '>sallyport</saml:Issuer>')
})

t.test('the state knows the request', async (t) => {
  const { departure, state } = await begun()
  t.match(requestIn((departure as { location: string }).location), `ID="${state.request}"`)
  t.match(String(state.request), /^_[0-9a-f]{40}$/)
  const other = await begun()
  t.not(other.state.request, state.request)
  t.not(other.state.relay, state.relay)
})

t.test('what is wished for is asked for', async (t) => {
  const stronger = await requestOf({ acrValues: ['urn:low'] }, { acrValues: ['urn:gold', 'urn:a&"b'], maxAge: null })
  t.match(
    stronger.xml,
    '<samlp:RequestedAuthnContext xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Comparison="exact">',
  )
  t.match(stronger.xml, '>urn:gold</saml:AuthnContextClassRef>')
  t.match(stronger.xml, '>urn:a&amp;"b</saml:AuthnContextClassRef>')
  t.notMatch(stronger.xml, 'urn:low')
  t.match(
    (await requestOf({ acrValues: ['urn:low'] })).xml,
    '>urn:low</saml:AuthnContextClassRef>',
    'else what the config asks for',
  )
  for (const maxAge of [0, 3600]) {
    t.equal((await requestOf({}, { acrValues: [], maxAge })).attributes.get('ForceAuthn'), 'true')
  }
  const format = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'
  t.match((await requestOf({ nameIdFormat: format })).xml, `Format="${format}"`)
})

t.test('a request in an address is signed where there is a key', async (t) => {
  const { departure } = await begun({ signing })
  const { location } = departure as { location: string }
  const parts = location.slice(location.indexOf('?') + 1).split('&')
  const of = (name: string) => parts.find((part) => part.startsWith(`${name}=`)) ?? ''
  const text = [of('SAMLRequest'), of('RelayState'), of('SigAlg')].join('&')
  const signature = Buffer.from(decodeURIComponent(of('Signature').slice('Signature='.length)), 'base64')
  t.equal(new URL(location).searchParams.get('SigAlg'), 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256')
  t.ok(createVerify('RSA-SHA256').update(text).verify(keys().sp.cert, signature))
})

t.test('a request in a form is not compressed, and signed where there is a key', async (t) => {
  const { departure } = await begun({ binding: 'post', signing })
  const { fields, action } = departure as { fields: Record<string, string>; action: string }
  t.equal(action, 'https://idp.example.org/sso?tenant=1')
  t.same(Object.keys(fields), ['SAMLRequest', 'RelayState'])
  const xml = Buffer.from(fields.SAMLRequest ?? '', 'base64').toString('utf8')
  t.ok(await verifiedXml(xml, 'root', [keys().sp.cert]))
  t.equal(await verifiedXml(xml, 'root', [keys().idp.cert]), null, 'by that key alone')
  t.match(xml, 'rsa-sha256')
  t.notMatch(xml, 'sha1')
  const plain = await requestOf({ binding: 'post' })
  t.notMatch(plain.xml, 'Signature')
})

t.test('its answer arrives by a form of another site', async (t) => {
  const { provider } = new SamlScene()
  t.same(provider.arrival, { method: 'POST', path: '/auth/saml/adfs/acs', isCrossSite: true, maxForm: 640 * 1024 })
  t.equal(provider.kind, 'saml')
  provider.close()
})

t.test('what no document can say is not asked for', async (t) => {
  const { provider } = new SamlScene()
  for (const value of ['', 'a\0', 'a\nb', '\ud800', '\uffff']) {
    t.match(await provider.begin({ acrValues: [value], maxAge: null }), { ok: false, fault: { reason: 'malformed' } })
  }
  t.match(await provider.begin({ acrValues: ['urn:ä'], maxAge: null }), { ok: true })
})
