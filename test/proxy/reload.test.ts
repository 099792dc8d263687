import { writeFileSync } from 'node:fs'
import t from 'tap'
import { yaml } from '../support/proxy-folder.ts'
import { allows, chatBytes, endInOrder, refuses, startWorld } from '../support/world.ts'

const policy = (effect: 'allow' | 'deny') => ({
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [{ id: `all-${effect}`, effect, roles: ['analyst'] }],
})

t.test('a changed policy decides the next request', async (t) => {
  const world = await startWorld(t, { policy: policy('allow') })
  const { proxy } = world
  const bytes = chatBytes(await world.token())
  const { decision } = await allows(t, world, 'before', bytes)
  writeFileSync(proxy.policyFile, yaml(policy('deny')))
  const loaded = await proxy.audit.action('policy-loaded', 2)
  const refused = await refuses(t, world, 'after', bytes, { status: 403, code: 'policy_denied' })
  t.equal(refused.decision.get('rule.ruleset'), loaded.get('rule.ruleset'), 'the event names the policy in force')
  t.not(refused.decision.get('rule.ruleset'), decision.get('rule.ruleset'))
  await endInOrder(t, world)
})
