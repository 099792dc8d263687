/** Policies and requests that hit the edges: hostile names, look-alikes, wrong types, facts that cannot be told. */
import fc from 'fast-check'
import { METHODS } from '../../src/model/identity.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { ReferenceDocument, ReferenceMember, ReferenceRule, ReferenceWhen } from './reference.ts'

export const KNOWN = {
  issuers: ['corp', 'constructor'],
  upstreams: [
    { name: 'eu', region: 'eu', labels: { tier: 'internal' } },
    { name: 'us', region: 'us', labels: { tier: 'external', __proto__: null } as unknown as { tier: string } },
    { name: 'bare', region: undefined, labels: {} },
  ],
}

export const NAMES = ['a', 'A', 'b', '\u0430', 'constructor', '__proto__', 'toString']
export const ROLES = ['employee', 'constructor', '__proto__', 'Employee', 'x*']
export const WORKSPACES = ['research', '__proto__', 'finance']
const SETS = ['small', 'constructor', '__proto__']
const MODEL_PATTERNS = [
  'gpt-*',
  '*-mini',
  '*',
  'g*o',
  'gpt-4o*mini',
  '__proto__',
  'gpt-4o',
  'constructor',
  'o',
  '**o',
  'GPT*',
]
const OPERATION_PATTERNS = [
  'chat',
  'responses',
  'files.*',
  '*',
  'models.list',
  'chat.*',
  'threads.runs.*',
  'embeddings',
]
const RANGES = [
  '10.0.0.0/16',
  '::ffff:10.0.0.0/112',
  '2001:db8::/32',
  '0.0.0.0/0',
  '::/0',
  '10.1.0.1',
  '10.0.0.0/31',
  'fe80::/10',
]
const ZONES = ['Europe/Berlin', 'UTC', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata']
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

export const pick = <Item>(items: readonly Item[]) => fc.constantFrom(...items)
const some = <Item>(items: readonly Item[], maxLength = 3) => fc.uniqueArray(pick(items), { minLength: 1, maxLength })
export const none = <Item>(items: readonly Item[]) => fc.uniqueArray(pick(items), { maxLength: 2 })
const name = pick(NAMES)
export const own = (entries: readonly (readonly [string, unknown])[]) => Object.fromEntries(entries)

const textTest = fc.oneof(
  fc.record({ equals: name }),
  fc.record({ in: some(NAMES) }),
  fc.record({ matches: pick(['a*', '*', '__proto__', 'con*r']) }),
)
const claimTest = fc
  .tuple(pick<string | string[]>(['type', 'a.b', 'constructor', '__proto__.x', ['a.b'], ['a', 'b']]), textTest)
  .map(([path, test]) => ({ path, ...test }))

const member: fc.Arbitrary<ReferenceMember> = fc.oneof(
  fc.record({ issuer: pick(['corp', 'constructor', 'api_keys']) }),
  fc.record({ group: name }),
  fc.record({ user: name }),
  fc.record({ key: pick(['key_1', 'constructor']) }),
  fc.record({ claim: claimTest }),
  fc.record({ issuer: pick(['corp', 'constructor']), group: name }),
  fc.record({ user: name, claim: claimTest }),
)
const members = fc.uniqueArray(member, { minLength: 1, maxLength: 2, comparator: 'IsStrictlyEqual' })

const time = fc.oneof(
  fc.record({ days: some(DAYS, 5), zone: pick(ZONES) }),
  fc
    .record({
      days: fc.option(some(DAYS, 5), { nil: undefined }),
      zone: pick(ZONES),
      hours: pick(['07:00-19:00', '22:00-06:00', '02:00-03:00', '00:00-01:00', '06:00-00:00']),
    })
    .map(({ days, zone, hours }) => ({ ...(days ? { days } : {}), from: hours.slice(0, 5), to: hours.slice(6), zone })),
)

const conditions: { readonly [Name in keyof Required<ReferenceWhen>]: fc.Arbitrary<ReferenceWhen[Name]> } = {
  mfa: pick<NonNullable<ReferenceWhen['mfa']>>([true, { max_age: '1h' }, { max_age: '12h' }]),
  acr: some(['phr', 'weak', 'constructor']),
  method: some(METHODS),
  network: some(RANGES),
  time,
  claim: claimTest,
  header: fc
    .tuple(pick(['x-class', 'X-Class', 'constructor', '__proto__']), textTest)
    .map(([key, test]) => ({ name: key, ...test })),
  region: some(['eu', 'us', 'constructor']),
  upstream: pick(['tier', 'constructor', '__proto__', 'toString']).chain((label) =>
    pick(['internal', 'external']).map((value) => ({ labels: own([[label, value]]) as { [label: string]: string } })),
  ),
  max_output_tokens: fc.record({ at_most: pick([1, 100, 4096]) }),
  input: fc
    .record(
      { max_bytes: pick(['1B', '1KiB', '1MiB']), images: fc.boolean(), files: fc.boolean(), audio: fc.boolean() },
      { requiredKeys: [] },
    )
    .filter((written) => Object.keys(written).length > 0),
  tools: fc
    .record(
      { functions: none(['search', 'crm_*', '*']), hosted: none(['web_search', 'constructor']) },
      { requiredKeys: [] },
    )
    .filter((written) => Object.keys(written).length > 0),
  urls: none(['files.example', '*.cdn.example', '*']),
  stream: fc.boolean(),
}

/** The `when` of a rule: mostly none or one condition, so that rules go on matching. */
const whenArbitrary: fc.Arbitrary<ReferenceWhen> = fc
  .uniqueArray(pick([...(Object.keys(conditions) as (keyof ReferenceWhen)[]), 'mfa', 'acr'] as const), { maxLength: 2 })
  .chain((names) =>
    fc.tuple(...names.map((key) => (conditions[key] as fc.Arbitrary<unknown>).map((value) => [key, value] as const))),
  )
  .map((entries) => own(entries) as ReferenceWhen)

export const conditionArbitraries: { readonly [name: string]: fc.Arbitrary<unknown> } = conditions

/** Left out more or less often, so that some rule matches many a request. */
const rarely = <Item>(arbitrary: fc.Arbitrary<Item>, freq: number) => fc.option(arbitrary, { nil: undefined, freq })
const seldom = <Item>(arbitrary: fc.Arbitrary<Item>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const rule: fc.Arbitrary<Omit<ReferenceRule, 'id'>> = fc
  .record({
    effect: pick(['allow', 'allow', 'allow', 'allow', 'deny'] as const),
    mode: seldom(pick(['enforce', 'shadow', 'shadow', 'shadow'] as const)),
    roles: rarely(some(ROLES, 4), 2),
    workspaces: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: some(WORKSPACES, 2) },
    ),
    models: rarely(some([...MODEL_PATTERNS, '@small', '@constructor', '@__proto__'], 5), 2),
    operations: rarely(some(OPERATION_PATTERNS, 5), 2),
    when: whenArbitrary,
  })
  .map(({ when, ...selectors }) => {
    const present = Object.entries(selectors).filter(([, value]) => value !== undefined)
    return own(Object.keys(when).length === 0 ? present : [...present, ['when', when]]) as Omit<ReferenceRule, 'id'>
  })

