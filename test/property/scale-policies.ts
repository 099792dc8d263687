/** Policies of any size that are hard on whoever looks for the rules that matter, and what is asked of them. */
import type { PolicyInput } from '../../src/model/decision.ts'

export interface Scenario {
  readonly name: string
  /** A policy of so many rules. */
  readonly policy: (rules: number) => object
  /** Requests, each with the effect that it has at every size. */
  readonly asked: readonly { readonly effect: 'allow' | 'deny' | 'step_up'; readonly input: PolicyInput }[]
}

/** A request that every scenario varies: Bob of the analysts, with one factor, asks for a chat. */
export const plain: PolicyInput = {
  principal: {
    id: 'bob',
    issuer: 'corp',
    method: 'jwt',
    groups: ['analysts'],
    roles: [],
    workspaces: [],
    claims: { department: 'research', teams: ['t1', 't2'] },
    mfa: 'no',
    acr: undefined,
    authTime: undefined,
    key: null,
  },
  operation: 'chat',
  model: 'gpt-4o',
  stream: false,
  maxOutputTokens: undefined,
  tools: { functions: [], hosted: [] },
  input: { bytes: 200, images: false, files: false, audio: false },
  urls: [],
  header: (name) => (name === 'x-class' ? 'public' : undefined),
  project: undefined,
  at: Date.parse('2026-03-02T12:00:00Z'),
  ip: '192.0.2.7',
  upstream: { name: 'eu', region: 'eu', labels: { tier: 'internal' } },
}
const who = (principal: Partial<PolicyInput['principal']>) => ({ principal: { ...plain.principal, ...principal } })
const asks = (effect: 'allow' | 'deny' | 'step_up', facts: Partial<PolicyInput> = {}) => ({
  effect,
  input: { ...plain, ...facts },
})

