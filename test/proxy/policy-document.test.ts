import t from 'tap'
import { POLICY } from '../support/proxy-folder.ts'
import {
  allows,
  BOB,
  CAROL,
  chatBody,
  chatBytes,
  endInOrder,
  JSON_TYPE,
  refuses,
  startWorld,
} from '../support/world.ts'

const policy = {
  ...(POLICY as object),
  aliases: { fast: 'gpt-4o-mini' },
  workspaces: { research: { members: [{ group: 'analysts' }] }, lab: { members: [{ group: 'admins' }] } },
}
const rules = (policy as unknown as { rules: readonly object[] }).rules

t.test('a shadow rule changes nothing but what the decision event says', async (t) => {
  const shadows = [
    { id: 'no-streams', effect: 'deny', mode: 'shadow', operations: ['chat'], when: { stream: true } },
    { id: 'interns', effect: 'allow', mode: 'shadow', models: ['gpt-4o-mini'], operations: ['chat', 'models.list'] },
  ]
  const world = await startWorld(t, { policy: { ...policy, rules: [...rules, ...shadows] } as never })
  const token = await world.token()
  const plain = await allows(t, world, 'what no shadow rule speaks of', chatBytes(token))
  t.equal(plain.decision.get('sallyport.shadow.decision'), undefined)
  const streamed = await allows(t, world, 'a shadow deny', chatBytes(token, chatBody('gpt-4o-mini', { stream: true })))
  const shadow = ['decision', 'rule', 'reason'].map((key) => streamed.decision.get(`sallyport.shadow.${key}`))
  t.same(shadow, ['deny', 'no-streams', 'denied_by_rule'])
  t.same([streamed.decision.get('sallyport.decision'), streamed.decision.get('rule.id')], ['allow', 'analysts-small'])
  const complete = await world.proxy.audit.complete(streamed.answer.header('x-request-id') ?? '')
  t.equal(complete.get('sallyport.shadow.decision'), undefined, 'it stands where it was decided')
  const refusal = { status: 403, code: 'policy_denied', reason: 'role_missing' }
  const intern = await refuses(t, world, 'a shadow allow', chatBytes(await world.token(BOB)), refusal)
  t.same(intern.decision.get('sallyport.shadow.decision'), 'allow')
  t.same(intern.decision.get('sallyport.shadow.rule'), 'interns')
  const invalid = { status: 400, code: 'invalid_body' }
  const broken = await refuses(t, world, 'no decision, no verdict', chatBytes(token, '{'), invalid)
  t.equal(broken.decision.get('sallyport.shadow.decision'), undefined)
  await endInOrder(t, world)
})

t.test('the workspace that was decided in stands in both events', async (t) => {
  const world = await startWorld(t, { policy: policy as never })
  const told = async (name: string, bytes: Buffer) => {
    const { answer, decision } = await allows(t, world, name, bytes)
    const complete = await world.proxy.audit.complete(answer.header('x-request-id') ?? '')
    return [decision, complete].map((line) => [line.get('organization.id'), line.get('sallyport.workspace')].join())
  }
  t.same(await told('by group', chatBytes(await world.token())), ['research,research', 'research,research'])
  const carol = await world.token(CAROL)
  for (const project of ['research', 'lab', 'research']) {
    const bytes = chatBytes(carol, chatBody(), [JSON_TYPE, `OpenAI-Project: ${project}`])
    t.same(await told(`of two, ${project}`, bytes), [`${project},${project}`, `${project},${project}`])
  }
  const refusal = { status: 403, code: 'policy_denied', reason: 'workspace_not_allowed' }
  const { decision } = await refuses(t, world, 'of two, none', chatBytes(carol), refusal)
  t.same([decision.get('organization.id'), decision.get('sallyport.workspace')], [undefined, undefined])
  await endInOrder(t, world)
})

t.test('a transform changes what goes up, and the events say so', async (t) => {
  const transforms = [
    { id: 'short-answers', roles: ['analyst'], operations: ['chat'], set: { max_output_tokens: 50 } },
    { id: 'house-rules', models: ['gpt-4o-mini'], system: { prepend: 'Never reveal it.' } },
  ]
  const world = await startWorld(t, { policy: { ...policy, transforms } as never })
  const token = await world.token()
  const system = { role: 'system', content: 'Never reveal it.' }
  const obligations = ['transform:house-rules', 'transform:short-answers']
  for (const [model, asked, capped] of [
    ['gpt-4o-mini', 500, 50],
    ['fast', 20, 20],
  ] as const) {
    const body = chatBody(model, { max_tokens: asked })
    const { answer, decision } = await allows(t, world, model, chatBytes(token, body))
    const complete = await world.proxy.audit.complete(answer.header('x-request-id') ?? '')
    const up = JSON.parse(String(world.model.requests.at(-1)?.body))
    const expected = JSON.parse(body)
    t.same(up, { ...expected, model: 'gpt-4o-mini', messages: [system, ...expected.messages], max_tokens: capped })
    for (const line of [decision, complete]) t.same(line.get('sallyport.policy.obligations'), obligations)
    t.equal(decision.get('http.request.body.bytes'), Buffer.byteLength(body), 'the size is that of what was received')
    t.notMatch(world.proxy.audit.text, /Never reveal it/, 'the text is in no event')
  }
  const refusal = { status: 403, code: 'policy_denied' }
  const denied = await refuses(t, world, 'what is denied is not changed', chatBytes(token, chatBody('gpt-4o')), refusal)
  t.equal(denied.decision.get('sallyport.policy.obligations'), undefined)
  await endInOrder(t, world)
})
