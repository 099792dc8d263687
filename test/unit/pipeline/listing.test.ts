import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import type { Decision, PolicyInput, RuleId } from '../../../src/model/decision.ts'
import { mayUse } from '../../../src/pipeline/listing.ts'
import type { ServingUpstream, Snapshot } from '../../../src/pipeline/snapshot.ts'
import { bodyShapes } from '../../../src/policy/body-shapes.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { sources } from '../../support/policies.ts'

const allow: Decision = { effect: 'allow', rule: 'r' as RuleId, reason: 'allowed', roles: [] }
const deny: Decision = { effect: 'deny', rule: null, reason: 'default_deny', roles: [] }

const servingM = (kind = 'openai') =>
  ({
    settings: { name: 'us', kind, region: 'eu', labels: {} },
    serves: (name: string) => name === 'm',
  }) as unknown as ServingUpstream

/** Whether the model is listed where only one operation is granted. */
function listedFor(operation: string, kind: string): boolean {
  const upstream = servingM(kind)
  const policy = {
    speaksOfUpstream: false,
    bodyShapes: bodyShapes([]),
    decide: (input: PolicyInput) => (input.operation === operation ? allow : deny),
  }
  const snapshot = { upstreams: [upstream], policy } as unknown as Snapshot
  return mayUse(snapshot, {} as PolicyInput, 'm') && !mayUse(snapshot, {} as PolicyInput, 'other')
}

t.test('a model is listed for each operation that makes it work, and for no other one', async (t) => {
  for (const { operation, api, stored, model, awaits } of ENDPOINTS) {
    const works = !stored && awaits === null && (model === 'required' || model === 'optional')
    const beside = [
      ...['responses.compact', 'responses.input_tokens', 'messages.count_tokens', 'realtime.sessions.create'],
    ].includes(operation)
    for (const kind of ['openai', 'anthropic'])
      t.equal(listedFor(operation, kind), works && !beside && api === kind, `${operation}, ${kind}`)
  }
})

const allowWhen = (when: object, more: object = {}) => ({
  id: 'a',
  effect: 'allow',
  operations: ['chat'],
  when,
  ...more,
})
const denyWhen = (when: object) => ({ id: 'd', effect: 'deny', operations: ['chat'], when })
const ALL = { id: 'all', effect: 'allow', operations: ['chat'] }

const rows: readonly (readonly [sentence: string, rules: readonly object[], isListed: boolean])[] = [
  ['whatever the body is', [ALL], true],
  ['plain requests', [allowWhen({ stream: false })], true],
  ['streams', [allowWhen({ stream: true })], true],
  ['requests with images', [allowWhen({ input: { images: true } })], true],
  ['requests without any', [allowWhen({ input: { images: false } })], true],
  [
    'streams with files and audio, and no images',
    [allowWhen({ stream: true, input: { images: false, files: true, audio: true } })],
    true,
  ],
  ['small requests', [allowWhen({ input: { max_bytes: '1KiB' } })], true],
  ['short answers', [allowWhen({ max_output_tokens: { at_most: 100 } })], true],
  ['requests without tools or hosts', [allowWhen({ tools: { functions: [], hosted: [] }, urls: [] })], true],
  ['all but streams', [ALL, denyWhen({ stream: true })], true],
  ['streams alone, the rest being denied', [ALL, denyWhen({ stream: false })], true],
  ['requests with images, the rest being denied', [ALL, denyWhen({ input: { images: false } })], true],
  ['nothing, streamed or not', [ALL, denyWhen({ stream: true }), { ...denyWhen({ stream: false }), id: 'e' }], false],
  [
    'nothing: streams are allowed where they are denied',
    [allowWhen({ stream: true }), denyWhen({ stream: true })],
    false,
  ],
  ['streams in the other region', [allowWhen({ stream: true, region: ['us'] })], false],
  ['streams in the region of the upstream', [allowWhen({ stream: true, region: ['eu'] })], true],
  ['streams with stronger authentication', [allowWhen({ stream: true, mfa: true })], false],
  ['another operation', [allowWhen({ stream: true }, { operations: ['files.list'] })], false],
  ['a rule in shadow mode', [allowWhen({ stream: true }, { mode: 'shadow' })], false],
]
t.test('a model is listed that the caller may use in some way', async (t) => {
  for (const [sentence, rules, isListed] of rows) {
    const upstreams = [{ name: 'us', region: 'eu', labels: {} }]
    const { policy, problems } = compilePolicy(sources([{ version: 1, rules }]), { issuers: [], upstreams })
    if (policy === null) throw new Error(problems[0]?.message)
    const principal = {
      id: 'ana',
      issuer: 'corp',
      groups: [],
      roles: [],
      workspaces: [],
      method: 'jwt',
      claims: {},
      mfa: 'no',
    }
    const input = { principal, operation: 'models.list', header: () => undefined, at: 0 } as unknown as PolicyInput
    const snapshot = { upstreams: [servingM()], policy } as unknown as Snapshot
    t.equal(mayUse(snapshot, input, 'm'), isListed, sentence)
  }
})

t.test('bodies are told apart by what the rules ask about, and by nothing else', async (t) => {
  const plain = { stream: false, images: false, files: false, audio: false }
  const shapes = (...rules: object[]) => bodyShapes(rules as never)
  t.same(shapes(), [plain])
  t.same(shapes(allowWhen({ input: { max_bytes: '1KiB' }, mfa: true })), [plain])
  t.same(shapes(denyWhen({ stream: true })), [plain, { ...plain, stream: true }])
  t.same(shapes(denyWhen({ input: { audio: false } })), [plain, { ...plain, audio: true }])
  const all = shapes(allowWhen({ stream: true }), denyWhen({ input: { images: true, files: false, audio: true } }))
  t.same([all.length, new Set(all.map((shape) => JSON.stringify(shape))).size, all[0]], [16, 16, plain])
})
