/** Requests made of what policies say themselves: their names, just within and just beyond their limits. */
import type { PolicyInput } from '../../src/model/decision.ts'
import { METHODS } from '../../src/model/identity.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { SPELLED_OPERATIONS } from '../../src/model/operations.ts'
import { durationMs, sizeBytes } from '../../src/model/units.ts'
import { claimSteps } from '../../src/policy/claim-path.ts'
import type { PolicyOutline } from '../../src/policy/outline.ts'
import type { TextTest } from '../../src/policy/text-test.ts'

/** The same numbers for the same seed: from 0 up to 1. */
export type Random = () => number

export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

interface Constants {
  readonly issuers: readonly string[]
  readonly users: readonly string[]
  readonly keys: readonly string[]
  readonly groups: readonly string[]
  readonly roles: readonly string[]
  readonly workspaces: readonly string[]
  readonly claims: readonly { readonly steps: readonly string[]; readonly texts: readonly string[] }[]
  readonly headers: readonly { readonly name: string; readonly texts: readonly string[] }[]
  readonly models: readonly string[]
  readonly operations: readonly string[]
  readonly acrs: readonly string[]
  readonly ages: readonly number[]
  readonly addresses: readonly string[]
  readonly instants: readonly number[]
  readonly tokens: readonly number[]
  readonly sizes: readonly number[]
  readonly functions: readonly string[]
  readonly hosted: readonly string[]
  readonly hosts: readonly string[]
  readonly regions: readonly string[]
  readonly labels: readonly (readonly [string, string])[]
}

const BASE = Date.parse('2026-03-27T00:00:00Z')
const HOUR = 3_600_000

export function constantsOf(outlines: readonly PolicyOutline[]): Constants {
  const owners = outlines.flatMap(({ roles, workspaces }) => [...roles.values(), ...workspaces.values()])
  const members = owners.flatMap((owner) => owner.members)
  const rules = outlines.flatMap((outline) => outline.rules)
  const whens = rules.map(({ when }) => when)
  const claims = [...members, ...whens].flatMap(({ claim }) => claim ?? [])
  const aliases = outlines.flatMap((outline) => [...outline.aliases].flat())
  return {
    issuers: members.flatMap(({ issuer }) => issuer ?? []),
    users: members.flatMap(({ user }) => user ?? []),
    keys: members.flatMap(({ key }) => key ?? []),
    groups: members.flatMap(({ group }) => group ?? []),
    roles: outlines.flatMap(({ roles }) => [...roles.keys()]),
    workspaces: outlines.flatMap(({ workspaces }) => [...workspaces.keys()]),
    claims: claims.map((claim) => ({ steps: claimSteps(claim.path), texts: textsOf(claim as TextTest) })),
    headers: whens.flatMap(({ header }) =>
      header ? [{ name: header.name.toLowerCase(), texts: textsOf(header as TextTest) }] : [],
    ),
    models: [...rules.flatMap(({ models }) => models ?? []).flatMap(instances), ...aliases, 'other', 'constructor'],
    operations: [...rules.flatMap(({ operations }) => operations ?? []).flatMap(instances), ...SPELLED_OPERATIONS],
    acrs: whens.flatMap(({ acr }) => acr ?? []),
    ages: whens
      .flatMap(({ mfa }) => (typeof mfa === 'object' ? [durationMs(mfa.max_age)] : []))
      .flatMap((age) => [age - 1000, age, age + 1000]),
    addresses: whens.flatMap(({ network }) => network ?? []).map((range) => range.replace(/\/.*/, '')),
    // The days around two changes of clocks, each half hour, and any hour of an ordinary week.
    instants: Array.from({ length: 400 }, (_, index) => BASE + (index * HOUR) / 2),
    tokens: whens.flatMap(({ max_output_tokens: most }) => (most ? [most.at_most, most.at_most + 1] : [])),
    sizes: whens.flatMap(({ input }) =>
      input?.max_bytes === undefined ? [] : [sizeBytes(input.max_bytes), sizeBytes(input.max_bytes) + 1],
    ),
    functions: whens.flatMap(({ tools }) => tools?.functions ?? []).flatMap(instances),
    hosted: whens.flatMap(({ tools }) => tools?.hosted ?? []).flatMap(instances),
    hosts: whens.flatMap(({ urls }) => urls ?? []).flatMap(instances),
    regions: whens.flatMap(({ region }) => region ?? []),
    labels: whens.flatMap(({ upstream }) => Object.entries(upstream?.labels ?? {})),
  }
}

