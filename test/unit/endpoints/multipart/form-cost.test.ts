import t from 'tap'
import { describeForm } from '../../../../src/endpoints/multipart/describe-form.ts'
import type { Form } from '../../../../src/endpoints/multipart/form.ts'
import { formFieldsOf } from '../../../../src/endpoints/multipart/forms.ts'
import { formBytes, type Part, readForm, speech } from './formed.ts'

const transcribe = formFieldsOf('audio.transcribe')

function formOf(parts: readonly Part[]): Form {
  const found = readForm(formBytes([...speech, ...parts]))
  if (typeof found === 'string') throw new Error(found)
  return found.form
}

/** The message of the refusal; null for a form that is read. */
function refusal(parts: readonly Part[]): string | null {
  const facts = describeForm(formOf(parts), transcribe)
  return facts.ok ? null : facts.fault.message
}

/** As many fields, each of them a list of so many texts that are looked at twice. */
function lists(fields: number, values: number, brackets: string): Part[] {
  const text = `[${Array(values).fill('"ftp:  x"').join(',')}]`
  return Array.from({ length: fields }, (_, index) => [`x${index}${brackets}`, text])
}

t.test('a form is read in the time that its text takes, whatever its names are', async (t) => {
  const plain = formOf(lists(4, 100_000, ''))
  for (const brackets of ['[a][a][a][a]', '[a][b][c][d]', '[url][host][tools][repo]']) {
    const bracketed = formOf(lists(4, 100_000, brackets))
    let lowest = Number.POSITIVE_INFINITY
    for (let look = 0; look < 5 && lowest > 2.5; look++) {
      lowest = Math.min(lowest, fastest(bracketed) / Math.max(fastest(plain), 0.05))
    }
    t.ok(lowest <= 2.5, `${brackets}: ${lowest.toFixed(1)} times the time of names without brackets`)
  }
})

function fastest(form: Form): number {
  let lowest = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    const start = performance.now()
    describeForm(form, transcribe)
    lowest = Math.min(lowest, performance.now() - start)
  }
  return lowest
}

t.test('the JSON of a form is bounded as that of one body, all fields together', async (t) => {
  const json = (name: string, text: string): Part => [name, text]
  const objects = (count: number) => `[${Array(count).fill('{}').join(',')}]`
  const members = (count: number) => `{${Array.from({ length: count }, (_, index) => `"${index}":0`).join(',')}}`
  const numbers = (count: number) => `[${Array(count).fill('0').join(',')}]`
  const many = (says: string) => `the fields that are written as JSON have more than ${says} together`
  const rows: readonly (readonly [string, readonly Part[], string | null])[] = [
    ['lists that one body may hold', [json('a', numbers(250_000)), json('b', numbers(250_000))], null],
    [
      'longer ones',
      [json('a', numbers(250_000)), json('b', numbers(250_000)), json('c', numbers(3))],
      many('500000 values'),
    ],
    ['objects that one body may hold', [json('a', objects(49_990)), json('b', objects(49_990))], null],
    ['more of them', [json('a', objects(50_000)), json('b', objects(50_000))], many('100000 objects and lists')],
    ['members that one body may hold', [json('a', members(1000)), json('b', members(1000))], null],
    [
      'more of them, in a field that is known',
      Array.from({ length: 60 }, (_, index) => json(`chunking_strategy[${index}]`, `[${members(900)}]`)),
      many('50000 members'),
    ],
    ['a value that is read under two names', [json('a[b]', numbers(240_000))], null],
    ['one that is read under three', [json('a[b][c]', numbers(240_000))], many('500000 values')],
    ['one that is read under one name, written more than once', [json('a[a][a][a]', numbers(400_000))], null],
    ['texts are not counted', Array.from({ length: 100 }, (_, index) => json(`a${index}[b][c]`, 'x')), null],
    [
      'one list that is too long',
      [json('a', numbers(500_002))],
      '`a` begins like JSON and has more than 500000 values',
    ],
    ['what is no JSON', [json('a', '[1'), json('b', '1')], '`a` begins like JSON and is not valid JSON'],
  ]
  for (const [name, parts, expected] of rows) t.equal(refusal(parts), expected, name)
})
