import type { Test } from 'tap'
import type { AuditLine } from './audit-stream.ts'
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts'
import { type ModelServer, startModelServer } from './model-server.ts'
import { type RunningProxy, startProxy } from './proxy.ts'
import { type ProxyOptions, UPSTREAM_KEY } from './proxy-folder.ts'
import { type RawAnswer, rawConnect, requestBytes } from './raw-client.ts'

export const ALICE = 'alice@example.org'
export const BOB = 'bob@example.org'
export const CAROL = 'carol@example.org'

export const JSON_TYPE = 'Content-Type: application/json'

/** The names of all headers that go upstream with a JSON body, whatever the client sent. */
export const FORWARDED = [
  ...['accept', 'accept-encoding', 'authorization', 'connection', 'content-length', 'content-type', 'host'],
  'user-agent',
]

/** The program between a real identity provider and a model server. */
export interface World {
  readonly model: ModelServer
  readonly idp: IdentityProvider
  readonly proxy: RunningProxy
  /** Access tokens from the provider's token endpoint, one for each person. */
  token(person?: string): Promise<string>
  /** Everything that must never appear in an event, a diagnostic or an answer. */
  readonly secrets: Set<string>
}

/** Starts all three; when the test ends they are stopped and the audit of the whole run is checked. */
export async function startWorld(t: Test, options: ProxyOptions = {}): Promise<World> {
  const model = await startModelServer()
  const idp = await startIdentityProvider()
  const secrets = new Set([UPSTREAM_KEY])
  const tokens = new Map<string, Promise<string>>()
  t.teardown(async () => {
    await idp.close()
    await model.close()
  })
  const proxy = await startProxy({
    upstream: model.url,
    issuer: idp.issuer,
    identity: { api_keys: { enabled: true } },
    ...options,
  })
  t.teardown(() => proxy.close())
  return {
    model,
    idp,
    proxy,
    secrets,
    token: async (person = ALICE) => {
      const token = tokens.get(person) ?? idp.token(person)
      tokens.set(person, token)
      secrets.add(await token)
      return token
    },
  }
}

/**
 * What must hold of every run: each request has one decision, each authorized one at most one complete event (exactly
 * one when the proxy ended in order), the sequence lacks only what was told of, and no secret stands anywhere.
 */
export function checkAudit(
  t: Test,
  { proxy, secrets }: Pick<World, 'proxy' | 'secrets'>,
  ended: 'in order' | 'killed' = 'in order',
): void {
  const decisions = new Map<string, AuditLine[]>()
  const completes = new Map<string, AuditLine[]>()
  for (const line of proxy.audit.all()) {
    const id = line.requestId
    // Messages of a session are told of under the session's id, beside its two events; pages have others.
    if (id === undefined || /^(?:message|sign-in|token|refresh-token|authentication-throttled)/.test(line.action))
      continue
    const stages = line.stage === 'decision' ? decisions : completes
    stages.set(id, [...(stages.get(id) ?? []), line])
  }
  const wrong: string[] = []
  // A decision that was half written when its request was refused stands in the log, and is named.
  const refused = new Set(
    proxy.audit.withAction('audit-recovered').map((line) => line.get('sallyport.refused_request_id')),
  )
  for (const [id, lines] of decisions) {
    if (lines.length !== 1) wrong.push(`${id}: ${lines.length} decisions`)
    const count = completes.get(id)?.length ?? 0
    const authorized = lines[0]?.action === 'request-authorized' && !refused.has(id)
    const fits = authorized ? (ended === 'killed' ? count <= 1 : count === 1) : count === 0
    if (!fits) wrong.push(`${id}: ${lines[0]?.action} with ${count} complete events`)
  }
  for (const id of completes.keys()) if (!decisions.has(id)) wrong.push(`${id}: complete without a decision`)
  const sequence = proxy.audit.all().map((line) => Number(line.get('event.sequence')))
  if (sequence.some((number, index) => index > 0 && number <= (sequence[index - 1] ?? 0))) wrong.push('out of sequence')
  const missing = (sequence.at(-1) ?? 0) - sequence.length
  const told = proxy.audit.withAction('audit-recovered').map((line) => Number(line.get('sallyport.dropped')))
  const dropped = told.reduce((sum, count) => sum + count, 0)
  if (missing !== dropped) wrong.push(`${missing} events are missing and ${dropped} were told of`)
  t.same(wrong, [], 'one decision a request, one end an authorization, no gap')
  const said = proxy.audit.text + proxy.stderr
  const leaked = [...secrets].filter((secret) => said.includes(secret) || said.includes(encoded(secret)))
  t.same(leaked, [], 'no secret in an event or diagnostic')
}