const IDS = ['a', 'b', 'z', '__proto__', 'constructor', '\u{1f600}', '\uffee', 'B', 'aa', '0']

/** One policy in two files. Every name that a rule may use is defined in one of them; nothing is cyclic. */
export const documentsArbitrary: fc.Arbitrary<readonly [ReferenceDocument, ReferenceDocument]> = fc
  .record({
    members: fc.array(fc.option(members, { nil: undefined, freq: 8 }), {
      minLength: ROLES.length,
      maxLength: ROLES.length,
    }),
    includes: fc.array(fc.nat(ROLES.length - 1), { minLength: ROLES.length, maxLength: ROLES.length }),
    places: fc.array(fc.option(members, { nil: undefined }), {
      minLength: WORKSPACES.length,
      maxLength: WORKSPACES.length,
    }),
    sets: fc.array(some(MODEL_PATTERNS), { minLength: SETS.length, maxLength: SETS.length }),
    rules: fc.array(rule, { minLength: 1, maxLength: 6 }),
    ids: fc.shuffledSubarray(IDS, { minLength: 6 }),
    split: fc.nat(6),
  })
  .map(({ members: roleMembers, includes, places, sets, rules, ids, split }) => {
    const roles = own(
      ROLES.map((role, index) => {
        const included = ROLES[includes[index] ?? 0]
        const isLater = (includes[index] ?? 0) > index
        return [
          role,
          {
            ...(roleMembers[index] ? { members: roleMembers[index] } : {}),
            ...(isLater ? { includes: [included] } : {}),
          },
        ]
      }),
    )
    const models = own(
      SETS.map((set, index) => [set, index > 0 ? [...(sets[index] ?? []), `@${SETS[index - 1]}`] : (sets[0] ?? [])]),
    )
    const workspaces = own(
      WORKSPACES.map((workspace, index) => [workspace, places[index] ? { members: places[index] } : {}]),
    )
    const numbered = rules.map((one, index) => ({ id: ids[index] ?? `rule ${index}`, ...one }))
    const files = [numbered.slice(0, split), numbered.slice(split)].map((list) =>
      list.length > 0 ? { rules: list } : {},
    )
    return [
      { version: 1, roles, models, ...files[0] },
      { version: 1, workspaces, ...files[1] },
    ] as unknown as [ReferenceDocument, ReferenceDocument]
  })

export function sources(documents: readonly unknown[]) {
  return documents.map((document, index) => ({
    name: `${index}.yaml`,
    document: document as JsonValue,
    digest: String(index),
  }))
}