const TEAMS = 50
const roles = {
  analyst: { members: [{ issuer: 'corp', group: 'analysts' }] },
  ...Object.fromEntries(Array.from({ length: TEAMS }, (_, n) => [`team-${n}`, { members: [{ group: `team-${n}` }] }])),
}
/** Two rules that decide, and as many others as there is room for; ids put the deciding ones last. */
const document = (count: number, rule: (n: number) => object, ours: readonly object[] = [], more: object = {}) => ({
  version: 1,
  roles,
  ...more,
  rules: [
    ...Array.from({ length: count - ours.length }, (_, n) => ({ id: `r${String(n).padStart(5, '0')}`, ...rule(n) })),
    ...ours,
  ],
})
const open = { id: 'z', effect: 'allow', roles: ['analyst'], models: ['gpt-4o'], operations: ['chat'] }
const other = (more: object = {}) => ({ effect: 'allow', roles: ['analyst'], models: ['gpt-4o'], ...more })
const barred = (when: object) => ({ effect: 'deny', when })
const workspaces = (count: number) => ({
  workspaces: Object.fromEntries(Array.from({ length: count }, (_, n) => [`w${n}`, { members: [{ group: `g${n}` }] }])),
})
const REALISTIC = [
  (n: number) => ({ effect: 'allow', roles: [`team-${n % TEAMS}`], models: [`model-${n}`], operations: ['chat'] }),
  (n: number) => ({ effect: 'allow', roles: [`team-${n % TEAMS}`], models: [`family-${n}-*`], when: { mfa: true } }),
  (n: number) => ({ effect: 'deny', models: [`barred-${n}`], operations: ['chat', 'responses'] }),
  (n: number) => ({ effect: 'allow', roles: ['analyst'], models: [`ours-${n}`], operations: ['embeddings'] }),
  (n: number) => ({ effect: 'deny', roles: [`team-${n % TEAMS}`], when: { network: ['198.51.100.0/24'] } }),
]

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'rules of every kind for many teams',
    policy: (count) => document(count, (n) => REALISTIC[n % REALISTIC.length]?.(n) ?? {}, [open]),
    asked: [asks('allow'), asks('deny', { model: 'o3' }), asks('deny', who({ groups: [] }))],
  },
  {
    name: 'one model for many roles',
    policy: (count) =>
      document(count, (n) => ({ effect: 'allow', roles: [`team-${n % TEAMS}`], models: ['gpt-4o'] }), [open]),
    asked: [asks('allow'), asks('deny', who({ groups: [] }))],
  },
  {
    name: 'one role for many models',
    policy: (count) => document(count, (n) => ({ effect: 'allow', roles: ['analyst'], models: [`m${n}`] }), [open]),
    asked: [asks('allow'), asks('deny', { model: 'o3' })],
  },
  {
    name: 'the same selectors everywhere',
    policy: (count) => document(count, () => other(), []),
    asked: [asks('allow'), asks('deny', { model: 'o3' })],
  },
  {
    name: 'patterns that begin differently',
    policy: (count) => document(count, (n) => other({ models: [`f${n}-*`] }), [open]),
    asked: [asks('allow'), asks('deny', { model: 'o3' })],
  },
  {
    name: 'patterns that end differently',
    policy: (count) => document(count, (n) => other({ models: [`*-f${n}`] }), [open]),
    asked: [asks('allow'), asks('deny', { model: 'o3' })],
  },
  {
    name: 'denies with patterns that end differently',
    policy: (count) => document(count, (n) => ({ effect: 'deny', models: [`*-f${n}`] }), [open]),
    asked: [asks('allow'), asks('deny', { model: 'x-f1' })],
  },
  {
    name: 'the same selectors and the same condition',
    policy: (count) => document(count, () => other({ when: { network: ['10.0.0.0/8'] } }), [open]),
    asked: [asks('allow'), asks('deny', { operation: 'embeddings' })],
  },
  {
    name: 'the same selectors and a claim of many values',
    policy: (count) =>
      document(count, (n) => other({ when: { claim: { path: 'department', equals: `d${n}` } } }), [open]),
    asked: [asks('allow'), asks('deny', { operation: 'embeddings' })],
  },
  {
    name: 'every rule wants a second factor',
    policy: (count) => document(count, () => other({ when: { mfa: true } })),
    asked: [asks('allow', who({ mfa: 'yes' })), asks('step_up')],
  },
  {
    name: 'the same hours everywhere',
    policy: (count) =>
      document(count, () => other({ when: { time: { from: '01:00', to: '02:00', zone: 'Europe/Berlin' } } }), [open]),
    asked: [asks('allow'), asks('deny', { operation: 'embeddings' })],
  },
  {
    name: 'denies by the values of a header',
    policy: (count) => document(count, (n) => barred({ header: { name: 'x-class', equals: `c${n}` } }), [open]),
    asked: [asks('allow'), asks('deny', { header: () => 'c1' }), asks('deny', { header: () => undefined })],
  },
  {
    name: 'denies by the values of a claim',
    policy: (count) => document(count, (n) => barred({ claim: { path: 'teams', equals: `x${n}` } }), [open]),
    asked: [asks('allow'), asks('deny', who({ claims: { teams: ['x1'] } })), asks('deny', who({ claims: {} }))],
  },
  {
    name: 'denies by network',
    policy: (count) => document(count, (n) => barred({ network: [`10.${n >> 8}.${n & 255}.0/24`] }), [open]),
    asked: [asks('allow'), asks('deny', { ip: '10.0.1.9' }), asks('deny', { ip: undefined })],
  },
  {
    name: 'denies with the same condition',
    policy: (count) =>
      document(count, (n) => ({ ...barred({ network: ['10.0.0.0/8'] }), models: n % 2 ? ['*'] : ['gpt-*'] }), [open]),
    asked: [asks('allow'), asks('deny', { ip: '10.0.1.9' })],
  },
  {
    name: 'a rule for each of many workspaces',
    policy: (count) =>
      document(count, (n) => ({ effect: 'allow', workspaces: [`w${n}`], models: ['gpt-4o'] }), [], workspaces(count)),
    asked: [
      asks('allow', who({ groups: ['g1'] })),
      asks('deny', who({ groups: ['g1'], issuer: 'x' }) && { model: 'o3' }),
    ],
  },
]
