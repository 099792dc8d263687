import t from 'tap'
import type { JsonValue } from '../../../src/model/json.ts'
import { caseSchema } from '../../../src/policy/case-schema.ts'
import { shapeProblems } from '../../../src/schema/shape.ts'

const one = { name: 'a sentence', expect: { effect: 'allow' } }
const table: readonly (readonly [sentence: string, document: JsonValue, problems: readonly string[]])[] = [
  ['one request', { requests: [one] }, []],
  ['one test', { tests: [one] }, []],
  ['facts of any type', { tests: [{ ...one, as: 5, request: [], at: true, ip: {}, upstream: 7 }] }, []],
  ['no request in a list of requests', { requests: [] }, ['requests empty_list']],
  ['no test in a list of tests', { tests: [] }, ['tests empty_list']],
  ['a request of which nothing is expected', { requests: [{ name: 'a' }] }, ['requests.0 missing_key']],
  ['an unknown key', { tests: [{ ...one, model: 'm' }] }, ['tests.0.model unknown_key']],
  ['an upstream', { upstreams: [{ name: 'u', models: ['*'], region: 'eu', labels: { tier: 'x' } }] }, []],
  ['no upstreams at all', { upstreams: [] }, []],
  ['an upstream without a name', { upstreams: [{ region: 'eu' }] }, ['upstreams.0 missing_key']],
]

for (const [sentence, document, problems] of table) {
  t.test(`a file of cases: ${sentence}`, async (t) => {
    t.same(
      shapeProblems(caseSchema, document).map(({ path, code }) => `${path.join('.')} ${code}`),
      problems,
    )
  })
}
