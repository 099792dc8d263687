import t from 'tap'
import { answerNamed, objectNotFound, objectRefused } from '../../../src/pipeline/refusals.ts'

const KEY = `a\u001b[31m\u202e\u2028${'A'.repeat(5000)}_id`

for (const [name, fault] of [
  ['an object that is not there', objectNotFound([KEY, KEY])],
  ['objects of everybody', objectRefused(KEY, 'body')],
  ['an object in a form', objectRefused(KEY, 'form')],
  ['an object in a message', objectRefused(KEY, 'message')],
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
  const said = {
    body: '`file_id` asks for stored objects of everybody: give rows of your own instead',
    form: 'the form names a stored object as `file_id` within a field, or in a field that stands twice: send its id as the whole text of one field',
    message: 'the message names a stored object as `file_id`, and sessions open none: leave it out',
  }
  for (const where of ['body', 'form', 'message'] as const) {
    t.same(
      objectRefused('file_id', where),
      { code: 'invalid_body', param: 'file_id', reason: 'object_not_allowed', message: said[where] },
      where,
    )
  }
})
