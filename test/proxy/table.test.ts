import t, { type Test } from 'tap'
import type { Endpoint } from '../../src/endpoints/endpoint.ts'
import { ENDPOINTS } from '../../src/endpoints/index.ts'
import { listedKind } from '../../src/endpoints/marked.ts'
import { isRefused } from '../support/endpoint-page.ts'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import { requestBytes } from '../support/raw-client.ts'
import { Caller, smallest, type TableRequest, type WireAnswer } from '../support/table-requests.ts'
import { BOB, CAROL, endInOrder, refuses, startWorld, type World } from '../support/world.ts'

/** Admins may do everything; nobody else anything. */
const POLICY = {
  version: 1,
  roles: { admin: { members: [{ group: 'admins' }] } },
  rules: [{ id: 'all', effect: 'allow', roles: ['admin'] }],
}
const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH']
const ANSWERED_HERE = new Set(['models.list', 'models.get'])

/** What an operation that is not carried is answered. */
const LATER = {
  websocket: [404, 'unknown_endpoint'],
  session: [404, 'unknown_endpoint'],
  requests: [404, 'unknown_endpoint'],
} as const

interface Asked {
  readonly answer: WireAnswer
  /** Action, operation, status and reason of its one decision event. */
  readonly event: readonly unknown[]
  /** Requests that the upstream saw for it: method, target. */
  readonly seen: readonly string[]
  /** Bytes that it saw, of whatever. */
  readonly bytes: number
}

async function ask(world: World, caller: Caller, asked: TableRequest, token: string | null): Promise<Asked> {
  const [requests, bytes] = [world.model.requests.length, world.model.bytesReceived]
  const answer = await caller.ask(asked, token)
  const decision = await world.proxy.audit.decision(answer.id)
  const event = ['event.action', 'sallyport.operation', 'http.response.status_code'].map((path) => decision.get(path))
  const seen = world.model.requests.slice(requests)
  return {
    answer,
    event,
    seen: seen.map(({ method, target }) => `${method} ${target}`),
    bytes: world.model.bytesReceived - bytes,
  }
}

t.test('the upstream sees bytes of each operation only where it is granted', async (t) => {
  const world = await startWorld(t, { policy: POLICY, isolation: 'off', messages: true })
  const caller = new Caller(world.proxy.port)
  t.teardown(() => caller.close())
  const [admin, nobody] = [await world.token(CAROL), await world.token(BOB)]
  for (const endpoint of ENDPOINTS) {
    const { operation } = endpoint
    const whole = smallest(endpoint)
    const stranger = await ask(world, caller, whole, null)
    t.same(
      refusal(stranger),
      [401, 'missing_credentials', 'authentication-failed', undefined, 401, 0],
      `${operation}: no credential`,
    )
    const wrong = await ask(world, caller, { ...whole, method: wrongMethod(endpoint), body: null }, admin)
    t.same(
      refusal(wrong),
      [405, 'method_not_allowed', 'request-denied', undefined, 405, 0],
      `${operation}: wrong method`,
    )
    const ungranted = await ask(world, caller, whole, nobody)
    const [status, code] = unbuilt(endpoint) ?? ([403, 'policy_denied'] as const)
    t.same(refusal(ungranted), [status, code, 'request-denied', operation, status, 0], `${operation}: no grant`)
    granted(t, endpoint, await ask(world, caller, whole, admin))
  }
  await endInOrder(t, world)
  const heads = world.model.requests.map(({ rawHeaders }) => rawHeaders.join('\n'))
  t.ok(heads.length > 150, `${heads.length} requests upstream`)
  t.notOk(
    heads.some((text) => !/(?:Bearer |x-api-key\n)(.*)/.exec(text)?.includes(UPSTREAM_KEY) || text.includes(admin)),
    'each with its own key',
  )
})

function refusal({ answer, event, bytes }: Asked): unknown[] {
  return [answer.status, answer.code, ...event, bytes]
}

function unbuilt({ awaits }: Endpoint): readonly [number, string] | null {
  return awaits === null ? null : LATER[awaits]
}

function granted(t: Test, endpoint: Endpoint, { answer, event, seen, bytes }: Asked): void {
  const { operation, method } = endpoint
  const refused = unbuilt(endpoint)
  if (refused !== null) {
    const [status, code] = refused
    const found = [answer.status, answer.code, ...event, bytes]
    t.same(found, [status, code, 'request-denied', operation, status, 0], `${operation}: not carried`)
    return
  }
  if (operation === 'batches.create') {
    // No file that a request makes up was judged.
    t.same([event[0], bytes], ['request-denied', 0], operation)
    return
  }
  t.same(event.slice(0, 2), ['request-authorized', operation], `${operation}: granted`)
  if (ANSWERED_HERE.has(operation)) t.equal(answer.status, 200, operation)
  else {
    // The proxy asks for pages of its own where it answers only the caller's objects.
    const targets = listedKind(operation) === null ? seen : seen.map((line) => line.split('?')[0])
    t.same(targets, [`${method} ${smallest(endpoint).target}`], `${operation}: the upstream saw it`)
  }
}

/** A method that the path has no operation for. */
function wrongMethod({ path }: Endpoint): string {
  const taken = ENDPOINTS.filter((other) => other.path === path).map(({ method }) => method as string)
  return METHODS.find((method) => !taken.includes(method)) ?? ''
}

t.test('a shared upstream sees nothing of objects that are not the caller’s, whoever asks', async (t) => {
  const world = await startWorld(t, { policy: POLICY, messages: true })
  const caller = new Caller(world.proxy.port)
  t.teardown(() => caller.close())
  const admin = await world.token(CAROL)
  for (const endpoint of ENDPOINTS.filter(({ awaits }) => awaits === null)) {
    const { operation, path } = endpoint
    const asked = await ask(world, caller, smallest(endpoint), admin)
    const code = isRefused(endpoint) ? 'unknown_endpoint' : namesAnObject(path) ? 'object_not_found' : null
    if (code === null) granted(t, endpoint, asked)
    else t.same(refusal(asked), [404, code, 'request-denied', operation, 404, 0], operation)
  }
  await refusesByName(t, world)
  await endInOrder(t, world)
})

function namesAnObject(path: string): boolean {
  return path.replace('{model}', '').includes('{')
}

/** What is not built yet: a clear fault that names the operation. */
async function refusesByName(t: Test, world: World): Promise<void> {
  const auth = `Authorization: Bearer ${await world.token(CAROL)}`
  const socket = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAA']
  const json = 'Content-Type: application/json'
  for (const endpoint of ENDPOINTS.filter(({ awaits }) => awaits !== null)) {
    const { operation, method } = endpoint
    const head = `${method} ${smallest(endpoint).target} HTTP/1.1`
    const [status, code] = unbuilt(endpoint) ?? [0, '']
    const upgrade = endpoint.awaits === 'websocket'
    const bytes = upgrade
      ? requestBytes(head, ['Host: x', auth, ...socket])
      : requestBytes(head, ['Host: x', auth, json], '{}')
    const { answer } = await refuses(t, world, operation, bytes, { status, code })
    const { message } = JSON.parse(answer.body.toString()).error
    t.match(message, `\`${operation}\``, `${operation} is named`)
    t.match(message, /not built yet/, operation)
  }
}
