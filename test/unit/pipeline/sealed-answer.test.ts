import t from 'tap'
import { openTap } from '../../../src/endpoints/tap.ts'
import type { OwnedAnswer } from '../../../src/pipeline/ownership.ts'
import { objectNotFound } from '../../../src/pipeline/refusals.ts'
import { sealedShape } from '../../../src/pipeline/sealed-answer.ts'
import { RequestIds } from '../../../src/shape/request-ids.ts'
import { sealed, sealerOf } from '../../support/sealing.ts'

const sealer = sealerOf()
const plain = {
  headers: () => ['x', 'y'],
  openTap: (kind: 'json' | 'sse', status: number) => openTap('response', kind, status, false),
  blot: (body: Buffer) => Buffer.from(body.toString().replaceAll('key', '[secret]')),
}

function shape(more: Partial<OwnedAnswer> = {}) {
  const ids = new RequestIds([sealer])
  ids.open(sealed('resp_1', sealer))
  const notFound = objectNotFound(['response'])
  const sealing = { form: 'response', sealer, verdicts: null } as const
  return sealedShape(plain, { ids: ids.settle(), sealing, notFound, isMarked: false, list: null, ...more })
}

const ANSWER = Buffer.from('{"id":"resp_2","output":[{"id":"msg_1"}],"usage":{"input_tokens":1,"output_tokens":2}}')

t.test('ids are sealed behind what reads the answer, and facts name them so', async (t) => {
  const tap = shape().openTap('json', 200)
  t.equal(tap.resizes, true)
  const out = [ANSWER.subarray(0, 9), ANSWER.subarray(9)].map((chunk) => tap.push(chunk))
  const text = Buffer.concat(out.filter((one) => one !== null)).toString()
  t.equal(text, ANSWER.toString().replace('resp_2', sealed('resp_2')).replace('msg_1', sealed('msg_1')))
  t.match(tap.end().facts, { responseId: sealed('resp_2'), usage: { inputTokens: 1, outputTokens: 2 } })
  const untouched = shape({ sealing: null }).openTap('json', 200)
  t.equal(untouched.resizes, undefined)
  t.equal(untouched.push(ANSWER), ANSWER, 'not even copied')
})

t.test('an error quotes ids as the request wrote them, without the key of the provider', async (t) => {
  const body = shape().blot(Buffer.from('{"error":{"message":"key: resp_1 and resp_9"}}'))
  t.equal(body.toString(), `{"error":{"message":"[secret]: ${sealed('resp_1')} and resp_9"}}`)
})

const rows: readonly (readonly [string, number, string, boolean])[] = [
  ['what is not there', 404, '{"error":{"message":"No such response","code":null}}', true],
  ['not as JSON', 404, '<html>', true],
  ['with nothing', 404, '', true],
  ['a list', 404, '[]', true],
  ['a model', 404, '{"error":{"message":"x","code":"model_not_found"}}', false],
  ['another error', 400, '{"error":{"message":"x","code":null}}', false],
  ['a failure', 500, '', false],
]
t.test('what is not there is answered like what is somebody else’s', async (t) => {
  for (const [name, status, body, isOwn] of rows) {
    const fault = shape().faultFor?.(status, Buffer.from(body)) ?? null
    t.same(fault, isOwn ? objectNotFound(['response']) : null, name)
    t.equal(shape({ notFound: null }).faultFor?.(status, Buffer.from(body)), null, `${name}: no object was named`)
  }
})