function textsOf({ equals, in: list, matches }: TextTest): string[] {
  return matches === undefined ? [...(list ?? []), ...(equals === undefined ? [] : [equals])] : instances(matches)
}

/** Texts that a pattern matches, and one that is nearly so. */
function instances(pattern: string): string[] {
  return [
    ...new Set([
      pattern,
      pattern.replaceAll('*', ''),
      pattern.replaceAll('*', 'x'),
      `${pattern.replaceAll('*', '-')}y`,
    ]),
  ]
}

export function targetedRequest(from: Constants, random: Random): PolicyInput {
  const one = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)]
  const chance = (share: number) => random() < share
  const some = <Item>(items: readonly Item[], most = 3): Item[] => {
    const list = Array.from({ length: Math.floor(random() * (most + 1)) }, () => one(items))
    return list.filter((item) => item !== undefined)
  }
  const named = (names: readonly string[], other: string) =>
    chance(0.75) ? one(names) : chance(0.8) ? other : undefined
  const at = one(from.instants) ?? BASE
  const age = one(from.ages) ?? HOUR
  const headers = new Map(some(from.headers).map(({ name, texts }) => [name, one([...texts, 'other']) ?? '']))
  return {
    principal: {
      id: named(from.users, 'somebody'),
      issuer: named(from.issuers, 'another'),
      method: chance(0.7) ? 'jwt' : one([...METHODS, undefined]),
      groups: chance(0.9) ? some(from.groups) : undefined,
      roles: chance(0.5) ? some(from.roles, 2) : [],
      workspaces: chance(0.9) ? (chance(0.5) ? some(from.workspaces, 2) : []) : undefined,
      claims: claims(some(from.claims), one, chance),
      mfa: one(['yes', 'yes', 'no', 'unknown'] as const) ?? 'unknown',
      acr: named(from.acrs, 'other'),
      authTime: chance(0.8) ? (at - age) / 1000 : undefined,
      key: chance(0.2) ? (one([...from.keys, 'key_x']) ?? null) : null,
    },
    operation: one(from.operations) ?? 'chat',
    model: chance(0.9) ? one(from.models) : one([null, undefined]),
    stream: chance(0.5),
    maxOutputTokens: chance(0.8) ? (one(from.tokens) ?? 1) : undefined,
    tools: { functions: chance(0.5) ? some(from.functions, 2) : [], hosted: chance(0.3) ? some(from.hosted, 2) : [] },
    input: {
      bytes: chance(0.8) ? (one(from.sizes) ?? 1) : undefined,
      images: chance(0.3),
      files: chance(0.3),
      audio: chance(0.3),
    },
    urls: chance(0.3) ? some([...from.hosts, 'evil.example'], 2) : [],
    header: (name) => headers.get(name),
    project: chance(0.5) ? one(from.workspaces) : undefined,
    at,
    ip: chance(0.9) ? one([...from.addresses, '203.0.113.7', '::1']) : undefined,
    upstream: chance(0.8)
      ? { name: 'x', region: named(from.regions, 'other'), labels: Object.fromEntries(some(from.labels)) }
      : undefined,
  }
}

function claims(
  chosen: readonly { readonly steps: readonly string[]; readonly texts: readonly string[] }[],
  one: <Item>(items: readonly Item[]) => Item | undefined,
  chance: (share: number) => boolean,
) {
  const root: { [name: string]: JsonValue } = Object.create(null)
  for (const { steps, texts } of chosen) {
    let owner = root
    for (const step of steps.slice(0, -1)) {
      const before = owner[step]
      const inner = typeof before === 'object' && !Array.isArray(before) ? before : Object.create(null)
      owner[step] = inner as JsonValue
      owner = inner as { [name: string]: JsonValue }
    }
    const text = one([...texts, 'other']) ?? ''
    owner[steps.at(-1) ?? ''] = chance(0.7) ? text : chance(0.8) ? [text, one([...texts, 'z']) ?? ''] : 5
  }
  return root
}
