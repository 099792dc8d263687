import t from 'tap'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { foldKey } from '../../../src/endpoints/key-names.ts'
import { modelNameProblem } from '../../../src/endpoints/model-name.ts'
import { FormReader } from '../../../src/endpoints/multipart/form.ts'
import { namedHost } from '../../../src/endpoints/url-host.ts'
import { describe } from './described.ts'

/** The time of 16 times as much, by the time of so much; the lowest of several rounds, for others use the machine. */
function growth(work: (text: string) => unknown, of: (count: number) => string, count: number): number {
  return fastest(work, of(count * 16)) / Math.max(fastest(work, of(count)), 0.05)
}

function fastest(work: (text: string) => unknown, text: string): number {
  let lowest = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    work(text)
    lowest = Math.min(lowest, performance.now() - start)
  }
  return lowest
}

/** 16 is in proportion and 256 is the square. The machine is shared, so the best of a few looks counts. */
function growsInProportion(t: Tap, name: string, look: () => number): void {
  let lowest = look()
  for (let again = 0; again < 4 && lowest > 100; again++) lowest = Math.min(lowest, look())
  t.ok(lowest <= 100, `${name}: ${lowest.toFixed(1)} times the time for 16 times as much`)
}

type Tap = Pick<typeof t, 'ok'>

const inBody = (text: string) => describe('chat', { model: 'm', messages: [], vendor: text })
const asKey = (text: string) => describe('chat', { model: 'm', messages: [], [text]: 1 })
const inUrl = (text: string) =>
  describe('chat', { model: 'm', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: text }] }] })

t.test('texts made to be costly cost in proportion to their length', async (t) => {
  const urls: readonly (readonly [string, (count: number) => string])[] = [
    ['many labels', (count) => `https://${'a.'.repeat(count)}b/`],
    ['a long label of digits', (count) => `https://${'1'.repeat(count)}x/`],
    ['many numbers', (count) => `https://${'1.'.repeat(count)}/`],
    ['a long hexadecimal label', (count) => `https://a.0x${'a'.repeat(count)}g/`],
    ['many ports', (count) => `https://a${':1'.repeat(count)}/`],
    ['many colons in brackets', (count) => `https://[${':'.repeat(count)}]/`],
    ['a path that goes up', (count) => `https://a.example/${'/../'.repeat(count)}`],
    ['a path to be encoded', (count) => `https://a.example/${'é'.repeat(count)}`],
    ['much space before it', (count) => `${' '.repeat(count)}https:/a`],
    ['space of many kinds before it', (count) => `${' <\u200b\t'.repeat(count)}url:https:/a`],
    ['a scheme without end', (count) => `${'h+'.repeat(count)}:`],
    ['line ends in the scheme', (count) => `h${'\n\t'.repeat(count)}ttps:/a`],
  ]
  for (const [name, of] of urls) {
    growsInProportion(t, `a URL with ${name}`, () => growth(namedHost, of, 20_000))
    growsInProportion(t, `a body that names one with ${name}`, () => growth(inUrl, of, 20_000))
    growsInProportion(t, `a body whose unknown text has one with ${name}`, () => growth(inBody, of, 20_000))
  }
  for (const letter of ['a', '_', '|', 'а', '각', '\ufdfa', '\u0345\u0334', '\u0300\u0316', '\u200b', '\u1f82']) {
    const name = JSON.stringify(letter)
    growsInProportion(t, `a key of ${name}`, () => growth(foldKey, (count) => `a${letter.repeat(count)}`, 1000))
    growsInProportion(t, `a body with a key of ${name}`, () =>
      growth(asKey, (count) => `a${letter.repeat(count)}`, 1000),
    )
    growsInProportion(t, `a model of ${name}`, () => growth(modelNameProblem, (count) => letter.repeat(count), 10_000))
  }
})

t.test('bodies of many values cost in proportion to their number', async (t) => {
  const texts = ['a', 'ftp:  x', 'https://a/', 'git@a:b', ' :', 'data:,', 'a.b.c/d', '\\u0061']
  const read = (text: string) => {
    const body = parseJsonBody(Buffer.from(text))
    if (body.ok) describe('chat', body.value.value)
  }
  const bodyOf = (values: string) => `{"model":"m","messages":[],"vendor":[${values}]}`
  for (const text of texts) {
    growsInProportion(t, `a list of ${text}`, () =>
      growth(read, (count) => bodyOf(`"${Array(count).fill(text).join('","')}"`), 1000),
    )
  }
  for (const value of ['{}', '[]', '{"role":1}', '{"rol\\u0065":1}', '{"id":null}', '{"role":"a","content":["b"]}']) {
    growsInProportion(t, `a list of ${value}`, () =>
      growth(read, (count) => bodyOf(Array(count).fill(value).join(',')), 1000),
    )
  }
})

t.test('forms cost in proportion to their length, and to their parts', async (t) => {
  const part = (name: string, text: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`
  const pushed = (bytes: number) => (text: string) => {
    const reader = new FormReader('b')
    const form = Buffer.from(`${text}--b--\r\n`)
    for (let at = 0; at < form.length; at += bytes) reader.push(form.subarray(at, at + bytes))
    if (!reader.end().ok) throw new Error('the form is refused')
  }
  const all = pushed(Number.MAX_SAFE_INTEGER)
  for (const text of ['x', '\r\n', '\r\n-', '\r', '-', '\r\n--', '\r\n--a']) {
    const name = JSON.stringify(text)
    const of = (count: number) => part('a', text.repeat(count))
    growsInProportion(t, `a field of ${name}`, () => growth(all, of, 8000))
    growsInProportion(t, `the same, byte by byte: ${name}`, () => growth(pushed(1), of, 2000))
  }
  const fields = (count: number) => Array.from({ length: count }, (_, index) => part(`a${index}`, 'x')).join('')
  growsInProportion(t, 'many fields', () => growth(all, fields, 8))
})
