import t from 'tap'
import type { SamlSettings } from '../../../../src/model/saml-settings.ts'
import { NOW, SamlScene, said } from '../../../support/saml-scene.ts'

const CLASSES = 'urn:oasis:names:tc:SAML:2.0:ac:classes:'
const MULTIPLE = 'http://schemas.microsoft.com/claims/multipleauthn'
const METHODS = 'http://schemas.microsoft.com/claims/authnmethodsreferences'
const FORMATS = 'urn:oasis:names:tc:SAML:2.0:nameid-format:'
const claims = (changes: Partial<SamlSettings['claims']>) => ({
  claims: { id: 'nameID', name: 'name', email: 'email', groups: 'memberOf', workspace: null, mfa: null, ...changes },
})

async function signIn(changes: Partial<SamlSettings>, parts: Parameters<SamlScene['parts']>[0]) {
  const scene = await SamlScene.begun(changes)
  return scene.complete(scene.response(scene.assertion(parts)))
}

async function principal(changes: Partial<SamlSettings>, parts: Parameters<SamlScene['parts']>[0]) {
  const outcome = await signIn(changes, parts)
  return outcome.outcome === 'signed-in' ? outcome.who.principal : outcome.reason
}

t.test('attributes are called by their exact names', async (t) => {
  const uri = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/'
  const mapped = claims({
    id: `${uri}upn`,
    name: `${uri}name`,
    email: `${uri}emailaddress`,
    groups: 'Role',
    workspace: 'dept',
  })
  const attributes = {
    [`${uri}upn`]: ['al'],
    [`${uri}name`]: ['Al'],
    [`${uri}emailaddress`]: ['a@b'],
    Role: ['x'],
    dept: ['lab', 'shop'],
  }
  t.match(await principal(mapped, { attributes }), {
    id: 'al',
    name: 'Al',
    email: 'a@b',
    groups: ['x'],
    workspaces: ['lab', 'shop'],
  })
})

t.test('what is absent cannot be told, and what is not text neither', async (t) => {
  const none = await principal(claims({ workspace: 'dept' }), { attributes: {} })
  t.match(none, { name: null, email: null, groups: undefined, workspaces: [], claims: {} })
  const element =
    '<saml:Attribute Name="memberOf"><saml:AttributeValue>a</saml:AttributeValue><saml:AttributeValue><b xmlns="">c</b></saml:AttributeValue></saml:Attribute>'
  const odd = await principal({}, { attributes: { dept: ['x'] }, extraAttributes: element })
  t.match(odd, { groups: undefined })
  t.same((odd as { claims: unknown }).claims, { dept: 'x' }, 'nor is it a claim')
})

t.test('attributes of one name are one, wherever they stand', async (t) => {
  const more = '<saml:Attribute Name="memberOf"><saml:AttributeValue>more</saml:AttributeValue></saml:Attribute>'
  t.match(await principal({}, { extraAttributes: more }), { groups: ['analysts', 'staff', 'more'] })
  const id = '<saml:Attribute Name="uid"><saml:AttributeValue>mallory</saml:AttributeValue></saml:Attribute>'
  const twice = { attributes: { uid: ['alice'] }, extraAttributes: id }
  t.equal(said(await signIn(claims({ id: 'uid' }), twice)), 'malformed', 'an id is one')
  t.match(await principal(claims({ name: 'uid' }), twice), { name: null })
  t.equal(said(await signIn(claims({ id: 'uid' }), { attributes: { uid: ['alice'] } })), 'alice')
})

t.test('claims are single strings, or lists of them, of any name', async (t) => {
  const attributes = { one: ['a'], two: ['a', 'b'], none: [], empty: [''], ['__proto__']: ['x'], constructor: ['y'] }
  const who = await principal({}, { attributes })
  const { claims: told } = who as { claims: Record<string, unknown> }
  t.same(Object.entries(told).sort(), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
    ['empty', ''],
    ['none', []],
    ['one', 'a'],
    ['two', ['a', 'b']],
  ])
})

