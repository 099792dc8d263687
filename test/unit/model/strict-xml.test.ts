import t from 'tap'
import { parseStrictXml } from '../../../src/model/strict-xml.ts'
import { fastest } from '../../support/fastest.ts'

const LIMITS = { bytes: 1000, depth: 5, elements: 10, attributes: 5 }
const read = (xml: string | Buffer) => parseStrictXml(Buffer.from(xml), LIMITS)
const element = (local: string, nodes: unknown[] = [], attributes: unknown[] = [], uri = '', prefix = '') => ({
  uri,
  local,
  prefix,
  attributes,
  nodes,
})
const attribute = (local: string, value: string, uri = '') => ({ uri, local, value })

const sound: readonly (readonly [string, unknown])[] = [
  ['<a/>', element('a')],
  ['<a></a >', element('a')],
  ['\n<a\t/>\r\n', element('a')],
  [
    `<?xml version="1.0" encoding="UTF-8"?>\r\n<a b="1"\r\nc='x"y'/>`,
    element('a', [], [attribute('b', '1'), attribute('c', 'x"y')]),
  ],
  ['<a>x&amp;&#65;&#x42;&lt;y</a>', element('a', ['x&AB<y'])],
  ['<a>1\r\n2\r3</a>', element('a', ['1\n2\n3'])],
  ['<a b="1\r\n2&#10;3"/>', element('a', [], [attribute('b', '1 2\n3')])],
  ['<a>x<b/>y</a>', element('a', ['x', element('b'), 'y'])],
  ['<a xmlns="u"><b/><c xmlns=""/></a>', element('a', [element('b', [], [], 'u'), element('c')], [], 'u')],
  ['<p:a xmlns:p="u" p:x="1" x="2"/>', element('a', [], [attribute('x', '1', 'u'), attribute('x', '2')], 'u', 'p')],
  ['<a xml:lang="de"/>', element('a', [], [attribute('lang', 'de', 'http://www.w3.org/XML/1998/namespace')])],
  ['<a b=">"/>', element('a', [], [attribute('b', '>')])],
  ['<a>ä😀</a>', element('a', ['ä😀'])],
]
for (const [xml, expected] of sound) {
  t.test(`read: ${JSON.stringify(xml)}`, async (t) => t.same(read(xml), { ok: true, value: expected }))
}

const NOT_WELL_FORMED = 'is not well-formed XML'
const CHARACTER = 'has a character that XML does not have'
const unsound: readonly (readonly [string | Buffer, string])[] = [
  ['', NOT_WELL_FORMED],
  ['x', NOT_WELL_FORMED],
  ['<a', NOT_WELL_FORMED],
  ['<a>', 'ends too early'],
  ['<a>x', 'ends too early'],
  ['</a>', NOT_WELL_FORMED],
  ['<a></b>', NOT_WELL_FORMED],
  ['<a/><b/>', NOT_WELL_FORMED],
  ['<a/>x', NOT_WELL_FORMED],
  ['<a b/>', NOT_WELL_FORMED],
  ['<a b=1/>', NOT_WELL_FORMED],
  ['<a b="<"/>', NOT_WELL_FORMED],
  ['<a b="1"c="2"/>', NOT_WELL_FORMED],
  ['<a:b:c xmlns:a="u"/>', NOT_WELL_FORMED],
  ['<ä/>', NOT_WELL_FORMED],
  ['<a>]]></a>', NOT_WELL_FORMED],
  ['<a><!-- x --></a>', 'has a comment'],
  ['<!-- x --><a/>', 'has a comment'],
  ['<a/><!-- x -->', 'has a comment'],
  ['<a><![CDATA[x]]></a>', 'has a CDATA section'],
  ['<!DOCTYPE a><a/>', 'has a document type'],
  ['<a><?x y?></a>', 'has a processing instruction'],
  ['<?x y?><a/>', 'has a processing instruction'],
  ['<a/><?x y?>', 'has a processing instruction'],
  ['<?xml version="1.1"?><a/>', 'has a processing instruction'],
  ['<?xml version="1.0" encoding="latin1"?><a/>', 'has a processing instruction'],
  ['<a>&x;</a>', 'has an entity'],
  ['<a b="&x;"/>', 'has an entity'],
  ['<a>& </a>', 'has an entity'],
  ['<a>&#0;</a>', CHARACTER],
  ['<a>&#xd800;</a>', CHARACTER],
  ['<a>&#xFFFFFF;</a>', CHARACTER],
  ['<a>\0</a>', CHARACTER],
  ['<a>\uffff</a>', CHARACTER],
  ['\ufeff<a/>', NOT_WELL_FORMED],
  [Buffer.from([0x3c, 0x61, 0xff, 0x2f, 0x3e]), 'is not valid UTF-8'],
  ['<a b="1" b="2"/>', 'has an attribute twice'],
  ['<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>', 'has an attribute twice'],
  ['<a xmlns:p="u" xmlns:p="u"/>', 'has an attribute twice'],
  ['<p:a/>', 'uses a prefix that it does not bind'],
  ['<a p:b="1"/>', 'uses a prefix that it does not bind'],
  ['<a><b xmlns:p="u"/><p:c/></a>', 'uses a prefix that it does not bind'],
  ['<a xmlns:p=""/>', 'binds a prefix that it may not'],
  ['<a xmlns:xml="u"/>', 'binds a prefix that it may not'],
  ['<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>', 'binds a prefix that it may not'],
  ['<a><b><c><d><e><f/></e></d></c></b></a>', 'is nested deeper than 5 levels'],
  [`<a>${'<b/>'.repeat(10)}</a>`, 'has more than 10 elements'],
  ['<a a="" b="" c="" d="" e="" f=""/>', 'has an element with too many attributes'],
  [`<a>${'x'.repeat(1000)}</a>`, 'is larger than 1000 bytes'],
]
for (const [xml, expected] of unsound) {
  t.test(`refused: ${JSON.stringify(String(xml).slice(0, 80))}`, async (t) =>
    t.same(read(xml), { ok: false, fault: expected }),
  )
}

t.test('what it takes does not grow faster than the document', async (t) => {
  const limits = { bytes: 4_000_000, depth: 2000, elements: 200_000, attributes: 5 }
  for (const xml of [
    '<a>'.repeat(1999),
    '&'.repeat(300_000),
    `<a b="${'&#65;'.repeat(200_000)}"/>`,
    ' '.repeat(1_000_000),
  ]) {
    const before = process.cpuUsage().user
    parseStrictXml(Buffer.from(xml), limits)
    t.ok(process.cpuUsage().user - before < 2_000_000, 'less than two seconds of work')
  }
})

t.test('nor with the prefixes that are bound around an element', (t) => {
  const limits = { bytes: 262_144, depth: 24, elements: 2500, attributes: 24 }
  const written = (bound: (level: number, index: number) => string) => {
    const open = Array.from({ length: 20 }, (_, level) => {
      return `<a${Array.from({ length: 23 }, (_, index) => ` ${bound(level, index)}="u"`).join('')}>`
    })
    return Buffer.from(`${open.join('')}${'<b xmlns:z="u"/>'.repeat(2400)}${'</a>'.repeat(20)}`)
  }
  const all = written((level, index) => `xmlns:p${level}x${index}`)
  const one = written((_, index) => `xmlns:p${index}`)
  t.ok(parseStrictXml(all, limits).ok)
  t.ok(
    fastest(() => parseStrictXml(all, limits), 8) < 6 * fastest(() => parseStrictXml(one, limits), 8),
    'four hundred of them cost about what twenty do',
  )
  t.end()
})
