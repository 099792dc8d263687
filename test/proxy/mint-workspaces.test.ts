import t from 'tap'
import { asksFor, MINT_POLICY, SESSION, secretOf, soon, startMinting } from '../support/mint-world.ts'
import { MODEL, speak } from '../support/realtime-world.ts'
import { PROVIDER_SECRET } from '../support/session-secrets.ts'
import { ALICE, endInOrder } from '../support/world.ts'

const BARE = '/v1/realtime'

t.test('a session is one of the workspace that its secret was made in', async (t) => {
  const [rule] = MINT_POLICY.rules
  const members = [{ user: ALICE }]
  const policy = {
    ...MINT_POLICY,
    workspaces: { red: { members }, blue: { members } },
    rules: [{ ...rule, workspaces: ['red'] }],
  }
  const world = await startMinting(t, { policy })
  const inWorkspace = (project?: string) => asksFor(world, { session: SESSION }, project ? { project } : {})
  t.equal((await inWorkspace()).status, 403, 'which has to be said')
  t.equal((await inWorkspace('blue')).status, 403)
  const token = secretOf(world, await inWorkspace('red'))
  for (const project of [undefined, 'blue', 'red']) {
    const headers = { authorization: `Bearer ${token}`, ...(project && { 'openai-project': project }) }
    const { client } = await speak(world, { target: BARE, headers })
    await client.event('session.created')
    const decision = await world.proxy.audit.decision(client.requestId)
    const said = ['sallyport.workspace', 'sallyport.request.project'].map((key) => decision.get(key))
    t.same(said, ['red', 'red'], `whatever the opening says: ${project}`)
    client.close()
    await client.closed
  }
  await endInOrder(t, world)
})

t.test('a session without a model is one of the model that it was made of', async (t) => {
  const rules = MINT_POLICY.rules.map(({ id, effect, roles, operations }) => ({ id, effect, roles, operations }))
  const world = await startMinting(t, { policy: { ...MINT_POLICY, rules } })
  const rows = [
    ['as it was told', MODEL, MODEL, true],
    ['with a day', MODEL, `${MODEL}-2025-08-28`, true],
    ['another one', MODEL, 'gpt-4o', false],
    ['of nobody knows what', undefined, MODEL, false],
  ] as const
  for (const [name, made, started, opens] of rows) {
    const session = made === undefined ? {} : { model: made }
    world.provider.answer = () => ({
      headers: { 'x-ratelimit-limit-project': PROVIDER_SECRET },
      body: JSON.stringify({ value: PROVIDER_SECRET, expires_at: soon(), session }),
    })
    const answer = await asksFor(world, { session: { type: 'realtime' } })
    t.equal(answer.headers.get('x-ratelimit-limit-project'), '*'.repeat(PROVIDER_SECRET.length), 'nor in its head')
    world.provider.setUp = { model: started }
    const { client } = await speak(world, { token: secretOf(world, answer), target: BARE })
    if (opens) await client.event('session.created')
    else t.same(await client.closed, { code: 1008, reason: 'policy_denied' }, name)
    client.close()
    await client.closed
  }
  await endInOrder(t, world)
})
