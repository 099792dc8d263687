/** What goes on with something stored cannot be told in its tools, its hosts and its input. */
import t from 'tap'
import { whoCan } from '../../../src/analysis/access.ts'
import { reachLines } from '../../../src/analysis/access-text.ts'
import { operationsOf, targetOf } from '../../../src/analysis/access-universe.ts'
import { diffPolicies } from '../../../src/analysis/diff.ts'
import { allow, analysed, deny } from '../../support/analysed.ts'
import { compiled, rules } from '../../support/diffed.ts'

const RUN = 'threads.runs.create'

function lines(list: readonly object[], operation: string): readonly string[] {
  const policy = analysed(list)
  const operations = operationsOf(policy.outline).filter(({ label }) => label === operation)
  return reachLines(whoCan(policy, targetOf(policy.outline, 'gpt-4o'), operations)).slice(1)
}

const anybody = { operations: [RUN, 'responses'] }
const when = (condition: object) => ({ ...anybody, when: condition })
const table: readonly (readonly [sentence: string, rules: readonly object[], run: boolean])[] = [
  ['an allow that asks for nothing of it', [allow('a', anybody)], true],
  ['no hosted tools', [allow('a', when({ tools: { hosted: [] } }))], false],
  ['every hosted tool', [allow('a', when({ tools: { hosted: ['*'] } }))], true],
  ['no hosts, said', [allow('a', when({ urls: [] }))], false],
  ['every host', [allow('a', when({ urls: ['*'] }))], true],
  ['no images', [allow('a', when({ input: { images: false } }))], false],
  ['some images', [allow('a', when({ input: { images: true } }))], true],
  ['a small body', [allow('a', when({ input: { max_bytes: '1KiB' } }))], false],
  ['a stream', [allow('a', when({ stream: false }))], true],
  ['a deny on images', [allow('a', anybody), deny('d', when({ input: { images: true } }))], false],
  ['a deny on none', [allow('a', anybody), deny('d', when({ input: { images: false } }))], true],
]
t.test('who may run what is stored', async (t) => {
  for (const [sentence, list, run] of table) {
    const can = (operation: string) => !lines(list, operation).includes('nobody can')
    t.equal(can(RUN), run, `${sentence}: a run`)
    t.equal(can('responses'), true, `${sentence}: a response`)
  }
})

t.test('operations that always are on what is stored are looked at apart', async (t) => {
  const list = [allow('a', { operations: ['evals.*', 'agents.*'], when: { tools: { hosted: [] } } })]
  const labels = operationsOf(analysed(list).outline).map(({ label }) => label)
  t.ok(labels.includes('agents.* on what is stored') && labels.includes('agents.* with a model'), labels.join())
  t.ok(lines(list, 'agents.* on what is stored').includes('nobody can'))
  t.notOk(lines(list, 'agents.* with a model').includes('nobody can'))
})

const plain = { operations: ['responses'], models: ['gpt-4o'] }
const asking = (condition: object) => rules({ ...plain, when: condition })
const either = (one: object, other: object) => rules({ ...plain, when: one }, { ...plain, when: other })
const differences: readonly (readonly [sentence: string, before: object, after: object, stored: boolean[]])[] = [
  ['every hosted tool', rules(plain), asking({ tools: { hosted: ['*'] } }), []],
  [
    'with images or without them is anything, but of what is stored',
    rules(plain),
    either({ input: { images: true } }, { input: { images: false } }),
    [true],
  ],
  ['hosts that are not spoken of', rules(plain), asking({ urls: [] }), [true]],
]
t.test('what changes for what goes on with something stored alone', async (t) => {
  for (const [sentence, before, after, stored] of differences) {
    const { findings, undecided } = diffPolicies(compiled(before as never), compiled(after as never))
    t.same(undecided, [], sentence)
    const requests = findings.map(({ opens, closes }) => (opens ?? closes)?.line.request)
    t.same(
      requests.map((request) => (request as { stored?: boolean }).stored ?? false),
      stored,
      sentence,
    )
  }
})

t.test('a run needs no word to be of what is stored', async (t) => {
  const run = { operations: [RUN], models: ['gpt-4o'] }
  const { findings } = diffPolicies(
    compiled(rules(plain)),
    compiled(rules(plain, { ...run, when: { tools: { hosted: [] } } })),
  )
  t.same(findings, [])
  t.equal(diffPolicies(compiled(rules(plain)), compiled(rules(plain, run))).findings.length, 1)
})
