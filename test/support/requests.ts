/** Requests that hit the edges: look-alikes, stars, wrong-typed claims, facts that cannot be told. */
import fc from 'fast-check'
import type { PolicyInput, UpstreamFacts } from '../../src/model/decision.ts'
import { METHODS } from '../../src/model/identity.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { KNOWN, NAMES, none, own, pick, ROLES, WORKSPACES } from './policies.ts'

const MODELS = [
  'gpt-4o',
  'gpt-4o-mini',
  'GPT-4o',
  'gpt-4\u043e',
  'constructor',
  '__proto__',
  'o',
  '*',
  'gpt-*',
  '@small',
  '',
]
const OPERATIONS = [
  'chat',
  'responses',
  'embeddings',
  'files.list',
  'threads.runs.get',
  'models.list',
  'chat.completions.get',
  '*',
  'constructor',
]
const HOSTS = ['files.example', 'a.cdn.example', 'cdn.example', 'evil.example']
const ADDRESSES = [
  '10.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:a00:1',
  '10.1.0.1',
  '2001:db8::1',
  '::1',
  'fe80::1%eth0',
  'x',
  '010.0.0.1',
]
const TIMES = [
  '2026-03-29T00:59:00Z',
  '2026-03-29T01:00:00Z',
  '2026-10-25T00:30:00Z',
  '2026-03-02T06:00:00Z',
  '2026-03-02T23:59:59Z',
  '2026-01-04T04:00:00Z',
  '2026-03-03T05:59:59.999Z',
]

const name = pick(NAMES)
const claimValue: fc.Arbitrary<JsonValue> = fc.oneof(
  name,
  fc.array(name, { maxLength: 2 }),
  pick<JsonValue>([null, 5, true, {}, { b: 'a' }, { x: 'b' }, ['a', 5], [], { b: ['a', 'b'] }]),
)
const claims = fc
  .array(fc.tuple(pick(['type', 'a', 'a.b', 'constructor', '__proto__']), claimValue), { maxLength: 3 })
  .map((entries) => own(entries) as JsonObject)
const maybe = <Item>(arbitrary: fc.Arbitrary<Item>) => fc.option(arbitrary, { nil: undefined, freq: 8 })

const upstream: fc.Arbitrary<UpstreamFacts | undefined> = maybe(pick(KNOWN.upstreams))

const principalArbitrary: fc.Arbitrary<PolicyInput['principal']> = fc.record({
  id: maybe(name),
  issuer: maybe(pick(['corp', 'corp', 'corp', 'constructor', 'api_keys', 'Corp'])),
  method: maybe(pick(['jwt', 'jwt', 'jwt', ...METHODS] as const)),
  groups: maybe(fc.array(name, { maxLength: 3 })),
  roles: fc.array(pick([...ROLES, 'unknown']), { maxLength: 1 }),
  workspaces: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: pick([...WORKSPACES, 'elsewhere']).map((one) => [one]) },
    { weight: 3, arbitrary: fc.array(pick([...WORKSPACES, 'elsewhere']), { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
  claims,
  mfa: pick(['yes', 'no', 'unknown'] as const),
  acr: maybe(pick(['phr', 'weak', 'constructor', 'other'])),
  authTime: maybe(pick([0, 1772427600, 1772428800, 1772388000, 1772438400, 1772496000, 4102444800])),
  key: fc.option(pick(['key_1', 'constructor']), { freq: 2 }),
})

export const inputArbitrary: fc.Arbitrary<PolicyInput> = fc.record({
  principal: principalArbitrary,
  operation: pick(['chat', 'chat', 'chat', ...OPERATIONS]),
  model: fc.oneof({ weight: 6, arbitrary: pick(MODELS) }, { weight: 1, arbitrary: pick([null, undefined]) }),
  stream: fc.boolean(),
  maxOutputTokens: maybe(pick([0, 1, 100, 4096, 4097])),
  tools: fc.record({ functions: none(['search', 'crm_x', 'rm']), hosted: none(['web_search', 'constructor']) }),
  input: fc.record({
    bytes: maybe(pick([0, 1, 1024, 1025, 2 ** 20])),
    images: fc.boolean(),
    files: fc.boolean(),
    audio: fc.boolean(),
  }),
  urls: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: none(HOSTS) }),
  header: fc
    .array(fc.tuple(pick(['x-class', 'constructor', '__proto__']), name), { maxLength: 2 })
    .map((entries) => new Map(entries))
    .map((headers) => (key: string) => headers.get(key)),
  project: maybe(pick([...WORKSPACES, 'elsewhere'])),
  at: pick(TIMES).map((written) => Date.parse(written)),
  ip: maybe(pick(ADDRESSES)),
  upstream,
})

/** Requests of which some go on with something stored, too. */
export const anyInputArbitrary: fc.Arbitrary<PolicyInput> = fc
  .tuple(inputArbitrary, pick([false, false, false, true]))
  .map(([input, storedSettings]) => ({ ...input, storedSettings }))
