import t from 'tap'
import { assertionXml, signed } from '../../../support/saml-provider.ts'
import { FORGETFUL, keys, SamlScene, said } from '../../../support/saml-scene.ts'

/** The same document with something in it that a plain one does not have; signed before, so that only the form is wrong. */
const good = (scene: SamlScene) => scene.response(scene.assertion())
const changed = (from: string, to: string) => (scene: SamlScene) => {
  const xml = good(scene)
  if (!xml.includes(from)) throw new Error(`nothing to change: ${from}`)
  return xml.replace(from, to)
}
/** Changed before it is signed: the provider itself says so. */
const vouched = (from: string, to: string) => (scene: SamlScene) => {
  const parts = scene.parts()
  return scene.response(signed(assertionXml(parts).replace(from, to), parts.id, keys().idp))
}
const bomb = `<!DOCTYPE r [<!ENTITY a "${'x'.repeat(64)}">${[...'bcdefgh'].map((name, index) => `<!ENTITY ${name} "${`&${'abcdefg'[index]};`.repeat(16)}">`).join('')}]>`

const rows: readonly (readonly [string, (scene: SamlScene) => string])[] = [
  [
    'a comment in the NameID',
    changed('alice@example.org</saml:NameID>', 'alice@example.org<!-- -->.evil</saml:NameID>'),
  ],
  ['a comment in an attribute', changed('>analysts<', '>ana<!-- -->lysts<')],
  ['a comment between elements', changed('<samlp:Status>', '<!-- x --><samlp:Status>')],
  ['a comment before the response', (scene) => `<!-- x -->${good(scene)}`],
  ['a comment behind it', (scene) => `${good(scene)}<!-- x -->`],
  ['a comment in the digest', changed('<DigestValue>', '<DigestValue><!-- x -->')],
  ['a CDATA section', changed('>analysts<', '><![CDATA[analysts]]><')],
  ['a processing instruction', changed('>analysts<', '>ana<?x y?>lysts<')],
  ['a stylesheet', (scene) => `<?xml-stylesheet href="x"?>${good(scene)}`],
  ['a document type', (scene) => `<!DOCTYPE x>${good(scene)}`],
  ['a document type of elsewhere', (scene) => `<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">${good(scene)}`],
  ['a bomb of entities', (scene) => bomb + changed('>analysts<', '>&h;<')(scene)],
  ['an entity of a file', (scene) => `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${good(scene)}`],
  ['an entity that nobody declares', changed('>analysts<', '>&x;<')],
  ['an attribute that stands twice', changed('Version="2.0"', 'Version="2.0" Version="2.0"')],
  [
    'an attribute that stands twice by two prefixes',
    changed('Version="2.0"', 'Version="2.0" xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"'),
  ],
  ['a prefix that is bound to nothing', changed('<samlp:Status>', '<samlp:Status p:x="1">')],
  ['the prefix xml bound anew', changed('Version="2.0"', 'Version="2.0" xmlns:xml="urn:x"')],
  ['a second root', (scene) => `${good(scene)}<x/>`],
  ['text behind the root', (scene) => `${good(scene)}x`],
  ['half a document', (scene) => good(scene).slice(0, -20)],
  ['text between the parts of a response', changed('<samlp:Status>', 'text<samlp:Status>')],
  ['a byte order mark', (scene) => `\ufeff${good(scene)}`],
  ['a null byte', changed('>analysts<', '>ana\0lysts<')],
  ['a null byte by reference', changed('>analysts<', '>ana&#0;lysts<')],
  ['half of a surrogate by reference', changed('>analysts<', '>ana&#xd800;lysts<')],
  ['another encoding', (scene) => `<?xml version="1.0" encoding="UTF-16"?>${good(scene)}`],
  ['XML 1.1', (scene) => `<?xml version="1.1"?>${good(scene)}`],
  ['an element in the NameID', vouched('alice@example.org</saml:NameID>', 'alice<b xmlns="">x</b></saml:NameID>')],
  ['a tower of elements', changed('<samlp:Status>', `${'<a>'.repeat(60)}${'</a>'.repeat(60)}<samlp:Status>`)],
  [
    'an element with very many attributes',
    changed('<samlp:Status>', `<samlp:Status ${Array.from({ length: 60 }, (_, index) => `a${index}=""`).join(' ')}>`),
  ],
  [
    'very many elements',
    changed('</saml:AttributeStatement>', `${'<saml:Attribute/>'.repeat(9000)}</saml:AttributeStatement>`),
  ],
  ['more than 256 KiB', (scene) => `${good(scene)}${' '.repeat(256 * 1024)}`],
]

for (const [name, build] of rows) {
  t.test(`refused: ${name}`, async (t) => {
    const scene = await SamlScene.begun()
    const reason = said(await scene.complete(build(scene)))
    t.equal(reason, name === 'an element in the NameID' ? 'claim_missing' : 'malformed')
  })
}

const twins: readonly (readonly [string, (scene: SamlScene) => string])[] = [
  ['a declaration of XML', (scene) => `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n${good(scene)}\n`],
  ['a prefix that is bound', changed('<samlp:Status>', '<samlp:Status xmlns:p="u" p:x="1">')],
  ['white space between the parts of a response', changed('<samlp:Status>', '\r\n\t <samlp:Status>')],
  ['a character by reference for itself', changed('>analysts<', '>&#97;nalysts<')],
  ['ends of lines that the provider signed', vouched('<saml:Subject>', '\r\n<saml:Subject>')],
  ['256 KiB', (scene) => `${good(scene)}${' '.repeat(256 * 1024 - Buffer.byteLength(good(scene)))}`],
]

for (const [name, build] of twins) {
  t.test(`taken: ${name}`, async (t) => {
    const scene = await SamlScene.begun()
    t.equal(said(await scene.complete(build(scene))), 'alice@example.org')
  })
}

t.test('base64 is written in one way', async (t) => {
  const scene = await SamlScene.begun()
  const encoded = Buffer.from(scene.response(scene.assertion())).toString('base64')
  for (const wrong of ['', '!', `${encoded}=`, `${encoded}\0`, `_${encoded.slice(1)}`, encoded.replace(/^./, ' !')]) {
    t.equal(said(await scene.post(wrong)), 'malformed')
  }
  t.equal(
    said(await scene.post(`${encoded.slice(0, 76)}\r\n${encoded.slice(76)}\r\n`)),
    'alice@example.org',
    'in lines',
  )
})

t.test('what nobody signed costs far less than what the provider did', async (t) => {
  const scene = await SamlScene.begun({}, FORGETFUL)
  const attributes = { memberOf: Array.from({ length: 2300 }, (_, index) => `group-${index}`) }
  const cost = async (pair = keys().idp) => {
    const xml = scene.response(scene.assertion({ attributes }, {}, pair))
    const times: number[] = []
    for (let round = 0; round < 3; round++) {
      const before = process.cpuUsage()
      await scene.complete(xml)
      const { user, system } = process.cpuUsage(before)
      times.push(user + system)
    }
    return Math.min(...times)
  }
  const [ours, strange] = [await cost(), await cost(keys().other)]
  t.ok(strange < ours / 4, `${strange} of ${ours} microseconds`)
})
