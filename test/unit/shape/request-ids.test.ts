import t from 'tap'
import type { Sealer } from '../../../src/model/sealing.ts'
import { RequestIds } from '../../../src/shape/request-ids.ts'
import { fastest } from '../../support/fastest.ts'
import { sealed, sealerOf } from '../../support/sealing.ts'

const one = sealerOf({ upstream: 'one' })
const two = sealerOf({ upstream: 'two' })

t.test('all ids are of the upstream that the first one is of', async (t) => {
  const ids = new RequestIds([one, two])
  t.equal(ids.open('raw'), null)
  t.equal(ids.owner, null, 'what does not open says nothing')
  t.equal(ids.open(sealed('a', two)), 'a')
  t.equal(ids.owner, two)
  t.equal(ids.open(sealed('b', two)), 'b')
  t.equal(ids.open(sealed('b', one)), null, 'one of another upstream')
  t.equal(new RequestIds([one, two]).open(sealed('b', one)), 'b', 'the twin')
  t.equal(new RequestIds([]).open(sealed('b', one)), null, 'no upstream keeps its callers apart')
})

t.test('an id is opened once', async (t) => {
  let asked = 0
  const counting: Sealer = {
    ...one,
    open: (text) => {
      asked++
      return one.open(text)
    },
  }
  const ids = new RequestIds([counting])
  for (let n = 0; n < 5; n++) {
    t.equal(ids.open(sealed('a', one)), 'a')
    t.equal(ids.open('raw'), null)
  }
  t.equal(asked, 2)
})

const quoted = sealed('resp_1', one)
const rows: readonly (readonly [string, string, string])[] = [
  ['in quotes', "Response with id 'resp_1' not found.", `Response with id '${quoted}' not found.`],
  ['at the end of a sentence', 'No such response: resp_1.', `No such response: ${quoted}.`],
  ['in JSON', '{"error":{"param":"resp_1"}}', `{"error":{"param":"${quoted}"}}`],
  ['more than once', 'resp_1 resp_1', `${quoted} ${quoted}`],
  ['a longer id that begins so', 'resp_12 and resp_1', `${sealed('resp_12', one)} and ${quoted}`],
  ['an id that only ends so', 'xresp_1 a-resp_1', 'xresp_1 a-resp_1'],
  ['a dot is a dot', 'a.b axb', `${sealed('a.b', one)} axb`],
  ['the end of a sentence that trails off', 'resp_1... a.b:', `${quoted}... ${sealed('a.b', one)}:`],
  ['a mark before it and one behind', ':resp_1.', `:${quoted}.`],
  ['behind its name', 'id:resp_1 response.resp_1', `id:${quoted} response.${quoted}`],
  ['one behind the other', 'resp_1:a.b:resp_12.', `${quoted}:${sealed('a.b', one)}:${sealed('resp_12', one)}.`],
  ['in a path', '/v1/responses/resp_1/cancel', `/v1/responses/${quoted}/cancel`],
  ['one that ends in a mark', 'c: c. c', `${sealed('c:', one)} ${sealed('c.', one)} c`],
  ['marks alone', '... :: .', '... :: .'],
  ['names that all objects have', 'constructor: __proto__', 'constructor: __proto__'],
  ['an id that was not sent', 'No such file: file-9', 'No such file: file-9'],
  ['other bytes', 'é\u0000 resp_1', `é\u0000 ${quoted}`],
]
t.test('an error quotes ids as they were sent, and seals no other', async (t) => {
  const ids = new RequestIds([one])
  for (const id of ['resp_1', 'resp_12', 'a.b', 'c:', 'c.']) ids.open(sealed(id, one))
  ids.open('file-9')
  for (const [name, body, shown] of rows) t.equal(ids.sealError(Buffer.from(body)).toString(), shown, name)
  const body = Buffer.from('resp_1')
  t.equal(new RequestIds([one]).sealError(body), body, 'not copied where nothing was opened')
})

t.test('the time that an error takes does not grow with the ids that were sent', async (t) => {
  const few = new RequestIds([one])
  const many = new RequestIds([one])
  few.open(sealed('resp_1', one))
  for (let length = 1; length <= 190; length++) {
    for (const end of '12') many.open(sealed('.'.repeat(length) + end, one))
  }
  for (const piece of ['.', 'a.', 'a:', 'a ', '.1', ':', 'a']) {
    const body = Buffer.from(piece.repeat(100_000))
    let lowest = Number.POSITIVE_INFINITY
    for (let look = 0; look < 5 && lowest > 8; look++) {
      lowest = Math.min(lowest, fastest(() => many.sealError(body), 5) / fastest(() => few.sealError(body), 5))
    }
    t.ok(lowest <= 8, `${JSON.stringify(piece)}: ${lowest.toFixed(1)} times the time of one id`)
    const longer = Buffer.from(piece.repeat(1_600_000))
    lowest = Number.POSITIVE_INFINITY
    for (let look = 0; look < 5 && lowest > 100; look++) {
      lowest = Math.min(lowest, fastest(() => few.sealError(longer), 5) / fastest(() => few.sealError(body), 5))
    }
    t.ok(lowest <= 100, `${JSON.stringify(piece)}: ${lowest.toFixed(1)} times the time for 16 times as much`)
  }
})
