import t from 'tap'
import { STORED_OPERATIONS } from '../../../../src/model/operations.ts'
import { linted, type Row, rules } from './linted.ts'

const ROLES = 'roles: { one: { members: [{ group: g }] } }\n'
const allow = (operations: string, when: string, effect = 'allow') =>
  ROLES + rules(`id: a, effect: ${effect}, roles: [one], operations: [${operations}], when: { ${when} }`)
const batches = (when: string) => allow('files.create, batches.create', when)
const FOUND = ['untold_allow rules.0.operations.1']

const untold: readonly Row[] = [
  ['no hosted tools', batches('tools: { hosted: [] }'), FOUND],
  ['some functions', batches('tools: { functions: [search] }'), FOUND],
  ['every function, and no hosted tool', batches('tools: { functions: ["*"], hosted: [] }'), FOUND],
  ['every tool', batches('tools: { functions: ["*"], hosted: ["**"] }'), []],
  ['no hosts', batches('urls: []'), FOUND],
  ['some hosts', batches('urls: ["*.example"]'), FOUND],
  ['every host', batches('urls: ["*"]'), []],
  ['small input', batches('input: { max_bytes: 1KiB }'), FOUND],
  ['no images', batches('input: { images: false }'), FOUND],
  ['some images', batches('input: { images: true }'), []],
  ['several conditions', batches('stream: false, tools: { hosted: [] }, urls: []'), FOUND],
  ['a condition that can be told', batches('mfa: true'), []],
  ['an operation that may go on with nothing stored', allow('responses', 'tools: { hosted: [] }'), []],
  ['a pattern that others are among', allow('"threads.*"', 'tools: { hosted: [] }'), []],
  [
    'a rule in shadow mode',
    `${ROLES}${rules('id: a, effect: allow, mode: shadow, roles: [one], operations: [batches.create], when: { urls: [] }')}`,
    ['untold_allow rules.0.operations.0'],
  ],
]
t.test('an allow that asks about what something stored may bring', async (t) => {
  for (const [name, policy, found] of untold) t.same(linted(policy), found, name)
  for (const operation of STORED_OPERATIONS) {
    t.same(linted(allow(operation, 'tools: { hosted: [] }')), ['untold_allow rules.0.operations.0'], operation)
  }
  const deny = linted(allow('batches.create', 'input: { images: false }', 'deny'))
  t.notOk(
    deny.some((found) => found.startsWith('untold_allow')),
    'a deny applies where nothing can be told',
  )
})

const ages: readonly Row[] = [
  ['under a second', allow('chat', 'mfa: { max_age: 999ms }'), ['short_max_age rules.0.when.mfa.max_age']],
  ['a second', allow('chat', 'mfa: { max_age: 1s }'), []],
  ['in milliseconds', allow('chat', 'mfa: { max_age: 1000ms }'), []],
  ['none', allow('chat', 'mfa: true'), []],
]
t.test('a sign-in that would have to be more recent than can be told', async (t) => {
  for (const [name, policy, found] of ages) t.same(linted(policy), found, name)
})
