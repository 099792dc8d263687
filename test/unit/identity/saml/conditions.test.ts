import t from 'tap'
import { assertionXml, signed } from '../../../support/saml-provider.ts'
import { ACS, IDP, keys, MINUTE, NOW, SamlScene, said } from '../../../support/saml-scene.ts'

type Changes = Parameters<SamlScene['parts']>[0]
const STATUS = 'urn:oasis:names:tc:SAML:2.0:status'
const of = (changes: Changes) => (scene: SamlScene) => scene.response(scene.assertion(changes))
const head = (changes: Parameters<SamlScene['response']>[1]) => (scene: SamlScene) =>
  scene.response(scene.assertion(), changes)
/** What the provider signs after a part of it was changed. */
const vouched = (from: string | RegExp, to: string) => (scene: SamlScene) => {
  const parts = scene.parts()
  const xml = assertionXml(parts)
  const other = xml.replace(from, to)
  if (other === xml) throw new Error(`nothing to change: ${from}`)
  return scene.response(signed(other, parts.id, keys().idp))
}
const CONFIRMATION = /<saml:SubjectConfirmation [\s\S]*<\/saml:SubjectConfirmation>/
const AUDIENCE = '<saml:AudienceRestriction><saml:Audience>other</saml:Audience></saml:AudienceRestriction>'

