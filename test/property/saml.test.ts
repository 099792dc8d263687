import fc from 'fast-check'
import t from 'tap'
import { FORGETFUL, SamlScene } from '../support/saml-scene.ts'

const scene = await SamlScene.begun({}, FORGETFUL)
const xml = scene.response(scene.assertion({ attributes: { memberOf: ['analysts', 'a & b'], name: ['Älice'] } }))
const good = JSON.stringify(await scene.complete(xml))
const start = xml.indexOf('<saml:Assertion')
const end = xml.indexOf('</saml:Assertion>') + '</saml:Assertion>'.length
const hint = [xml.indexOf('<KeyInfo>'), xml.indexOf('</KeyInfo>') + '</KeyInfo>'.length] as const

/** Nobody reads `KeyInfo`, which is not signed, and white space between attributes is one kind or another. */
function saysTheSame(from: number, to: number, inside: string): boolean {
  const isHint = from >= hint[0] && to <= hint[1]
  const isSpace = /^[ \t\r\n]*$/
  return isHint || (isSpace.test(xml.slice(from, to)) && isSpace.test(inside))
}

/** What is wrong with the answer to a changed document; null where nothing is. */
async function flaw(from: number, to: number, inside: string): Promise<string | null> {
  const changed = xml.slice(0, from) + inside + xml.slice(to)
  if (changed === xml) return null
  const outcome = await scene.complete(changed)
  if (outcome.outcome === 'rejected') return null
  const place = JSON.stringify([xml.slice(from - 20, from), inside, xml.slice(to, to + 20)])
  if (JSON.stringify(outcome) !== good) return `says something else: ${place}`
  return saysTheSame(from, to, inside) ? null : `taken: ${place}`
}

t.test('the document as it was signed is taken', async (t) => t.match(good, '"signed-in"'))

t.test('no single character of a signed assertion can be another one', async (t) => {
  const found: string[] = []
  for (let at = start; at < end; at++) {
    // The certificate in it is nobody's business, and below changed at random.
    if (at === hint[0]) at = hint[1]
    const code = xml.charCodeAt(at)
    const isLetter = /[A-Za-z]/.test(xml[at] ?? '')
    const wrong = await flaw(at, at + 1, String.fromCharCode(code ^ (isLetter && at % 2 === 0 ? 32 : 1)))
    if (wrong !== null) found.push(wrong)
  }
  t.same(found, [])
})

t.test('nothing can be put in, taken out or put elsewhere', async (t) => {
  const place = fc.integer({ min: start, max: end })
  const pieces = [
    '',
    ' ',
    '\n',
    '<!-- -->',
    '<a/>',
    '</saml:AttributeValue><saml:AttributeValue>',
    '&amp;',
    '&#97;',
    'x',
    '"',
    '<',
    '>',
    '\0',
    '=',
  ]
  const inside = fc.oneof(
    fc.constantFrom(...pieces),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.tuple(place, fc.nat(80)).map(([from, length]) => xml.slice(from, from + length)),
  )
  await fc.assert(
    fc.asyncProperty(place, fc.oneof(fc.constant(0), fc.nat(40)), inside, async (from, length, text) => {
      const wrong = await flaw(from, Math.min(from + length, end), text)
      if (wrong !== null) throw new Error(wrong)
    }),
    { numRuns: 1500 },
  )
  t.pass()
})
