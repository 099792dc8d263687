import t from 'tap'
import { readEvent } from '../../../src/analysis/recorded.ts'
import { ecs } from '../../../src/audit/formats/ecs.ts'
import type { AuditEvent } from '../../../src/model/audit.ts'
import type { JsonObject, JsonValue } from '../../../src/model/json.ts'
import { alice, authorized, denied, failed, finished, started, unauthenticated } from '../../fixtures/audit/events.ts'

const render = ecs.open({ version: '0.0.0' })
const line = (event: AuditEvent): JsonObject => JSON.parse(render(event, { id: 'e', sequence: 1 }))
const asked = { maxOutputTokens: 9, functions: ['f'], hosts: ['a.example'], images: true } as const
const whole = (event: AuditEvent): AuditEvent => ({
  ...event,
  area: 'policy',
  request: { ...(event.request ?? { id: '-', method: '-', path: '-', httpVersion: '-' }), asked },
})

t.test('an event gives the request back, as it was decided', async (t) => {
  const read = readEvent(line({ ...whole(authorized), requestBytes: 1843 }))
  if (read.kind !== 'request') return t.fail(read.kind)
  const { input, unrecorded, ...rest } = read.request
  const { header, ...facts } = input
  t.same(rest, {
    id: 'req_01j8z5m3qk',
    stage: 'decision',
    was: {
      effect: 'allow',
      rule: 'analysts-small',
      reason: 'allowed',
      ruleset: authorized.policy?.ruleset,
      roles: ['analyst', 'employee'],
    },
    nestedModels: [],
  })
  t.same(facts, {
    principal: {
      id: alice.id,
      issuer: 'corp',
      method: 'jwt',
      groups: alice.groups,
      roles: [],
      workspaces: ['research'],
      claims: {},
      mfa: 'yes',
      acr: alice.acr,
      authTime: alice.authTime,
      key: null,
    },
    operation: 'chat',
    model: 'fast',
    stream: true,
    maxOutputTokens: 9,
    tools: { functions: ['f'], hosted: [] },
    input: { bytes: 1843, images: true, files: false, audio: false },
    urls: ['a.example'],
    storedSettings: false,
    project: undefined,
    at: authorized.at,
    ip: '203.0.113.9',
    upstream: undefined,
  })
  t.same([...unrecorded].sort(), ['arrival', 'claims', 'headers'])
  t.equal(header('x'), undefined)
})

t.test('a complete event tells when the request arrived', async (t) => {
  const read = readEvent(line(whole(finished)))
  if (read.kind !== 'request') return t.fail(read.kind)
  t.equal(read.request.input.at, finished.startedAt)
  t.equal(read.request.was.effect, 'allow')
  t.notOk(read.request.unrecorded.has('arrival'))
})

const without = (path: readonly string[], value: JsonValue): JsonValue => {
  const [first = '', ...rest] = path
  const { [first]: member, ...others } = value as JsonObject
  return rest.length === 0 ? others : { ...others, [first]: without(rest, member ?? {}) }
}

const kinds: readonly (readonly [string, JsonValue, string])[] = [
  ['a denial by the policy is a request', line(whole(denied)), 'request'],
  ['one for another reason is not by policy', line({ ...denied, area: 'request' }), 'not_by_policy'],
  ['nor is a bad credential', line(unauthenticated), 'not_by_policy'],
  ['a completion that failed was allowed', line(whole(failed)), 'request'],
  ['an event of the process is of no request', line(started), 'other_event'],
  ['a line of somebody else is foreign', { message: 'hello', event: { dataset: 'nginx.access' } }, 'foreign'],
  ['so is a list', [], 'foreign'],
  ['and null', null, 'foreign'],
  ['without its operation it is incomplete', without(['sallyport', 'operation'], line(whole(denied))), 'incomplete'],
  ['without its time, too', without(['@timestamp'], line(whole(denied))), 'incomplete'],
  [
    'what the lines of a batch asked for is in no event',
    line({ ...authorized, request: { ...authorized.request, batch: { lines: 2 } } } as unknown as AuditEvent),
    'incomplete',
  ],
  [
    'a model that looked like a credential cannot be told',
    line({
      ...authorized,
      request: { ...authorized.request, alias: undefined, model: 'x[secret]' },
    } as unknown as AuditEvent),
    'incomplete',
  ],
]
for (const [name, event, kind] of kinds) t.test(name, async (t) => t.equal(readEvent(event).kind, kind))

const cut = (...fields: string[]): JsonObject => {
  const event = line(whole(authorized))
  return { ...event, sallyport: { ...(event.sallyport as JsonObject), truncated: fields } }
}
const unsaid: readonly (readonly [string, JsonValue, readonly string[]])[] = [
  [
    'an event without `sallyport.request` does not say what was asked for',
    without(['sallyport', 'request'], line(whole(authorized))),
    ['hosts', 'input', 'max_output_tokens', 'models', 'project', 'tools'],
  ],
  [
    'one without `sallyport.auth.mfa` does not say what the credential showed',
    without(['sallyport', 'auth', 'mfa'], line(whole(authorized))),
    ['authentication', 'workspaces'],
  ],
  [
    'nor which roles an API key carried',
    without(['sallyport', 'auth', 'mfa'], line({ ...whole(authorized), principal: { ...alice, method: 'api_key' } })),
    ['authentication', 'roles', 'workspaces'],
  ],
  [
    'what is omitted is not said',
    line({
      ...authorized,
      request: { ...authorized.request, asked: { omitted: ['functions', 'project'] } },
    } as AuditEvent),
    ['project', 'tools'],
  ],
  ['nor is what was cut', cut('sallyport.request.hosts', 'sallyport.auth.acr'), ['authentication', 'hosts']],
]
for (const [name, event, expected] of unsaid) {
  t.test(name, async (t) => {
    const read = readEvent(event)
    if (read.kind !== 'request') return t.fail(read.kind)
    const always = new Set(['arrival', 'claims', 'headers'])
    t.same([...read.request.unrecorded].filter((fact) => !always.has(fact)).sort(), expected)
  })
}

t.test('groups and names that were cut cannot be told', async (t) => {
  const read = readEvent(cut('user.group.name', 'user.id', 'user.roles'))
  if (read.kind !== 'request') return t.fail(read.kind)
  const { principal } = read.request.input
  t.same([principal.groups, principal.id, read.request.was.roles], [undefined, undefined, null])
  t.equal(readEvent(cut('sallyport.alias')).kind, 'incomplete')
})
