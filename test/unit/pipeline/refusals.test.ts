import t from 'tap'
import { answerNamed, objectNotFound, objectRefused } from '../../../src/pipeline/refusals.ts'

const KEY = `a\u001b[31m\u202e\u2028${'A'.repeat(5000)}_id`

for (const [name, fault] of [
  ['an object that is not there', objectNotFound([KEY, KEY])],
  ['objects of everybody', objectRefused(KEY)],
  ['a name for the answer', answerNamed(KEY)],
] as const) {
  t.test(`a caller’s own key is quoted short and plain: ${name}`, async (t) => {
    t.ok(fault.message.length < 300)
    t.notMatch(fault.message, /[\p{C}\p{Zl}\p{Zp}]/u)
    t.equal(fault.param?.length, 64)
  })
}

t.test('the usual key is quoted as it is', async (t) => {
  t.equal(objectNotFound(['file_id']).param, 'file_id')
  t.equal(objectNotFound([]).param, null)
  t.match(objectRefused('file_id').message, '`file_id`')
})