const ids: readonly (readonly [string, Partial<SamlSettings>, Parameters<SamlScene['parts']>[0], string])[] = [
  ['a NameID', {}, { nameId: 'S-1-5-21-1' }, 'S-1-5-21-1'],
  ['a persistent NameID', {}, { nameId: 'x', nameIdFormat: `${FORMATS}persistent` }, 'x'],
  ['a transient NameID', {}, { nameIdFormat: `${FORMATS}transient` }, 'claim_missing'],
  [
    'a transient NameID beside an attribute',
    claims({ id: 'uid' }),
    { nameIdFormat: `${FORMATS}transient`, attributes: { uid: ['al'] } },
    'al',
  ],
  ['an attribute that is not there', claims({ id: 'uid' }), {}, 'claim_missing'],
  ['an attribute without a value', claims({ id: 'uid' }), { attributes: { uid: [] } }, 'malformed'],
  ['an empty attribute', claims({ id: 'uid' }), { attributes: { uid: [''] } }, 'malformed'],
  ['an attribute with two values', claims({ id: 'uid' }), { attributes: { uid: ['a', 'b'] } }, 'malformed'],
  ['an attribute with a line in it', claims({ id: 'uid' }), { attributes: { uid: ['a\nb'] } }, 'malformed'],
  ['an empty NameID', {}, { nameId: '' }, 'malformed'],
  ['a very long NameID', {}, { nameId: 'x'.repeat(1025) }, 'malformed'],
  ['a long NameID', {}, { nameId: 'x'.repeat(1024) }, 'x'.repeat(1024)],
]
for (const [name, changes, parts, expected] of ids) {
  t.test(`the id is ${name}`, async (t) => t.equal(said(await signIn(changes, parts)), expected))
}

const mfa: readonly (readonly [string, Partial<SamlSettings>, Parameters<SamlScene['parts']>[0], string])[] = [
  ['a class that the config lists', { mfaAcr: [MULTIPLE] }, { classRef: MULTIPLE }, 'yes'],
  ['another class', { mfaAcr: [MULTIPLE] }, { classRef: `${CLASSES}Password` }, 'no'],
  ['a class that only begins like it', { mfaAcr: [MULTIPLE] }, { classRef: `${MULTIPLE}2` }, 'no'],
  ['no class', { mfaAcr: [MULTIPLE] }, { classRef: null }, 'unknown'],
  ['the class of nothing', { mfaAcr: [MULTIPLE] }, { classRef: `${CLASSES}unspecified` }, 'unknown'],
  ['a class where the config lists none', {}, { classRef: `${CLASSES}Password` }, 'unknown'],
  [
    'an attribute that the config names',
    { mfaAcr: [MULTIPLE], ...claims({ mfa: METHODS }) },
    { attributes: { [METHODS]: [`${CLASSES}Password`, MULTIPLE] } },
    'yes',
  ],
  ['an attribute that it does not name', { mfaAcr: [MULTIPLE] }, { attributes: { [METHODS]: [MULTIPLE] } }, 'no'],
  [
    'an attribute that shows one factor',
    { mfaAcr: [MULTIPLE], ...claims({ mfa: METHODS }) },
    { classRef: null, attributes: { [METHODS]: [`${CLASSES}Password`] } },
    'no',
  ],
]
for (const [name, changes, parts, expected] of mfa) {
  t.test(`mfa: ${name} is ${expected}`, async (t) => t.match(await principal(changes, parts), { mfa: expected }))
}

t.test('when somebody signed in, and how, is passed on', async (t) => {
  const who = await principal({}, { signedIn: NOW - 3_600_500, classRef: 'urn:gold' })
  t.match(who, { acr: 'urn:gold', authTime: NOW / 1000 - 3601 })
  t.match(await principal({}, { classRef: null }), { acr: undefined })
})
