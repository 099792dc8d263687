// Length: one table of what a reload may and may not change, each row against the whole program.
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import t, { type Test } from 'tap'
import { startIdentityProvider } from '../support/identity-provider.ts'
import * as behaviours from '../support/model-behaviours.ts'
import { startModelServer } from '../support/model-server.ts'
import { polled } from '../support/proxy.ts'
import { POLICY, yaml } from '../support/proxy-folder.ts'
import { rawConnect } from '../support/raw-client.ts'
import { changeConfig, nextAction, startTraffic } from '../support/traffic.ts'
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

/** Writes a file in so many pieces, one a turn of the loop; answers with the longest pause between two. Milliseconds. */
async function writeInPieces(file: string, text: string, pieces: number): Promise<number> {
  const descriptor = openSync(file, 'w')
  let [longest, before] = [0, performance.now()]
  for (let piece = 0; piece < pieces; piece++) {
    writeSync(descriptor, text.slice((text.length * piece) / pieces, (text.length * (piece + 1)) / pieces))
    longest = Math.max(longest, performance.now() - before)
    before = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  closeSync(descriptor)
  return longest
}

t.test('a file that is still being written is not read', async (t) => {
  for (let attempt = 0; attempt < 5; attempt++) {
    const world = await startWorld(t)
    const { audit, policyFile } = world.proxy
    const longest = await writeInPieces(policyFile, WIDER, 40)
    await audit.action('policy-loaded', 2)
    // On a machine that holds the writer up for half of the rest time or more, half of the file may be at rest.
    if (longest > 125) continue
    t.equal(audit.withAction('policy-rejected').length, 0, 'never was half of it judged')
    await allows(t, world, 'the whole of it is in force', chatBytes(await world.token(BOB)))
    return endInOrder(t, world)
  }
  t.fail('the writer was held up each time')
})

t.test('an issuer that is taken out of the config: its tokens stop, seen before or not', async (t) => {
  const [first, second] = [await startIdentityProvider(), await startIdentityProvider()]
  t.teardown(() => Promise.all([first.close(), second.close()]))
  const entry = (name: string, issuer: string) => ({ name, issuer, audience: ['sallyport'] })
  const both = [entry('corp', first.issuer), entry('partner', second.issuer)]
  const world = await startWorld(t, { issuers: both })
  const theirs = chatBytes(await second.mint())
  const ours = chatBytes(await first.mint())
  await allows(t, world, 'theirs', theirs)
  const { decision } = await allows(t, world, 'theirs again', theirs)
  t.equal(decision.get('sallyport.auth.cache'), 'hit')
  changeConfig(world.proxy, { identity: { issuers: both.slice(0, 1) } })
  await world.proxy.audit.action('config-reloaded')
  const gone = { status: 401, code: 'invalid_api_key', action: 'authentication-failed' }
  await refuses(t, world, 'theirs, once they are out', theirs, gone)
  await allows(t, world, 'ours', ours)
  changeConfig(world.proxy, { identity: { issuers: both } })
  await world.proxy.audit.action('config-reloaded', 2)
  await allows(t, world, 'theirs, once they are back', theirs)
  await endInOrder(t, world)
})

t.test(
  'an upstream that is replaced: its stream goes on, the next request goes elsewhere, nothing stays open',
  async (t) => {
    const world = await startWorld(t)
    const { proxy, model: old } = world
    const next = await startModelServer()
    t.teardown(() => next.close())
    const gate = Promise.withResolvers<void>()
    old.script('gpt-4o-mini-gated', behaviours.gated(gate.promise))
    const connection = await rawConnect(proxy.port)
    connection.send(chatBytes(await world.token(), chatBody('gpt-4o-mini-gated', { stream: true })))
    await connection.receives('data: ')
    changeConfig(proxy, { upstreams: [{ name: 'next', url: next.url, models: ['gpt-*'] }] })
    await proxy.audit.action('config-reloaded')
    await allows(t, world, 'the next request', chatBytes(await world.token()))
    t.same([old.requests.length, next.requests.length], [1, 1], 'goes to the new one')
    t.equal(next.requests[0]?.header('authorization'), undefined, 'which is not told the key of the old one')
    gate.resolve()
    t.match((await connection.answer()).body.toString(), /\[DONE\]\n\n$/)
    await polled(async () => old.open === 0, 'the connections to the old one to be closed')
    connection.close()
    await endInOrder(t, world)
  },
)

t.test('a request whose upload two reloads fall into is served by the upstream that it was decided for', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const next = await startModelServer()
  t.teardown(() => next.close())
  const bytes = chatBytes(await world.token(), chatBody(), ['Content-Type: application/json', 'Expect: 100-continue'])
  const connection = await rawConnect(proxy.port)
  t.teardown(() => connection.close())
  const head = bytes.indexOf('\r\n\r\n') + 4
  connection.send(bytes.subarray(0, head))
  await connection.receives('HTTP/1.1 100 Continue\r\n\r\n')
  changeConfig(proxy, { listen: { proxy: '127.0.0.1:0', admin: '127.0.0.1:0', max_body: '1MiB' } })
  await proxy.audit.action('config-reloaded')
  changeConfig(proxy, { upstreams: [{ name: 'next', url: next.url, models: ['gpt-*'] }] })
  await proxy.audit.action('config-reloaded', 2)
  connection.send(bytes.subarray(head))
  t.equal((await connection.answer()).status, 200)
  t.same([model.requests.length, next.requests.length], [1, 0])
  await polled(async () => model.open === 0, 'the connections to the old one to be closed')
  await endInOrder(t, world)
})

