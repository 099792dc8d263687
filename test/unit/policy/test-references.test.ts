import t from 'tap'
import { testProblems } from '../../../src/policy/test-references.ts'

const ids = new Set(['r'])
const upstreams = ['eu', 'us'].map((name) => ({ name, region: undefined, labels: {} }))
const known = { issuers: [], upstreams }

const OPERATION = 'no operation has this name; a request is of one, such as `chat` or `models.list`'
const TIME = '`at` must be an ISO time with a zone such as `"2026-03-02T09:00:00Z"`'

const table: readonly (readonly [sentence: string, test: object, problems: readonly string[]])[] = [
  ['nothing at all', {}, []],
  ['an operation', { request: { operation: 'chat' } }, []],
  ['an operation that is none', { request: { operation: 'nothing_known' } }, [`request.operation ${OPERATION}`]],
  [
    'a pattern of operations',
    { request: { operation: 'files.*' } },
    ['request.operation no operation has this name; did you mean `files.get`?'],
  ],
  ['a request without an operation', { request: {} }, []],
  ['a rule', { expect: { rule: 'r' } }, []],
  ['a rule that is none', { expect: { rule: 'x' } }, ['expect.rule no rule has this `id`']],
  ['no rule', { expect: { effect: 'deny' } }, []],
  ['a rule for the shadow verdict', { expect: { shadow: { rule: 'r' } } }, []],
  [
    'a rule for the shadow verdict that is none',
    { expect: { shadow: { rule: 'x' } } },
    ['expect.shadow.rule no rule has this `id`'],
  ],
  ['no rule for the shadow verdict', { expect: { shadow: { effect: 'deny' } } }, []],
  ['no shadow verdict', { expect: { shadow: 'none' } }, []],
  ['a time', { at: '2026-03-02T09:00:00Z' }, []],
  ['a time without a zone', { at: '2026-03-02T09:00:00' }, [`at ${TIME}`]],
  ['an upstream', { upstream: 'us' }, []],
  ['an upstream that is none', { upstream: 'x' }, ['upstream the config has no upstream of this name']],
]
for (const [sentence, value, problems] of table) {
  t.test(sentence, async (t) => {
    const found = testProblems({ file: 'f', path: ['tests', 0], value: value as never }, ids, known)
    t.same(
      found.map(({ path, message }) => `${path.slice(2).join('.')} ${message}`),
      problems,
    )
  })
}
