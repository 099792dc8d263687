import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { decidedUpstreams, describedOutcome } from '../../../src/cli/policy-outcome.ts'
import { loadAll } from '../../../src/config/load-all.ts'
import { apiOf } from '../../../src/model/operations.ts'
import { candidates, judge } from '../../../src/pipeline/judge.ts'
import type { ServingUpstream } from '../../../src/pipeline/snapshot.ts'
import { compilePolicies } from '../../../src/serving/compile-policies.ts'
import { runCli } from '../../support/cli.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: "https://idp.example", audience: [a] }] }
upstreams:
  - { name: eu, url: "https://eu.example/v1", models: ["gpt-4o"], region: eu, priority: 2 }
  - { name: us, url: "https://us.example/v1", models: ["gpt-*"], region: us }
  - { name: claude, kind: anthropic, url: "https://claude.example/v1", models: ["claude-*"] }
policies: [policy.yaml]
`
const POLICY = `version: 1
roles: { staff: { members: [{ issuer: corp }] } }
rules:
  - { id: chat, effect: allow, roles: [staff], operations: [chat], models: ["gpt-*", "claude-*"] }
  - { id: messages, effect: allow, roles: [staff], operations: [messages], models: ["gpt-*", "claude-*"] }
  - { id: europe, effect: allow, roles: [staff], operations: [embeddings], when: { region: [eu] } }
  - { id: america, effect: allow, operations: [responses], when: { region: [us], mfa: true } }
  - { id: list, effect: allow, operations: [models.list] }
tests:
  - name: a model that nobody serves
    as: { issuer: corp }
    request: { operation: chat, model: claude-9 }
    expect: { effect: allow }
`

function scene(t: Test) {
  const cwd = t.testdir({ 'config.yaml': CONFIG, 'policy.yaml': POLICY })
  return async (...argv: string[]) => ({ ...(await runCli(['policy', ...argv, '--config', 'config.yaml'], cwd)), cwd })
}

const BOB = ['--as', 'bob', '--issuer', 'corp']
const rows: readonly (readonly [string, string[], string, false | undefined])[] = [
  ['an upstream serves the model', ['--operation', 'chat', '--model', 'gpt-4o'], 'allow', undefined],
  ['an upstream of the other API serves it', ['--operation', 'messages', '--model', 'gpt-4o'], 'allow', false],
  ['an upstream of that API serves it', ['--operation', 'messages', '--model', 'claude-9'], 'allow', undefined],
  ['nobody serves the model', ['--operation', 'chat', '--model', 'claude-9'], 'allow', false],
  [
    'the pinned upstream serves it',
    ['--operation', 'chat', '--model', 'gpt-5', '--upstream', 'us'],
    'allow',
    undefined,
  ],
  ['the pinned one does not', ['--operation', 'chat', '--model', 'gpt-5', '--upstream', 'eu'], 'allow', false],
  ['the operation has no model', ['--operation', 'models.list'], 'allow', undefined],
  ['nobody serves what is denied', ['--operation', 'embeddings', '--model', 'claude-9'], 'deny', false],
]
for (const [name, argv, effect, served] of rows) {
  t.test(name, async (t) => {
    const policy = scene(t)
    const answer = JSON.parse((await policy('explain', ...BOB, ...argv, '--json')).out)
    t.same([answer.effect, answer.served], [effect, served])
    const { out } = await policy('explain', ...BOB, ...argv)
    t.equal(out.includes('no upstream that could be asked serves the model'), served === false)
  })
}

t.test('a batch says it, and so does a test', async (t) => {
  const policy = scene(t)
  const { cwd } = await policy('explain', '--help')
  writeFileSync(join(cwd, 'b'), '{"as":{"issuer":"corp"},"request":{"operation":"chat","model":"claude-9"}}\n')
  t.match(JSON.parse((await policy('explain', '--batch', 'b')).out), { effect: 'allow', served: false })
  const { code, out } = await policy('test')
  t.equal(code, 0, 'a test is of the policy alone')
  t.match(out, /^ok {6}a model that nobody serves\n {8}no upstream of the config serves its model\n/)
  t.match(JSON.parse((await policy('test', '--json')).out).tests, [{ ok: true, served: false }])
})

t.test('explain decides as the pipeline does', async (t) => {
  const { cwd } = await scene(t)('explain', '--help')
  const file = join(cwd, 'config.yaml')
  const { policy, settings } = await loadAll(file, { env: {}, secrets: false, compile: compilePolicies })
  if (!policy || !settings) throw new Error('the example is not sound')
  const decided = decidedUpstreams(settings)
  const serving = decided.map(({ name, serves }) => {
    return { settings: settings.upstreams.find((one) => one.name === name), serves } as unknown as ServingUpstream
  })
  for (const operation of ['chat', 'embeddings', 'messages', 'responses', 'models.list']) {
    for (const model of ['gpt-4o', 'gpt-5', 'claude-9', undefined]) {
      const described = { as: { issuer: 'corp', mfa: false }, request: { operation, ...(model && { model }) } }
      const outcome = describedOutcome(policy, decided, described, 0)
      if (!outcome.ok) throw new Error(outcome.fault)
      const { input, served } = outcome.value
      const able = candidates(serving, [input.model], apiOf(operation))
      const judged = judge(policy, { ...input, upstream: undefined }, [], able)
      t.same(policy.decide(input), judged.decision, `${operation} ${model}`)
      t.equal(served, able.length > 0)
    }
  }
})
