import t from 'tap'
import type { Endpoint } from '../../src/endpoints/endpoint.ts'
import { ENDPOINTS } from '../../src/endpoints/index.ts'
import { mintOf } from '../../src/endpoints/realtime/mints.ts'
import {
  ALLOWED,
  Caller,
  callWith,
  FORBIDDEN,
  planted,
  SPELLINGS,
  smallest,
  type TableRequest,
} from '../support/table-requests.ts'
import { CAROL, endInOrder, startWorld } from '../support/world.ts'

/** One model for everything, and nothing without a model: what cannot be told is not granted. */
const POLICY = {
  version: 1,
  roles: { admin: { members: [{ group: 'admins' }] } },
  rules: [{ id: 'one', effect: 'allow', roles: ['admin'], models: [ALLOWED], operations: ['*'] }],
}

/** One place of an operation with a model in it, in one spelling. */
interface Plant {
  readonly name: string
  readonly request: TableRequest
  /** What it is answered where the model is not granted; null where the request goes on. */
  readonly code: string | null
}

/** Whether the body's own model serves a request, so that it must stand beside what is planted elsewhere. */
function top({ model, operation }: Endpoint, place: string): string[] {
  if (place === '.model' || place === '.session.model') return []
  const isServed = model === 'required' || model === 'optional' || mintOf(operation)?.session === 'session'
  return isServed ? [`"model":"${ALLOWED}"`] : []
}

function inBody(endpoint: Endpoint, place: string): Plant[] {
  const name = `${endpoint.operation} ${place}`
  const at = (member: string): TableRequest => ({
    ...smallest(endpoint),
    body: planted(place, member, top(endpoint, place)),
  })
  // Something stored could name another model still: no grant of a model covers it.
  const allowed = endpoint.model === 'indirect' ? 'policy_denied' : null
  return [
    { name: `${name}: the allowed model`, request: at(`"model":"${ALLOWED}"`), code: allowed },
    ...SPELLINGS.map(([spelling, member, isPlain]) => ({
      name: `${name}: ${spelling}`,
      request: at(member(FORBIDDEN)),
      code: isPlain ? 'policy_denied' : 'invalid_body',
    })),
  ]
}

/** In the session that a form holds. */
function inForm(endpoint: Endpoint, place: string): Plant[] {
  const name = `${endpoint.operation} ${place}`
  const at = (member: string): TableRequest => ({ ...smallest(endpoint), body: callWith(member) })
  return [
    { name: `${name}: the allowed model`, request: at(`"model":"${ALLOWED}"`), code: null },
    ...SPELLINGS.map(([spelling, member, isPlain]) => ({
      name: `${name}: ${spelling}`,
      request: at(member(FORBIDDEN)),
      code: isPlain ? 'policy_denied' : 'invalid_body',
    })),
  ]
}

function inQuery(endpoint: Endpoint): Plant[] {
  const name = `${endpoint.operation} ?model`
  const at = (query: string) => ({ ...smallest(endpoint), target: `${endpoint.path}?${query}` })
  // A session without a model is one that nobody can tell.
  const beside = endpoint.dialect === null ? '' : `model=${ALLOWED}&`
  return [
    { name: `${name}: the allowed model`, request: at(`model=${ALLOWED}`), code: null },
    { name: `${name}: another parameter`, request: at(`${beside}Model=${FORBIDDEN}`), code: null },
    { name: `${name}: as it is`, request: at(`model=${FORBIDDEN}`), code: 'policy_denied' },
    { name: `${name}: an escaped name`, request: at(`%6dodel=${FORBIDDEN}`), code: 'policy_denied' },
    { name: `${name}: an escaped value`, request: at('model=gpt%2D4o'), code: 'policy_denied' },
    { name: `${name}: twice`, request: at(`model=${ALLOWED}&model=${FORBIDDEN}`), code: 'invalid_request' },
    { name: `${name}: twice, escaped`, request: at(`model=${ALLOWED}&mode%6c=${FORBIDDEN}`), code: 'invalid_request' },
  ]
}

function inPath(endpoint: Endpoint): Plant[] {
  const name = `${endpoint.operation} {model}`
  const { target } = smallest(endpoint)
  const at = (segment: string) => ({ ...smallest(endpoint), target: target.replace(ALLOWED, segment) })
  const denied = endpoint.operation === 'models.get' ? 'model_not_found' : 'policy_denied'
  return [
    { name: `${name}: the allowed model`, request: at(ALLOWED), code: null },
    { name: `${name}: as it is`, request: at(FORBIDDEN), code: denied },
    { name: `${name}: a letter escaped`, request: at('gpt-4%6f'), code: 'invalid_request' },
    { name: `${name}: escaped twice`, request: at('gpt-4%256f'), code: 'unknown_endpoint' },
    { name: `${name}: in capitals`, request: at('GPT-4o'), code: 'model_not_found' },
  ]
}

function plants(endpoint: Endpoint): Plant[] {
  return endpoint.models.flatMap((place) => {
    if (place === '?model') return inQuery(endpoint)
    if (place === '{model}') return inPath(endpoint)
    if (place === 'form session.model') return inForm(endpoint, place)
    return place.startsWith('.') ? inBody(endpoint, place) : []
  })
}

t.test('a model is found in every place, in every spelling, and its twin passes', async (t) => {
  const world = await startWorld(t, { policy: POLICY, isolation: 'off', messages: true })
  const caller = new Caller(world.proxy.port)
  t.teardown(() => caller.close())
  const token = await world.token(CAROL)
  let planted = 0
  for (const endpoint of ENDPOINTS.filter(({ awaits }) => awaits === null)) {
    for (const { name, request, code } of plants(endpoint)) {
      planted++
      const [count, bytes] = [world.model.requests.length, world.model.bytesReceived]
      const answer = await caller.ask(request, token)
      const decision = await world.proxy.audit.decision(answer.id)
      if (code === null) {
        t.equal(decision.action, 'request-authorized', name)
        const isOwn = endpoint.operation === 'models.get'
        if (!isOwn) t.equal(world.model.requests.length, count + 1, `${name}: it went on`)
        continue
      }
      t.same([answer.code, decision.action], [code, 'request-denied'], name)
      if (code === 'policy_denied') t.equal(decision.get('event.reason'), 'model_not_allowed', `${name}: for its model`)
      t.equal(world.model.bytesReceived, bytes, `${name}: the upstream got no byte`)
    }
  }
  t.ok(planted > 400, `${planted} models planted`)
  await endInOrder(t, world)
})
