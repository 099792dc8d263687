import t from 'tap'
import { type BatchLine, readBatchLine, writeBatchLine } from '../../../src/endpoints/batch-line.ts'
import { BATCH_URLS, batchVerdict, UPLOAD_VERDICT } from '../../../src/endpoints/batch-verdicts.ts'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { line } from '../../support/batch-files.ts'

const read = (text: string) => readBatchLine(Buffer.from(text))

function whole(text: string): BatchLine {
  const found = read(text)
  if (!found.ok) throw new Error(found.fault.message)
  return found.value
}

t.test('a line is a name, a request and nothing else', async (t) => {
  const { customId, endpoint, body } = whole(line('a b-ä'))
  t.same([customId, endpoint.operation], ['a b-ä', 'chat'])
  t.same(JSON.parse(body.text), body.value, 'its body is the text of the body')
  t.equal(body.bytes.toString(), body.text)
})

const refused: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ['nothing', '', /is empty/],
  ['a name that is a number', line('a').replace('"a"', '1'), /custom_id/],
  ['a name with a line end', line('a\n'), /custom_id/],
  ['a name with half a character', line('\ud800'), /custom_id/],
  ['a name that is too long', line('a'.repeat(513)), /custom_id/],
  ['a form', line('a', {}, { url: '/v1/images/edits' }), /url/],
  ['a body that is a list', line('a', {}, { body: [] }), /body/],
  ['a carriage return', line('a').replace('{', '{\r'), /carriage return/],
]
t.test('anything else is refused', async (t) => {
  for (const [name, text, message] of refused.filter(([, , message]) => message.source !== '^$')) {
    const found = read(text)
    t.match(found.ok ? '' : found.fault.message, message, name)
    t.equal(found.ok ? '' : found.fault.code, 'invalid_body', name)
  }
  t.ok(read(line('a'.repeat(512))).ok, 'the twin')
})

t.test('what is written is one line to every reader, and says the same', async (t) => {
  const text = line('a\u0091', { user: 'x\u2028y\u0085z\u2029', stop: '\\u2028' }).replaceAll(',', ' ,\t')
  const found = read(text)
  t.notOk(found.ok, 'a control in a name')
  const one = whole(line('é', { user: 'x\u2028y\u0085z\u2029', stop: '\\u2028' }).replaceAll(',', ' ,\t'))
  const written = writeBatchLine(one, one.body.text)
  t.same(written.split(/[\n\r\u0085\u2028\u2029\v\f]/).length, 1)
  const { body } = JSON.parse(written)
  t.same(body, one.body.value)
  t.same(whole(written).body.value, one.body.value, 'and is read alike')
})

t.test('what needs no change is the very text', async (t) => {
  for (const end of ['', '\n', '\r\n']) {
    const body = '{"model":"gpt-4o-mini", "messages":[]}'
    const text = ` {"body" : ${body},"m\\u0065thod":"POST" ,"url":"/v1/chat/completions", "custom_id":"é" } ${end}`
    const one = whole(text)
    t.equal(writeBatchLine(one, one.body.text), text)
  }
})

t.test('every url that batches take is an operation that takes JSON, with a mark of its own', async (t) => {
  for (const url of BATCH_URLS) {
    const endpoint = ENDPOINTS.find(({ path, method }) => path === url && method === 'POST')
    t.match(endpoint?.body, /^(?:json|either)$/, url)
    t.equal(endpoint?.awaits, null, url)
    t.ok(read(line('a', {}, { url })).ok, url)
  }
  const verdicts = [...BATCH_URLS.map(batchVerdict), UPLOAD_VERDICT]
  t.equal(new Set(verdicts).size, verdicts.length)
  // Part of ids that clients keep.
  t.same(verdicts, ['c', 'p', 'e', 'i', 'm', 'r', 'v', 'u'])
})
