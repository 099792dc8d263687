import fc from 'fast-check'
import t from 'tap'
import { compilePattern, isPattern } from '../../../src/model/pattern.ts'

const rows: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
  ['gpt-4o', 'gpt-4o', true],
  ['gpt-4o', 'gpt-4o-mini', false],
  ['gpt-4o', 'GPT-4o', false],
  ['gpt-4o', 'gpt-4o ', false],
  ['gpt-4o', 'gpt\u20114o', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['gpt-*', 'gpt-', true],
  ['gpt-*', 'xgpt-', false],
  ['*-mini', 'gpt-4o-mini', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['*b*', 'abc', true],
  ['a*b*c', 'a-c-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['a**b', 'ab', true],
  ['a*bb*b', 'abbb', true],
  ['a*bb*b', 'abb', false],
  ['gpt.4o', 'gpt-4o', false],
  ['gpt-[45]', 'gpt-4', false],
  ['gpt-?', 'gpt-4', false],
  ['', '', true],
  ['', 'a', false],
]
for (const [pattern, name, matches] of rows) {
  t.test(`\`${pattern}\` ${matches ? 'matches' : 'does not match'} \`${name}\``, (t) => {
    t.equal(compilePattern(pattern)(name), matches)
    t.end()
  })
}

/** The slow meaning of a pattern: a star takes nothing, or one character and is still there. */
function slowly(pattern: string, name: string): boolean {
  if (pattern === '') return name === ''
  if (pattern.startsWith('*')) {
    return slowly(pattern.slice(1), name) || (name !== '' && slowly(pattern, name.slice(1)))
  }
  return name !== '' && pattern.charAt(0) === name.charAt(0) && slowly(pattern.slice(1), name.slice(1))
}

t.test('agrees with the slow meaning', (t) => {
  const word = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 })
  fc.assert(
    fc.property(word('ab*'), word('ab'), (pattern, name) => compilePattern(pattern)(name) === slowly(pattern, name)),
    { numRuns: 5000 },
  )
  t.pass('5,000 pairs')
  t.end()
})

t.test('many stars cost no more than a look at the name for each', (t) => {
  const matches = compilePattern(`${'*a'.repeat(40)}b`)
  t.equal(matches('a'.repeat(100_000)), false)
  t.end()
})

t.test('a pattern is what has a star', (t) => {
  t.same([isPattern('gpt-*'), isPattern('gpt-4o')], [true, false])
  t.end()
})
