import t from 'tap'
import { cyclicNames } from '../../../src/policy/cycles.ts'

type References = { readonly [name: string]: readonly string[] }
const table: readonly (readonly [sentence: string, references: References, cyclic: readonly string[]])[] = [
  ['nothing refers to anything', { a: [], b: [] }, []],
  ['a chain', { a: ['b'], b: ['c'], c: [] }, []],
  ['two ways to one name', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, []],
  ['one name refers to several, which refer to nothing', { a: ['b', 'c'], b: [], c: [] }, []],
  ['two names refer to one, which refers to two', { a: ['c'], b: ['c'], c: ['d', 'e'], d: [], e: [] }, []],
  ['a reference is written twice', { a: ['b', 'b'], b: [] }, []],
  ['a name refers to itself', { a: ['a'], b: [] }, ['a']],
  ['two names refer to each other', { a: ['b'], b: ['a'] }, ['a', 'b']],
  ['a name leads to a cycle', { a: ['b'], b: ['a'], c: ['a'] }, ['a', 'b']],
  ['a cycle leads to a name', { a: ['b'], b: ['a', 'c'], c: [] }, ['a', 'b']],
  ['a chain leads to a cycle and another away from it', { a: ['b'], b: ['c'], c: ['c', 'd'], d: ['e'], e: [] }, ['c']],
  ['a name between two cycles', { a: ['a', 'b'], b: ['c'], c: ['c'] }, ['a', 'b', 'c']],
  ['a reference to what there is not', { a: ['x'], b: ['b', 'x'] }, ['b']],
]

for (const [sentence, references, cyclic] of table) {
  t.test(`on a cycle: ${sentence}`, async (t) => {
    t.same([...cyclicNames(new Map(Object.entries(references)))].sort(), cyclic)
  })
}
