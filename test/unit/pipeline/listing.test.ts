import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import type { Decision, PolicyInput, RuleId } from '../../../src/model/decision.ts'
import { mayUse } from '../../../src/pipeline/listing.ts'
import type { ServingUpstream, Snapshot } from '../../../src/pipeline/snapshot.ts'

const allow: Decision = { effect: 'allow', rule: 'r' as RuleId, reason: 'allowed', roles: [] }
const deny: Decision = { effect: 'deny', rule: null, reason: 'default_deny', roles: [] }

/** Whether the model is listed where only one operation is granted. */
function listedFor(operation: string, kind: string): boolean {
  const upstream = { settings: { name: 'us', kind, region: null, labels: {} }, serves: (name: string) => name === 'm' }
  const policy = {
    speaksOfUpstream: false,
    decide: (input: PolicyInput) => (input.operation === operation ? allow : deny),
  }
  const snapshot = { upstreams: [upstream as unknown as ServingUpstream], policy } as unknown as Snapshot
  return mayUse(snapshot, {} as PolicyInput, 'm') && !mayUse(snapshot, {} as PolicyInput, 'other')
}

t.test('a model is listed for each operation that makes it work, and for no other one', async (t) => {
  for (const { operation, api, stored, model, awaits } of ENDPOINTS) {
    const works = !stored && awaits === null && (model === 'required' || model === 'optional')
    const beside = [
      ...['responses.compact', 'responses.input_tokens', 'messages.count_tokens', 'realtime.sessions.create'],
    ].includes(operation)
    for (const kind of ['openai', 'anthropic'])
      t.equal(listedFor(operation, kind), works && !beside && api === kind, `${operation}, ${kind}`)
  }
})
