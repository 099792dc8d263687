import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const BIN = fileURLToPath(new URL('../../../bin/sallyport', import.meta.url))
const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: https://idp.example, audience: [a] }] }
upstreams: [{ name: main, url: https://a.example/v1, models: ["*"] }]
policies: [policy.yaml]
`
const POLICY = `version: 1
roles: { staff: { members: [{ issuer: corp }] } }
rules: [{ id: all, effect: allow, roles: [staff], operations: [chat] }]
`
const LINE = JSON.stringify({ as: { user: 'bob', issuer: 'corp' }, request: { operation: 'chat', model: 'm' } })

t.test('explain reads a batch from the stdin of the process', async (t) => {
  const cwd = t.testdir({ 'config.yaml': CONFIG, 'policy.yaml': POLICY })
  const argv = [BIN, 'policy', 'explain', '--config', 'config.yaml', '--batch', '-']
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd, input: `${LINE}\n${LINE}\n` })
  t.same([status, String(stderr)], [0, ''])
  const answers = String(stdout).trim().split('\n')
  t.same(
    answers.map((answer) => JSON.parse(answer).rule),
    ['all', 'all'],
  )
})
