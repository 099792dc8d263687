// Length: one scene, and what every request in it must show.
import { renameSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { AuditLine } from '../support/audit-stream.ts'
import { answerTo } from '../support/model-answers.ts'
import { yaml } from '../support/proxy-folder.ts'
import { type RawAnswer, type RawConnection, rawConnect } from '../support/raw-client.ts'
import { nextAction, startTraffic } from '../support/traffic.ts'
import { chatBody, chatBytes, endInOrder, startWorld, type World } from '../support/world.ts'

const RELOADS = 100
/** Of each kind, for each reload. */
const REQUESTS = 5
const CLIENTS = 2
/** How long the upstream takes, so that clients that go on asking leave the machine to others. Milliseconds. */
const ANSWER_MS = 20

interface Version {
  readonly name: string
  /** What it allows, and what the alias stands for. */
  readonly allowed: string
  readonly denied: string
}

/** Two policies that agree in nothing: role, rules, what is allowed, what the alias stands for. */
const VERSIONS: readonly [Version, Version] = [
  { name: 'first', allowed: 'gpt-4o-mini', denied: 'gpt-4o' },
  { name: 'second', allowed: 'gpt-4o', denied: 'gpt-4o-mini' },
]
const MODELS = ['current', 'gpt-4o-mini', 'gpt-4o']

const policyOf = ({ name, allowed, denied }: Version) => ({
  version: 1,
  roles: { [name]: { members: [{ group: 'analysts' }] } },
  aliases: { current: allowed },
  rules: [
    { id: `${name}-allows`, effect: 'allow', roles: [name], models: [allowed], operations: ['chat'] },
    { id: `${name}-denies`, effect: 'deny', roles: [name], models: [denied], operations: ['chat'] },
  ],
})

const versionAt = (reload: number): Version => VERSIONS[reload % 2 === 0 ? 0 : 1]

/** The event that the next version is in force. Its file replaces the other one in one step. */
async function reloaded({ proxy }: World, version: Version): Promise<AuditLine> {
  const told = nextAction(proxy, 'policy-loaded')
  writeFileSync(`${proxy.folder}/next.yaml`, yaml(policyOf(version)))
  renameSync(`${proxy.folder}/next.yaml`, proxy.policyFile)
  proxy.signal('SIGHUP')
  return told
}

interface Asked {
  readonly model: string
  readonly answer: RawAnswer
  /** Where it is certain which version has to decide. */
  readonly version: Version | null
}

/** Sends the head of a request and waits until it is being worked on; the rest follows when told. */
async function begun(connection: RawConnection, token: string, model: string): Promise<() => Promise<RawAnswer>> {
  const bytes = chatBytes(token, chatBody(model), ['Content-Type: application/json', 'Expect: 100-continue'])
  const head = bytes.indexOf('\r\n\r\n') + 4
  connection.send(bytes.subarray(0, head))
  await connection.receives('HTTP/1.1 100 Continue\r\n\r\n')
  return () => {
    connection.send(bytes.subarray(head))
    return connection.answer()
  }
}

/** Requests that were begun before a reload and end after it, and others that begin as soon as it is told. */
async function acrossOneReload(
  world: World,
  connections: readonly RawConnection[],
  token: string,
  reload: number,
): Promise<{ asked: Asked[]; loaded: AuditLine }> {
  const [before, after] = [versionAt(reload - 1), versionAt(reload)]
  const [upload, plain] = [connections.slice(0, REQUESTS), connections.slice(REQUESTS)]
  const modelOf = (index: number) => MODELS[(reload + index) % MODELS.length] ?? ''
  const uploads = await Promise.all(upload.map((connection, index) => begun(connection, token, modelOf(index))))
  const loaded = await reloaded(world, after)
  const asked = await Promise.all([
    ...uploads.map(async (finish, index) => ({ model: modelOf(index), answer: await finish(), version: before })),
    ...plain.map(async (connection, index) => {
      connection.send(chatBytes(token, chatBody(modelOf(index))))
      return { model: modelOf(index), answer: await connection.answer(), version: after }
    }),
  ])
  return { asked, loaded }
}

interface Events {
  readonly decision: AuditLine | undefined
  readonly complete: AuditLine | undefined
}

/** The events of each request; one look at each line, for there are thousands. */
function eventsById(lines: readonly AuditLine[]): Map<string, Events> {
  const found = new Map<string, Events>()
  for (const line of lines) {
    const { requestId, stage } = line
    if (requestId === undefined) continue
    const before = found.get(requestId) ?? { decision: undefined, complete: undefined }
    found.set(requestId, stage === 'decision' ? { ...before, decision: line } : { ...before, complete: line })
  }
  return found
}

/** What one version, and no other, makes of a request for a model. */
function expected(version: Version, ruleset: string, model: string) {
  const decided = model === 'current' ? version.allowed : model
  const isAllowed = decided === version.allowed
  const rule = { id: `${version.name}-${isAllowed ? 'allows' : 'denies'}`, ruleset }
  return {
    status: isAllowed ? 200 : 403,
    answers: isAllowed ? decided : undefined,
    rule,
    roles: [version.name],
    model: decided,
    alias: model === 'current' ? model : undefined,
    completedBy: isAllowed ? rule : undefined,
  }
}

const ruleOf = (line: AuditLine) => ({ id: line.get('rule.id'), ruleset: line.get('rule.ruleset') })

function seen(answer: RawAnswer, { decision, complete }: Events) {
  const body = JSON.parse(answer.body.toString()) as { model?: string }
  return {
    status: answer.status,
    answers: body.model,
    rule: decision && ruleOf(decision),
    roles: decision?.get('user.roles'),
    model: decision?.get('gen_ai.request.model'),
    alias: decision?.get('sallyport.alias'),
    completedBy: complete && ruleOf(complete),
  }
}

/** Each request was decided wholly by one version: that which had to, or that which its event names. */
function checkAll(t: Test, { proxy }: World, asked: readonly Asked[], rulesets: readonly string[]): void {
  const events = eventsById(proxy.audit.all())
  const decidedBy = [0, 0]
  const torn: object[] = []
  for (const { model, answer, version } of asked) {
    const own = events.get(answer.header('x-request-id') ?? '') ?? { decision: undefined, complete: undefined }
    const named = rulesets.indexOf(String(own.decision?.get('rule.ruleset')))
    const at = version === null ? named : VERSIONS.indexOf(version)
    const deciding = VERSIONS[at]
    const wanted = deciding && expected(deciding, rulesets[at] ?? '', model)
    const got = seen(answer, own)
    if (!wanted || JSON.stringify(got) !== JSON.stringify(wanted)) torn.push({ model, wanted, got })
    else decidedBy[at] = (decidedBy[at] ?? 0) + 1
  }
  t.same(torn.slice(0, 3), [], 'hash, rule, roles, model, alias, status and answer are of one version')
  t.equal(torn.length, 0, 'of every request')
  const least = asked.length / 4
  t.ok(
    decidedBy.every((count) => count > least),
    `both versions decided: ${decidedBy.join(' and ')} requests`,
  )
}

t.test('1,000 requests and more across 100 reloads, each decided wholly by one version', async (t) => {
  const world = await startWorld(t, { policy: policyOf(versionAt(0)) })
  const { proxy, model } = world
  const token = await world.token()
  for (const { allowed } of VERSIONS) {
    model.script(allowed, (call) => void setTimeout(() => answerTo(call, []), ANSWER_MS))
  }
  const connections = await Promise.all(Array.from({ length: 2 * REQUESTS }, () => rawConnect(proxy.port)))
  t.teardown(() => {
    for (const connection of connections) connection.close()
  })
  // Without a pause, so that reloads fall everywhere; every version allows what the alias stands for.
  const traffic = startTraffic(proxy.port, CLIENTS, () => chatBytes(token, chatBody('current')))
  const asked: Asked[] = []
  const loads = [await proxy.audit.action('policy-loaded')]
  for (let reload = 1; reload <= RELOADS; reload++) {
    const { asked: now, loaded } = await acrossOneReload(world, connections, token, reload)
    asked.push(...now)
    loads.push(loaded)
  }
  await traffic.stop()
  t.equal(traffic.unanswered, 0, 'every request was answered')
  for (const answer of traffic.answers) asked.push({ model: 'current', answer, version: null })
  const rulesets = loads.slice(0, 2).map((line) => String(line.get('rule.ruleset')))
  t.not(rulesets[0], rulesets[1], 'two versions')
  t.same(
    loads.map((line) => line.get('rule.ruleset')),
    loads.map((_, index) => rulesets[index % 2]),
    'each reload put the other one in force',
  )
  t.ok(asked.length >= 1000, `${asked.length} requests`)
  t.equal(proxy.audit.withAction('policy-rejected').length, 0, 'no half of a file was judged')
  await endInOrder(t, world)
  checkAll(t, world, asked, rulesets)
})
