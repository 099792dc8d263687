import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { LineReader } from '../../src/endpoints/batch-lines.ts'
import { isJsonObject, type JsonValue } from '../../src/model/json.ts'
import { alone, openBatchJudge } from '../support/batch-judge.ts'
import { BATCH_CORPUS, lineOf } from './batch-corpus.ts'
import { fuzz } from './budget.ts'
import { firstWins } from './first-wins.ts'

/** What goes on of a file that comes in two pieces; null where it is refused. */
function judged(bytes: Buffer, cut: number): string | null {
  const judge = openBatchJudge()
  const reader = new LineReader(10_000)
  let written = ''
  const take = (lines: readonly Buffer[]) =>
    lines.every((line) => {
      const found = judge.line(line)
      if (found.ok) written += found.value
      return found.ok
    })
  for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
    const lines = reader.push(piece)
    if (!lines.ok || !take(lines.value)) return null
  }
  const last = reader.end()
  if (!last.ok || (last.value !== null && !take([last.value]))) return null
  return judge.lines > 0 && judge.chosen().ok ? written : null
}

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: they end lines to some
/** How readers cut a file into lines: at LF alone, at every line end, and as Python's `splitlines` does. */
const READERS = [/\r?\n/, /\r\n|\r|\n/, /\r\n|[\n\v\f\r\u001c-\u001e\x85\u2028\u2029]/]
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: as above

const linesBy = (text: string, ends: RegExp) => text.split(ends).filter((line) => line !== '')

/** Everything that another parser finds in what was sent is a request that is allowed by itself. */
function isAllowedToAll(text: string): boolean {
  const [first = [], ...others] = READERS.map((ends) => linesBy(text, ends))
  if (!others.every((lines) => isDeepStrictEqual(lines, first))) return false
  return first.every((line) => {
    const read: JsonValue = JSON.parse(line)
    if (!isDeepStrictEqual(firstWins(line), read) || !isJsonObject(read)) return false
    const { url, body, method, custom_id: name, ...more } = read
    if (method !== 'POST' || typeof url !== 'string' || typeof name !== 'string' || Object.keys(more).length > 0)
      return false
    const sent = alone(url, JSON.stringify(body))
    // Judged once more it is what it is: nothing is left to be done to it.
    return typeof sent !== 'string' && isDeepStrictEqual(JSON.parse(sent.sent), body)
  })
}

const pieces = [
  ...['\n', '\r', '\r\n', '\u2028', '\u0085', '\0', '"', '\\', ',', ':', '{', '}', '[', ']', ' ', '\ufeff', '\\u006d'],
  ...['"model":"evil",', '"Model":"evil",', '"body":{},', '"url":"/v1/embeddings",', '"stream":true,', '"n":1,'],
  ...['"tools":[{"type":"web_search"}],', '"fallbacks":["evil"],', '\u001e', lineOf('z', '{"model":"evil"}')],
]
const edit = fc.record({ at: fc.nat(), drop: fc.nat(3), put: fc.constantFrom('', ...pieces) })
const file = fc
  .tuple(fc.array(fc.constantFrom(...BATCH_CORPUS), { minLength: 1, maxLength: 2 }), fc.array(edit, { maxLength: 3 }))
  .map(([texts, edits]) => {
    let text = texts.map((one, index) => one.replaceAll('"custom_id":"', `"custom_id":"${index}`)).join('')
    for (const { at, drop, put } of edits) {
      const place = at % (text.length + 1)
      text = text.slice(0, place) + put + text.slice(place + drop)
    }
    return Buffer.from(text)
  })

t.test('what goes on of a file is allowed line by line to every reader', async (t) => {
  let accepted = 0
  const holds = (bytes: Buffer, cut: number): boolean => {
    const written = judged(bytes, cut % (bytes.length + 1))
    if (written === null) return true
    accepted++
    return isAllowedToAll(written)
  }
  for (const [nth, text] of BATCH_CORPUS.entries()) t.ok(holds(Buffer.from(text), 7), `number ${nth} of the corpus`)
  fuzz(t, fc.property(fc.oneof({ weight: 9, arbitrary: file }, fc.uint8Array().map(Buffer.from)), fc.nat(), holds), 1)
  t.ok(accepted > 8, `${accepted} accepted`)
})
