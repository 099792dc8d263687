import t from 'tap'
import type { AuditEvent } from '../../../../src/model/audit.ts'
import type { Decision, PolicyInput, RuleId, ShadowPolicy } from '../../../../src/model/decision.ts'
import { MessageTrail } from '../../../../src/pipeline/realtime/message-trail.ts'
import { openJudge } from '../../../support/message-judge.ts'
import { openSession } from '../../../support/session-scene.ts'

const ALLOW: Decision = { effect: 'allow', rule: 'r' as RuleId, reason: 'allowed', roles: [] }
const by = (rule: string): Decision => ({
  ...{ effect: 'deny', rule: rule as RuleId, reason: 'denied_by_rule', roles: [] },
})

/** A session under shadow rules, and the events about its messages. */
function opened(decide: (input: PolicyInput) => Decision) {
  const judge = openJudge()
  const shadow: ShadowPolicy = {
    speaksOfUpstream: false,
    decide,
    verdict: (enforced, { effect, rule, reason }) => (effect === enforced.effect ? null : { effect, rule, reason }),
  }
  Object.assign(judge.snapshot.policy, { shadow })
  const events: AuditEvent[] = []
  const audit = { append: (event: AuditEvent) => events.push(event), commit: () => undefined, writable: true }
  const trail = new MessageTrail({ subject: {} }, () => judge.snapshot.policy.digest, { audit, clock: () => 0 })
  judge.onShadowed = (type, verdict) => trail.shadow(type, verdict)
  const scene = openSession(judge, (refusal) => trail.refuse(refusal))
  const told = () =>
    events.map(({ action, policy, extra }) => [action, policy?.shadow?.rule, extra?.['session.message']])
  return { ...scene, events, told }
}

const image = {
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_image', image_url: 'data:,x' }] },
}
const text = { ...image, item: { ...image.item, content: [{ type: 'input_text', text: 'a' }] } }
const noImages = ({ input }: PolicyInput) => (input.images ? by('no-images') : ALLOW)

t.test('a message that shadow rules would refuse goes on, and is told of once', async (t) => {
  const { client, upstream, told, events } = opened(noImages)
  for (const message of [text, image, image, text, image]) client.says(message)
  t.equal(upstream.sent.length, 5, 'nothing follows from it')
  t.same(told(), [['message-authorized', 'no-images', image.type]])
  t.match(events[0], { decision: 'allow', policy: { shadow: { decision: 'deny', reason: 'denied_by_rule' } } })
  client.leave(1000)
})

t.test('a message that is refused is told of with what shadow rules would do', async (t) => {
  const rows = [
    ['they would allow it', () => ALLOW, 'r'],
    ['they would not, either', () => by('other'), undefined],
  ] as const
  for (const [name, decide, rule] of rows) {
    const { client, told } = opened(decide)
    client.says({ type: 'response.create', response: { max_output_tokens: 5000 } })
    t.same(told(), [['message-denied', rule, 'response.create']], name)
    client.leave(1000)
  }
})

t.test('a message that is refused for another reason than the policy has no word of them', async (t) => {
  const { client, told } = opened(() => by('all'))
  client.says({
    type: 'response.create',
    response: { max_output_tokens: 5, audio: { output: { voice: { id: 'v' } } } },
  })
  t.same(told(), [['message-denied', undefined, 'response.create']])
  client.leave(1000)
})

t.test('what is told of a session is bounded', async (t) => {
  let count = 0
  const { client, upstream, events } = opened(() => by(`rule-${count++}`))
  for (let at = 0; at < 100; at++) client.says(text)
  t.same([upstream.sent.length, events.length], [100, 32])
  client.leave(1000)
})
