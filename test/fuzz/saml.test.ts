import { DOMParser } from '@xmldom/xmldom'
import fc from 'fast-check'
import t from 'tap'
import { ExclusiveCanonicalization } from 'xml-crypto'
import { canonicalForm } from '../../src/identity/saml/canonical.ts'
import { parseStrictXml, type XmlElement } from '../../src/model/strict-xml.ts'
import { encrypted } from '../support/saml-encryption.ts'
import { signed } from '../support/saml-provider.ts'
import { decryptionKey, FORGETFUL, keys, SamlScene } from '../support/saml-scene.ts'
import { fuzz, fuzzAsync } from './budget.ts'

const LIMITS = { bytes: 65_536, depth: 20, elements: 500, attributes: 20 }
const XMLNS = 'http://www.w3.org/2000/xmlns/'

/** What the parser of the library that checks signatures sees, in the same form; null where it sees no document. */
function otherTree(xml: string): XmlElement | null {
  const root = new DOMParser({ errorHandler: () => undefined }).parseFromString(xml.replace(/\r\n?/g, '\n'), 'text/xml')
  return root?.documentElement ? treeOf(root.documentElement) : null
}

function treeOf(node: Element): XmlElement {
  const nodes: (XmlElement | string)[] = []
  for (const child of Array.from(node.childNodes)) {
    const last = nodes.at(-1)
    if (child.nodeType === 1) nodes.push(treeOf(child as Element))
    else if (typeof last === 'string') nodes[nodes.length - 1] = last + child.nodeValue
    else nodes.push(child.nodeValue ?? '')
  }
  const attributes = Array.from(node.attributes)
    .filter(({ namespaceURI, name }) => namespaceURI !== XMLNS && name !== 'xmlns')
    .map(({ namespaceURI, localName, value }) => ({ uri: namespaceURI ?? '', local: localName ?? '', value }))
  return { uri: node.namespaceURI ?? '', local: node.localName ?? '', prefix: node.prefix ?? '', attributes, nodes }
}

const name = fc.constantFrom('a', 'b', 'p:a', 'p:b', 'q:c', 'xml:lang', 'x-1', '_')
const text = fc.oneof(
  fc.constantFrom(
    '&amp;',
    '&lt;',
    '&#65;',
    '&#x10ffff;',
    ' ',
    '\n',
    '\r\n',
    '\t',
    '>',
    "'",
    '"',
    'ä',
    '&x;',
    '<!---->',
    '<![CDATA[x]]>',
    '<?x y?>',
    ']]>',
    '&#13;',
  ),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
)
const attribute = fc.tuple(
  fc.oneof(name, fc.constantFrom('xmlns', 'xmlns:p', 'xmlns:q')),
  fc.constantFrom('"', "'"),
  text,
)
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc
    .tuple(
      name,
      fc.array(attribute, { maxLength: 3 }),
      fc.array(fc.oneof({ maxDepth: 4 }, text, tie('tree')), { maxLength: 3 }),
    )
    .map(([local, attributes, inside]) => {
      const written = attributes.map(([key, quote, value]) => ` ${key}=${quote}${value}${quote}`).join('')
      return inside.length === 0 ? `<${local}${written}/>` : `<${local}${written}>${inside.join('')}</${local}>`
    }),
}))
const document = tree.map((one) => one.replace(/^<([^\s/>]+)/, '<$1 xmlns:p="urn:p" xmlns:q="urn:q"'))

t.test('what is read is what the other parser sees', async (t) => {
  let read = 0
  fuzz(
    t,
    fc.property(fc.oneof(document, tree), (xml) => {
      const strict = parseStrictXml(Buffer.from(xml.toWellFormed()), LIMITS)
      if (!strict.ok) return true
      read++
      return JSON.stringify(strict.value) === JSON.stringify(otherTree(xml.toWellFormed()))
    }),
    0.4,
  )
  t.ok(read > 0, `${read} documents were read`)
})

/**
 * Where the library is not as the standard has it: it binds `xml` for an element that is named so, and writes names of
 * namespaces as they are, whatever is in them.
 */
const isOdd = /<xml:|xmlns(?::[a-z])?=(?:"[^"]*[&>\t\r\n]|'[^']*[&>"\t\r\n])/

t.test('its canonical form is the one of the library that checks signatures', async (t) => {
  let read = 0
  const prefixes = fc.uniqueArray(fc.constantFrom('p', 'q', 'none'), { maxLength: 2 })
  fuzz(
    t,
    fc.property(fc.oneof(document, tree), prefixes, (written, inclusive) => {
      const xml = written.toWellFormed()
      const strict = parseStrictXml(Buffer.from(xml), LIMITS)
      if (!strict.ok || isOdd.test(xml)) return true
      read++
      const other = new DOMParser().parseFromString(xml.replace(/\r\n?/g, '\n'), 'text/xml').documentElement
      const options = { inclusiveNamespacesPrefixList: inclusive }
      const expected = new ExclusiveCanonicalization().process(other as unknown as Element, options as never)
      return canonicalForm(strict.value, { leftOut: null, inclusive }) === String(expected)
    }),
    0.4,
  )
  t.ok(read > 0, `${read} documents were read`)
})

t.test('no bytes are a sign-in but those that were signed, and none breaks anything', async (t) => {
  const scene = await SamlScene.begun({ decryption: decryptionKey() }, FORGETFUL)
  const open = scene.response(scene.assertion())
  const seeds = [
    open,
    signed(open, '_response1', keys().idp),
    scene.response(encrypted(scene.assertion(), keys().sp.cert)),
    signed(
      scene.response(encrypted(scene.assertion(), keys().sp.cert, { cipher: 'aes-256-cbc' })),
      '_response1',
      keys().idp,
    ),
  ]
  const good = JSON.stringify(await scene.complete(open))
  const edit = fc.tuple(fc.nat(20_000), fc.nat(400), fc.oneof(text, tree, fc.string({ unit: 'binary', maxLength: 8 })))
  await fuzzAsync(
    t,
    fc.asyncProperty(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 3 }), async (seed, edits) => {
      let xml = seed
      for (const [from, length, inside] of edits) {
        const at = from % xml.length
        xml = xml.slice(0, at) + inside + xml.slice(at + length)
      }
      const outcome = await scene.complete(xml)
      return outcome.outcome === 'rejected' || JSON.stringify(outcome) === good
    }),
    0.4,
  )
})

t.test('nor is any text in place of base64', async (t) => {
  const scene = await SamlScene.begun()
  const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.base64String({ maxLength: 200 }))
  await fuzzAsync(
    t,
    fc.asyncProperty(piece, async (encoded) => (await scene.post(encoded)).outcome === 'rejected'),
    0.2,
  )
})
