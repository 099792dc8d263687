import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import * as behaviours from '../support/model-behaviours.ts'
import { POLICY, yaml } from '../support/proxy-folder.ts'
import { rawConnect } from '../support/raw-client.ts'
import { allows, BOB, chatBody, chatBytes, endInOrder, refuses, startWorld, type World } from '../support/world.ts'

const denied = { status: 403, code: 'policy_denied' }
/** The policy of the tests, and interns on top of it. */
const WIDER = yaml({
  ...(POLICY as object),
  roles: {
    analyst: { members: [{ group: 'analysts' }, { group: 'interns' }] },
    admin: { members: [{ group: 'admins' }] },
  },
} as never)

/** Each way to change the policy; the proxy is told by a signal or finds out by itself. */
const ways: readonly (readonly [name: string, change: (world: World) => void])[] = [
  ['the file is written', ({ proxy }) => writeFileSync(proxy.policyFile, WIDER)],
  [
    'another file is moved over it',
    ({ proxy }) => {
      writeFileSync(`${proxy.folder}/next.yaml`, WIDER)
      renameSync(`${proxy.folder}/next.yaml`, proxy.policyFile)
    },
  ],
  [
    'the file is written and SIGHUP says so',
    ({ proxy }) => {
      writeFileSync(proxy.policyFile, WIDER)
      proxy.signal('SIGHUP')
    },
  ],
]

for (const [name, change] of ways) {
  t.test(`a good policy comes into force: ${name}`, async (t) => {
    const world = await startWorld(t)
    const bob = await world.token(BOB)
    const { decision } = await refuses(t, world, 'bob before', chatBytes(bob), denied)
    change(world)
    const loaded = await world.proxy.audit.action('policy-loaded', 2)
    const after = await allows(t, world, 'bob after', chatBytes(bob))
    t.not(after.decision.get('rule.ruleset'), decision.get('rule.ruleset'), 'another digest')
    t.equal(after.decision.get('rule.ruleset'), loaded.get('rule.ruleset'), 'the one that the event told')
    await endInOrder(t, world)
  })
}

async function stands(t: Test, world: World, name: string): Promise<void> {
  await allows(t, world, `${name}: alice is served`, chatBytes(await world.token()))
  await refuses(t, world, `${name}: bob is not`, chatBytes(await world.token(BOB)), denied)
  t.equal((await world.proxy.admin('/readyz')).status, 200, `${name}: ready`)
}

const broken: readonly (readonly [name: string, text: string])[] = [
  ['an unknown key', yaml({ ...(POLICY as object), rulez: [] } as never)],
  ['no YAML', 'version: 1\nroles: ['],
  ['an empty file', ''],
  ['half of a wider one', WIDER.slice(0, Math.floor(WIDER.length / 2))],
  ['an empty list', yaml({ version: 1, rules: [{ id: 'all', effect: 'allow', models: [] }] })],
]

t.test('a broken policy leaves the last good one in force', async (t) => {
  const world = await startWorld(t)
  for (const [index, [name, text]] of broken.entries()) {
    writeFileSync(world.proxy.policyFile, text)
    const rejected = await world.proxy.audit.action('policy-rejected', index + 1)
    t.equal(rejected.get('event.outcome'), 'failure', name)
    await stands(t, world, name)
  }
  rmSync(world.proxy.policyFile)
  world.proxy.signal('SIGHUP')
  await world.proxy.audit.action('policy-rejected', broken.length + 1)
  await stands(t, world, 'no file')
  writeFileSync(world.proxy.policyFile, WIDER)
  await world.proxy.audit.action('policy-loaded', 2)
  await allows(t, world, 'a good one afterwards', chatBytes(await world.token(BOB)))
  await endInOrder(t, world)
})

t.test('a config is reloaded, a broken one is not', async (t) => {
  const world = await startWorld(t)
  const { proxy } = world
  const token = await world.token()
  const config = JSON.parse(readFileSync(proxy.configFile, 'utf8'))
  await allows(
    t,
    world,
    'a body below the old limit',
    chatBytes(token, chatBody('gpt-4o-mini', { user: 'x'.repeat(2000) })),
  )
  writeFileSync(proxy.configFile, yaml({ ...config, listen: { ...config.listen, max_body: '1KiB' } }))
  await proxy.audit.action('config-reloaded')
  const large = chatBody('gpt-4o-mini', { user: 'x'.repeat(2000) })
  await refuses(t, world, 'the new limit holds', chatBytes(token, large), { status: 413, code: 'body_too_large' })
  writeFileSync(proxy.configFile, yaml({ ...config, upstreams: [] }))
  const rejected = await proxy.audit.action('config-rejected')
  t.equal(rejected.get('event.outcome'), 'failure')
  await stands(t, world, 'a config without upstreams')
  await refuses(t, world, 'and the limit still holds', chatBytes(token, large), { status: 413, code: 'body_too_large' })
  t.match(proxy.stderr, /upstreams/, 'a diagnostic says what is wrong')
  await endInOrder(t, world)
})

t.test('a running request ends by the snapshot that it began with', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const gate = Promise.withResolvers<void>()
  model.script('gpt-4o-mini-gated', behaviours.gated(gate.promise))
  const connection = await rawConnect(proxy.port)
  connection.send(chatBytes(await world.token(), chatBody('gpt-4o-mini-gated', { stream: true })))
  await connection.receives('data: ')
  const config = JSON.parse(readFileSync(proxy.configFile, 'utf8'))
  const [upstream] = config.upstreams
  writeFileSync(proxy.configFile, yaml({ ...config, upstreams: [{ ...upstream, name: 'renamed' }] }))
  await proxy.audit.action('config-reloaded')
  const { decision } = await allows(t, world, 'the next one goes by the new one', chatBytes(await world.token()))
  t.equal(decision.get('service.target.name'), 'renamed')
  gate.resolve()
  const answer = await connection.answer()
  t.match(answer.body.toString(), /\[DONE\]\n\n$/)
  const complete = await proxy.audit.complete(answer.header('x-request-id') ?? '')
  t.same([complete.action, complete.get('service.target.name')], ['completion-finished', 'mock'])
  connection.close()
  await endInOrder(t, world)
})