const encoded = (secret: string) => Buffer.from(secret).toString('base64').replace(/=+$/, '')

/** SIGTERM, exit code 0, and the audit of the whole run. */
export async function endInOrder(t: Test, world: World): Promise<void> {
  t.equal(await world.proxy.stop(), 0, 'SIGTERM ends it with 0')
  t.equal(world.proxy.audit.all().at(-1)?.action, 'proxy-stopped', 'proxy-stopped is the last event')
  checkAudit(t, world)
}

export const CHAT = 'POST /v1/chat/completions HTTP/1.1'
export const chatBody = (model = 'gpt-4o-mini', more: object = {}) =>
  JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }], ...more })

/** The bytes of a chat request by somebody; `headers` come beside those that make it a good one. */
export function chatBytes(
  token: string,
  body: string | Buffer = chatBody(),
  headers: readonly string[] = ['Content-Type: application/json'],
): Buffer {
  return requestBytes(CHAT, ['Host: x', `Authorization: Bearer ${token}`, ...headers], body)
}

export interface Outcome {
  readonly answer: RawAnswer
  readonly decision: AuditLine
}

/** Sends bytes and reads the answer and its decision event. */
export async function sent(world: World, bytes: Buffer, method = 'POST'): Promise<Outcome> {
  const connection = await rawConnect(world.proxy.port)
  try {
    connection.send(bytes)
    const answer = await connection.answer(method)
    const id = answer.header('x-request-id')
    if (id === undefined) throw new Error(`an answer ${answer.status} without x-request-id`)
    return { answer, decision: await world.proxy.audit.decision(id) }
  } finally {
    connection.close()
  }
}

export interface Refusal {
  readonly status: number
  readonly code: string
  readonly action?: string
  readonly reason?: string
}

/** A refusal: its status and code, its one event, and not a byte upstream. */
export async function refuses(
  t: Test,
  world: World,
  name: string,
  bytes: Buffer,
  { status, code, action = 'request-denied', reason }: Refusal,
): Promise<Outcome> {
  const before = [world.model.connections, world.model.bytesReceived]
  const outcome = await sent(world, bytes)
  const { answer, decision } = outcome
  t.same([answer.status, answer.code], [status, code], name)
  t.same([decision.action, decision.stage], [action, 'decision'], `${name}: its event`)
  t.equal(decision.get('http.response.status_code'), status, `${name}: the event tells the status`)
  if (reason !== undefined) t.equal(decision.get('event.reason'), reason, `${name}: and the reason`)
  t.same([world.model.connections, world.model.bytesReceived], before, `${name}: the upstream got no byte`)
  t.equal(answer.header('content-type'), 'application/json', `${name}: JSON`)
  return outcome
}

/** One row of a table whose refusals stand beside twins that pass (null). */
export function decides(t: Test, world: World, name: string, bytes: Buffer, refusal: Refusal | null): Promise<Outcome> {
  return refusal === null ? allows(t, world, name, bytes) : refuses(t, world, name, bytes, refusal)
}

/** The positive twin: it is answered by the model server, with both of its events. */
export async function allows(t: Test, world: World, name: string, bytes: Buffer, method = 'POST'): Promise<Outcome> {
  const outcome = await sent(world, bytes, method)
  t.equal(outcome.answer.status, 200, name)
  t.equal(outcome.decision.action, 'request-authorized', `${name}: authorized`)
  const complete = await world.proxy.audit.complete(outcome.answer.header('x-request-id') ?? '')
  t.equal(complete.action, 'completion-finished', `${name}: finished`)
  return outcome
}
