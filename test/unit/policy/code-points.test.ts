import t from 'tap'
import { compareCodePoints } from '../../../src/policy/code-points.ts'

const table: readonly (readonly [sentence: string, a: string, b: string, order: -1 | 0 | 1])[] = [
  ['a text and itself', 'a', 'a', 0],
  ['nothing and nothing', '', '', 0],
  ['capitals come first', 'B', 'a', -1],
  ['a text comes before what it begins', 'a', 'aa', -1],
  ['the first difference counts', 'ab', 'ba', -1],
  ['the first pair comes behind the last single unit', '\uffff', '\u{10000}', -1],
  ['the last pair comes behind the last single unit', '\uffff', '\u{10ffff}', -1],
  ['a unit behind the halves is no half', '\ue000', '\u{10000}', -1],
  ['a unit before the halves is no half', '\ud7ff', '\u{10000}', -1],
  ['two pairs with one first half', '\u{10000}', '\u{10001}', -1],
  ['a pair and its first half alone', '\ud800\udfff', '\ud800\uffff', 1],
]

for (const [sentence, a, b, order] of table) {
  t.test(`code points: ${sentence}`, async (t) => {
    t.equal(Math.sign(compareCodePoints(a, b)), order)
    t.equal(Math.sign(compareCodePoints(b, a)), order === 0 ? 0 : -order)
  })
}