const rows: readonly (readonly [string, (scene: SamlScene) => string, string])[] = [
  ['another audience', of({ audience: 'other' }), 'wrong_aud'],
  ['an audience that only begins like ours', of({ audience: 'sallyport2' }), 'wrong_aud'],
  ['no audience', of({ audience: null }), 'wrong_aud'],
  ['ours and then another restriction', of({ extraConditions: AUDIENCE }), 'wrong_aud'],
  ['no conditions', vouched(/<saml:Conditions [\s\S]*<\/saml:Conditions>/, ''), 'wrong_aud'],
  ['conditions twice', vouched(/(<saml:Conditions [\s\S]*<\/saml:Conditions>)/, '$1$1'), 'wrong_aud'],
  ['a condition that is not known', of({ extraConditions: '<saml:Condition/>' }), 'malformed'],
  ['another recipient', of({ recipient: `${ACS}x` }), 'wrong_recipient'],
  ['the recipient of another provider here', of({ recipient: ACS.replace('adfs', 'other') }), 'wrong_recipient'],
  ['no recipient', vouched(/ Recipient="[^"]*"/, ''), 'wrong_recipient'],
  ['another destination', head({ destination: `${ACS}/` }), 'wrong_recipient'],
  ['no destination', head({ destination: null }), 'wrong_recipient'],
  ['an answer to another request', head({ inResponseTo: '_other' }), 'unsolicited'],
  ['an answer to none', head({ inResponseTo: null }), 'unsolicited'],
  ['an assertion for another request in an answer to ours', of({ inResponseTo: '_other' }), 'unsolicited'],
  ['an assertion for none in an answer to ours', of({ inResponseTo: null }), 'unsolicited'],
  ['another issuer of the assertion', of({ issuer: 'https://evil.example' }), 'wrong_iss'],
  ['an issuer that only begins like ours', of({ issuer: `${IDP}/2` }), 'wrong_iss'],
  ['another issuer of the response', head({ issuer: 'https://evil.example' }), 'wrong_iss'],
  ['an issuer in another form', vouched('<saml:Issuer>', '<saml:Issuer Format="urn:x">'), 'wrong_iss'],
  ['two issuers', vouched(/(<saml:Issuer>[\s\S]*<\/saml:Issuer>)/, '$1$1'), 'wrong_iss'],
  ['an assertion whose confirmation is over', of({ confirmedUntil: NOW - 30_000 }), 'expired'],
  ['an assertion that is over', of({ notOnOrAfter: NOW - 30_000 }), 'expired'],
  ['an assertion of the future', of({ notBefore: NOW + 30_001 }), 'not_yet_valid'],
  ['a confirmation without an end', vouched(/(Recipient="[^"]*") NotOnOrAfter="[^"]*"/, '$1'), 'claim_missing'],
  [
    'a confirmation of the future',
    vouched('Recipient=', 'NotBefore="2026-01-02T12:05:00Z" Recipient='),
    'not_yet_valid',
  ],
  ['a time in another zone', vouched(/NotBefore="([^"]*)Z"/, 'NotBefore="$1+01:00"'), 'malformed'],
  ['a day that does not exist', vouched(/NotBefore="[^"]*"/, 'NotBefore="2025-02-30T00:00:00Z"'), 'malformed'],
  ['a sign-in of the future', of({ signedIn: NOW + 30_001 }), 'not_yet_valid'],
  ['a session that is over', of({ sessionUntil: NOW }), 'expired'],
  ['nothing about the sign-in', vouched(/<saml:AuthnStatement [\s\S]*<\/saml:AuthnStatement>/, ''), 'claim_missing'],
  ['two sign-ins', vouched(/(<saml:AuthnStatement [\s\S]*<\/saml:AuthnStatement>)/, '$1$1'), 'claim_missing'],
  ['a sign-in at no time', vouched(/ AuthnInstant="[^"]*"/, ''), 'claim_missing'],
  [
    'two classes of one sign-in',
    vouched(/(<saml:AuthnContextClassRef>[\s\S]*<\/saml:AuthnContextClassRef>)/, '$1$1'),
    'malformed',
  ],
  ['no subject', vouched(/<saml:Subject>[\s\S]*<\/saml:Subject>/, ''), 'claim_missing'],
  ['two subjects', vouched(/(<saml:Subject>[\s\S]*<\/saml:Subject>)/, '$1$1'), 'claim_missing'],
  ['two names', vouched(/(<saml:NameID [\s\S]*<\/saml:NameID>)/, '$1$1'), 'claim_missing'],
  [
    'an encrypted name beside the open one',
    vouched('<saml:Subject>', '<saml:Subject><saml:EncryptedID/>'),
    'claim_missing',
  ],
  ['no confirmation', vouched(CONFIRMATION, ''), 'malformed'],
  [
    'two confirmations',
    vouched(/(<saml:SubjectConfirmation [\s\S]*<\/saml:SubjectConfirmation>)/, '$1$1'),
    'malformed',
  ],
  ['a confirmation by a key', vouched('cm:bearer', 'cm:holder-of-key'), 'malformed'],
  ['an assertion of SAML 1.1', vouched('Version="2.0"', 'Version="1.1"'), 'malformed'],
  ['a response of SAML 1.1', (scene) => head({})(scene).replace('Version="2.0"', 'Version="1.1"'), 'malformed'],
  [
    'a statement of another kind',
    vouched('<saml:AttributeStatement>', '<saml:AuthzDecisionStatement/><saml:AttributeStatement>'),
    'malformed',
  ],
  ['a status of failure', head({ status: `${STATUS}:Responder` }), 'sign_in_refused'],
  ['a status that only ends like success', head({ status: 'urn:evil:Success' }), 'sign_in_refused'],
  ['no status', (scene) => head({})(scene).replace(/<samlp:Status>.*<\/samlp:Status>/, ''), 'malformed'],
  ['two statuses', (scene) => head({})(scene).replace(/(<samlp:Status>.*<\/samlp:Status>)/, '$1$1'), 'malformed'],
]

for (const [name, build, reason] of rows) {
  t.test(`refused: ${name}`, async (t) => {
    const scene = await SamlScene.begun()
    t.equal(said(await scene.complete(build(scene))), reason)
  })
}

const twins: readonly (readonly [string, (scene: SamlScene) => string])[] = [
  ['ours among other audiences', vouched('<saml:Audience>', '<saml:Audience>other</saml:Audience><saml:Audience>')],
  ['ours, twice', of({ extraConditions: AUDIENCE.replace('other', 'sallyport') })],
  ['conditions that hold anyhow', of({ extraConditions: '<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/>' })],
  ['an assertion whose confirmation is over by less than the skew', of({ confirmedUntil: NOW - 29_999 })],
  ['an assertion that is over by less than the skew', of({ notOnOrAfter: NOW - 29_999 })],
  ['an assertion of the future by no more than the skew', of({ notBefore: NOW + 30_000 })],
  [
    'an issuer in the form of an entity',
    vouched('<saml:Issuer>', '<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">'),
  ],
  ['a time without fractions', vouched(/NotBefore="[^"]*"/, 'NotBefore="2026-01-02T11:59:00Z"')],
  ['a time with many of them', vouched(/NotBefore="[^"]*"/, 'NotBefore="2026-01-02T11:59:00.1234567Z"')],
  ['a session without an end', of({ sessionUntil: null })],
]

for (const [name, build] of twins) {
  t.test(`taken: ${name}`, async (t) => {
    const scene = await SamlScene.begun()
    t.equal(said(await scene.complete(build(scene))), 'alice@example.org')
  })
}

t.test('a refusal of the provider is told with its words, and with no others', async (t) => {
  const scene = await SamlScene.begun()
  const failure = (code: string) =>
    `<samlp:Status><samlp:StatusCode Value="${STATUS}:Responder"><samlp:StatusCode Value="${code}"/></samlp:StatusCode><samlp:StatusMessage>call &lt;b&gt;evil&lt;/b&gt;</samlp:StatusMessage></samlp:Status>`
  const answer = (code: string) =>
    scene.complete(scene.response('').replace(/<samlp:Status>.*<\/samlp:Status>/, failure(code)))
  t.match(await answer(`${STATUS}:NoAuthnContext`), {
    reason: 'sign_in_refused',
    message: 'The answer of adfs says that the sign-in did not succeed (Responder, NoAuthnContext).',
  })
  t.match(await answer('urn:evil:call-me'), {
    message: 'The answer of adfs says that the sign-in did not succeed (Responder).',
  })
})

t.test('an answer belongs to the browser that asked, once', async (t) => {
  const scene = await SamlScene.begun()
  const xml = scene.response(scene.assertion())
  t.equal(said(await scene.complete(xml, { relay: '' })), 'unsolicited', 'another relay state')
  t.equal(said(await scene.complete(xml, { state: {} })), 'unsolicited', 'no state')
  const other = await SamlScene.begun()
  t.equal(said(await scene.complete(xml, { state: other.state, relay: other.relay })), 'unsolicited', 'another browser')
  t.equal(said(await scene.complete(xml)), 'alice@example.org')
  t.equal(said(await scene.complete(xml)), 'replayed', 'a second time')
  const again = scene.response(scene.assertion(), { id: '_response2' })
  t.equal(said(await scene.complete(again)), 'replayed', 'in another response')
  await scene.begin()
  t.equal(said(await scene.complete(xml)), 'unsolicited', 'in a later sign-in')
  const next = scene.response(scene.assertion({ id: '_assertion2' }))
  t.equal(said(await scene.complete(next)), 'alice@example.org', 'the next one is another assertion')
  t.equal(said(await scene.complete(next, { now: NOW + 10 * MINUTE })), 'expired')
})

t.test('a provider whose name is not written is known by its certificate alone', async (t) => {
  const scene = await SamlScene.begun({ idpIssuer: null })
  t.equal(said(await scene.complete(scene.response(scene.assertion({ issuer: '' })))), 'wrong_iss', 'it has some name')
  const issuer = 'https://somebody.example.org'
  const xml = scene.response(scene.assertion({ issuer }), { issuer })
  t.equal(said(await scene.complete(xml)), 'alice@example.org')
  t.equal(said(await scene.complete(xml)), 'replayed')
})

t.test('two providers with one certificate do not vouch for each other', async (t) => {
  const scene = await SamlScene.begun()
  const other = await SamlScene.begun({ name: 'other', idpIssuer: 'https://idp.example.org/other' })
  const state = { state: other.state, relay: other.relay }
  const xml = scene.response(scene.assertion({ inResponseTo: other.requestId }), { inResponseTo: other.requestId })
  t.equal(said(await other.complete(xml, state)), 'wrong_recipient')
  const [recipient, issuer] = [ACS.replace('adfs', 'other'), 'https://idp.example.org/other']
  const aimed = { inResponseTo: other.requestId, recipient }
  const at = { inResponseTo: other.requestId, destination: recipient }
  t.equal(said(await other.complete(scene.response(scene.assertion(aimed), { ...at, issuer }), state)), 'wrong_iss')
  t.equal(
    said(await other.complete(scene.response(scene.assertion({ ...aimed, issuer }), { ...at, issuer }), state)),
    'alice@example.org',
  )
})
