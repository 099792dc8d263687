import t from 'tap'
import { areSubsumed, doOverlap, isSubsumed } from '../../../src/policy/patterns.ts'
import { nameSet } from '../../../src/policy/rule.ts'

const subsumed: readonly (readonly [inner: string, outer: string, isSubsumed: boolean])[] = [
  ['a', 'a', true],
  ['a', 'b', false],
  ['a*', 'a', false],
  ['abc', 'a*', true],
  ['ab*', 'a*', true],
  ['a*', 'ab*', false],
  ['*', 'a*', false],
  ['a*', '*', true],
  ['a*b*c', 'a*c', true],
  ['a*c', 'a*b*c', false],
  ['a**', 'a*', true],
]
for (const [inner, outer, wanted] of subsumed) {
  t.test(`\`${outer}\` takes in ${wanted ? '' : 'not '}all of \`${inner}\``, async (t) => {
    t.equal(isSubsumed(inner, outer), wanted)
    t.equal(areSubsumed([inner], nameSet([outer])), wanted)
    t.equal(areSubsumed([inner, outer], nameSet([outer])), wanted)
  })
}

t.test('each name has to be taken in by one', async (t) => {
  const set = nameSet(['a*', 'b'])
  t.equal(areSubsumed(['a1', 'b'], set), true)
  t.equal(areSubsumed(['a1', 'c'], set), false)
  t.equal(areSubsumed([], set), true)
})

const overlapping: readonly (readonly [one: string, other: string, doOverlap: boolean])[] = [
  ['a', 'a', true],
  ['a', 'b', false],
  ['abc', 'a*', true],
  ['abc', 'b*', false],
  ['a-b', 'a*x*b', false],
  ['a-x-b', 'a*x*b', true],
  ['a*', '*b', true],
  ['a*', 'ab*', true],
  ['a*', 'b*', false],
  ['*a', '*ba', true],
  ['*a', '*ab', false],
  ['*a', '*b', false],
  ['a*x', 'ab*yx', true],
  ['a*x', 'ab*y', false],
  ['*', 'a*b', true],
]
for (const [one, other, wanted] of overlapping) {
  t.test(`there is ${wanted ? 'a' : 'no'} name that both \`${one}\` and \`${other}\` match`, async (t) => {
    t.equal(doOverlap(one, other), wanted)
    t.equal(doOverlap(other, one), wanted, 'the other way round')
  })
}
