import t from 'tap'
import { both, yesOrNo } from '../../../src/policy/three-valued.ts'

const table = [
  ['yes', 'yes', 'yes'],
  ['yes', 'unknown', 'unknown'],
  ['yes', 'no', 'no'],
  ['unknown', 'yes', 'unknown'],
  ['unknown', 'unknown', 'unknown'],
  ['unknown', 'no', 'no'],
  ['no', 'yes', 'no'],
  ['no', 'unknown', 'no'],
  ['no', 'no', 'no'],
] as const

for (const [left, right, answer] of table) {
  t.test(`${left} and ${right} are ${answer}`, async (t) => {
    t.equal(both(left, right), answer)
  })
}

t.test('what holds is yes, and what does not is no', async (t) => {
  t.same([yesOrNo(true), yesOrNo(false)], ['yes', 'no'])
})