t.test('addresses to listen on need a restart, and the event says so', async (t) => {
  const world = await startWorld(t)
  const { proxy } = world
  const listen = { proxy: '127.0.0.1:1', admin: '127.0.0.1:0' }
  changeConfig(proxy, { listen: { ...listen, timeouts: { head: '7s', body: '5s', drain: '9s' } } })
  const reloaded = await proxy.audit.action('config-reloaded')
  const first = ['listen.proxy', 'listen.timeouts.head', 'listen.timeouts.drain']
  t.same(reloaded.get('sallyport.config.restart_required'), first, 'the time for a body is in force at once')
  changeConfig(proxy, { listen: { ...listen, timeouts: { keep_alive: '7s' } }, telemetry: { metrics: false } })
  const again = await proxy.audit.action('config-reloaded', 2)
  const second = ['listen.proxy', 'listen.timeouts.keep_alive', 'telemetry.metrics']
  t.same(again.get('sallyport.config.restart_required'), second, 'what still waits is said again')
  await allows(t, world, 'it is served where it was', chatBytes(await world.token()))
  await endInOrder(t, world)
})

t.test('events tell only of what differs; a reload that is asked for is always told', async (t) => {
  const world = await startWorld(t)
  const { audit, policyFile } = world.proxy
  const since = (count: number) =>
    audit
      .all()
      .slice(count)
      .filter(({ action }) => action !== 'jwks-refreshed')
  const start = audit.all().length
  writeFileSync(policyFile, WIDER)
  await audit.action('policy-loaded', 2)
  world.proxy.signal('SIGHUP')
  const unchanged = await audit.action('config-reloaded')
  t.same(
    since(start).map(({ action }) => action),
    ['policy-loaded', 'config-reloaded'],
  )
  t.equal(unchanged.get('sallyport.unchanged'), true)
  const before = audit.all().length
  changeConfig(world.proxy, { listen: { proxy: '127.0.0.1:0', admin: '127.0.0.1:0', max_body: '1MiB' } })
  const changed = await audit.action('config-reloaded', 2)
  t.equal(changed.get('sallyport.unchanged'), undefined)
  t.equal(changed.get('sallyport.previous.config'), unchanged.get('sallyport.config.digest'))
  t.not(changed.get('sallyport.config.digest'), unchanged.get('sallyport.config.digest'))
  world.proxy.signal('SIGHUP')
  await audit.action('config-reloaded', 3)
  t.same(
    since(before).map(({ action }) => action),
    ['config-reloaded', 'config-reloaded'],
    'the policy has not changed',
  )
  await endInOrder(t, world)
})

t.test('warnings are logged at the start and when they come into force', async (t) => {
  const warned = (id: string) => ({
    ...(POLICY as object),
    rules: [{ id, effect: 'allow', roles: ['analyst'], when: { region: ['mars'] } }],
  })
  const world = await startWorld(t, { policy: warned('first') as never })
  const warnings = () =>
    world.proxy.stderr
      .split('\n')
      .filter((line) => line.includes('"level":"warn"'))
      .map((line) => JSON.parse(line))
  await polled(async () => warnings().length === 1, 'the warning')
  t.match(warnings()[0], { code: 'unknown_region', severity: 'warning', msg: /region/, file: /policy\.yaml$/ })
  writeFileSync(world.proxy.policyFile, yaml(warned('second') as never))
  await polled(async () => warnings().length === 2, 'the warning of the reload')
  await endInOrder(t, world)
})

/** The policy of the tests with other names for its rules. */
const renamed = (prefix: string) => yaml(JSON.parse(JSON.stringify(POLICY).replaceAll('"id":"', `"id":"${prefix}-`)))

t.test('thirty reloads under traffic: each request is decided by one policy, whole', async (t) => {
  const world = await startWorld(t)
  const { proxy } = world
  const bytes = chatBytes(await world.token())
  const traffic = startTraffic(proxy.port, 4, () => bytes)
  const prefixOf = new Map<unknown, string>()
  for (let reload = 0; reload < 30; reload++) {
    const prefix = reload % 2 === 0 ? 'even' : 'odd'
    const loaded = nextAction(proxy, 'policy-loaded')
    writeFileSync(proxy.policyFile, renamed(prefix))
    prefixOf.set((await loaded).get('rule.ruleset'), prefix)
  }
  await polled(async () => traffic.answers.length >= 1000, 'a thousand answers')
  await traffic.stop()
  t.equal(prefixOf.size, 2, 'two policies took turns')
  t.equal(traffic.unanswered, 0)
  t.same(new Set(traffic.answers.map(({ status }) => status)), new Set([200]), `${traffic.answers.length} answers`)
  const used = new Map<string, number>()
  for (const line of proxy.audit.withAction('request-authorized')) {
    const pair = `${prefixOf.get(line.get('rule.ruleset')) ?? 'first'} ${line.get('rule.id')}`
    used.set(pair, (used.get(pair) ?? 0) + 1)
  }
  used.delete('first analysts-small')
  t.same([...used.keys()].sort(), ['even even-analysts-small', 'odd odd-analysts-small'], 'rule and digest agree')
  await endInOrder(t, world)
})
