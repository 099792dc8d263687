import t from 'tap'
import type { Decision, PolicyInput, RuleId } from '../../../src/model/decision.ts'
import type { ModelFact } from '../../../src/model/request.ts'
import { candidates, headerReader, judge } from '../../../src/pipeline/judge.ts'
import type { DecidingPolicy, ServingUpstream } from '../../../src/pipeline/snapshot.ts'

const rule = 'r' as RuleId
const allow: Decision = { effect: 'allow', rule, reason: 'allowed', roles: [] }
const deny: Decision = { effect: 'deny', rule: null, reason: 'default_deny', roles: [] }
const stepUp: Decision = {
  effect: 'step_up',
  rule,
  reason: 'step_up_required',
  challenge: { acrValues: [], maxAgeSeconds: 60 },
  roles: [],
}

function policy(speaksOfUpstream: boolean, decide: (input: PolicyInput) => Decision): DecidingPolicy {
  return {
    digest: 'sha256:',
    speaksOfUpstream,
    bodyShapes: [],
    decide,
    deniedUnread: () => null,
    shadow: null,
    obligations: () => null,
    resolveModel: (model) => ({ model, alias: null }),
  }
}

function upstream(name: string, region: string | null, ...models: string[]): ServingUpstream {
  const settings = { name, region, labels: {} }
  return { settings, serves: (model: string) => models.includes(model) } as unknown as ServingUpstream
}

t.test('candidates: those that speak the API', async (t) => {
  const kinds = [undefined, 'anthropic', 'openai'].map((kind) => ({ settings: { kind }, serves: () => true }))
  const speaking = (api: 'openai' | 'anthropic' | 'any') =>
    candidates(kinds as unknown as ServingUpstream[], ['a'], api).map(({ settings }) => settings.kind)
  t.same([speaking('openai'), speaking('anthropic')], [['openai'], ['anthropic']])
  t.equal(speaking('any').length, 3)
})

const input = (model: ModelFact) => ({ model, upstream: undefined }) as unknown as PolicyInput
const us = upstream('us', 'us', 'a', 'b')
const eu = upstream('eu', 'eu', 'a')
const nowhere = upstream('nowhere', null, 'a')

const serving: readonly (readonly [name: string, models: ModelFact[], expected: readonly string[]])[] = [
  ['one model', ['b'], ['us']],
  ['two models need an upstream that serves both', ['a', 'b'], ['us']],
  ['a model that nobody serves', ['c'], []],
  ['no model: all of them', [null], ['us', 'eu']],
  ['a model that cannot be told: all of them', [undefined], ['us', 'eu']],
]
for (const [name, models, expected] of serving) {
  t.test(`candidates: ${name}`, async (t) => {
    t.same(
      candidates([us, eu], models, 'any').map(({ settings }) => settings.name),
      expected,
    )
  })
}

const inEurope = policy(true, ({ upstream: serves }) => (serves?.region === 'eu' ? allow : deny))
const rows: readonly (readonly [
  name: string,
  policy: DecidingPolicy,
  nested: readonly string[],
  serving: readonly ServingUpstream[],
  effect: string,
  chosen: string | null,
])[] = [
  ['the first upstream serves when no rule speaks of it', policy(false, () => allow), [], [us, eu], 'allow', 'us'],
  ['only an allowed upstream serves', inEurope, [], [us, eu], 'allow', 'eu'],
  ['no upstream is allowed', inEurope, [], [us, nowhere], 'deny', null],
  ['a deny never has an upstream', policy(false, () => deny), [], [us], 'deny', null],
  ['nobody serves it: the policy still decides', policy(true, () => deny), [], [], 'deny', null],
  [
    'every named model must be allowed',
    policy(false, ({ model }) => (model === 'a' ? allow : deny)),
    ['b'],
    [us],
    'deny',
    null,
  ],
  ['every named model is allowed', policy(false, () => allow), ['b'], [us], 'allow', 'us'],
  [
    'a nested model that needs a step-up makes the whole one',
    policy(false, ({ model }) => (model === 'a' ? allow : stepUp)),
    ['b'],
    [us],
    'step_up',
    null,
  ],
  [
    'a nested deny beats a step-up of the main model',
    policy(false, ({ model }) => (model === 'a' ? stepUp : deny)),
    ['b'],
    [us],
    'deny',
    null,
  ],
  [
    'a step-up for one upstream is nearer than a deny for the other',
    policy(true, ({ upstream: serves }) => (serves?.region === 'eu' ? stepUp : deny)),
    [],
    [us, eu],
    'step_up',
    null,
  ],
]
for (const [name, decides, nested, by, effect, chosen] of rows) {
  t.test(name, async (t) => {
    const judgement = judge(decides, input('a'), nested, by)
    t.equal(judgement.decision.effect, effect)
    t.equal(judgement.upstream?.settings.name ?? null, chosen)
  })
}

t.test('an upstream without a region is undefined to the policy', async (t) => {
  let seen: unknown = 'unseen'
  const decides = policy(true, ({ upstream: serves }) => {
    seen = serves
    return allow
  })
  judge(decides, input('a'), [], [nowhere])
  t.same(seen, { name: 'nowhere', region: undefined, labels: {} })
})

const headers = ['X-One', '1', 'x-Two', '2', 'X-TWO', '2', 'X-Three', '']
const read: readonly (readonly [name: string, header: string, value: string | undefined])[] = [
  ['a header is found whatever its case', 'x-one', '1'],
  ['a header that stands twice cannot be told', 'x-two', undefined],
  ['an empty header is empty', 'x-three', ''],
  ['a header that is absent cannot be told', 'x-four', undefined],
]
for (const [name, header, value] of read) t.test(name, async (t) => t.equal(headerReader(headers)(header), value))
