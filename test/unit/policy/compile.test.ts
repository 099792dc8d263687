import fc from 'fast-check'
import t from 'tap'
import { Check } from 'typebox/value'
import type { JsonValue } from '../../../src/model/json.ts'
import { compareCodePoints } from '../../../src/policy/code-points.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policySchema } from '../../../src/policy/schema.ts'
import { soundDraft } from '../../../src/schema/draft.ts'
import { found, known, rule, when } from '../../support/found-problems.ts'
import { documentsArbitrary, KNOWN, sources } from '../../support/policies.ts'

t.test('names are defined once in all files', async (t) => {
  const one = {
    version: 1,
    roles: { a: {} },
    models: { m: ['x'] },
    aliases: { f: 'x' },
    workspaces: { w: {} },
    rules: [{ id: 'r', effect: 'allow' }],
  }
  t.same(found(one, one), [
    'roles.a~ duplicate',
    'models.m~ duplicate',
    'aliases.f~ duplicate',
    'workspaces.w~ duplicate',
    'rules.0.id duplicate',
  ])
  const { problems } = compilePolicy(sources([one, one]), known)
  t.same([...new Set(problems.map(({ file }) => file))], ['1.yaml'], 'the second file is told')
})

t.test('an id that stands there twice is said to be of a rule or of a transform', async (t) => {
  const transforms = [1, 2].map(() => ({ id: 't', set: { store: false } }))
  const { problems } = compilePolicy(sources([{ ...rule({}), transforms }, rule({})]), known)
  t.same(
    problems.map(({ message }) => message),
    ['rule', 'transform'].map((what) => `another ${what} has this \`id\`; each one needs its own`),
  )
})

t.test('a problem is of a key or of a value', async (t) => {
  const { problems } = compilePolicy(sources([{ ...rule({ roles: ['a'] }), guards: [] }]), known)
  t.same(
    problems.map(({ path, at }) => [path.join('.'), at]),
    [
      ['guards', 'key'],
      ['rules.0.roles.0', 'value'],
    ],
  )
})

t.test('files refer to one another', async (t) => {
  t.same(found({ version: 1, roles: { a: {} } }, rule({ roles: ['a'] })), [])
})

t.test('messages say what to do', async (t) => {
  const { problems } = compilePolicy(
    sources([{ ...rule({ roles: ['analist'] }), roles: { analyst: {} }, guards: [] }]),
    known,
  )
  t.same(
    problems.map(({ message }) => message),
    ['`guards` is part of the contract but not built yet', 'no role has this name; did you mean `analyst`?'],
  )
})

t.test('the digest is of the files and not of their order', async (t) => {
  const [one, two] = sources([{ version: 1 }, { version: 1 }])
  if (!one || !two) throw new Error('two sources')
  const digest = (list: Parameters<typeof compilePolicy>[0]) => compilePolicy(list, known).policy?.digest
  t.match(digest([one, two]), /^sha256:[0-9a-f]{64}$/)
  t.equal(digest([one, two]), digest([two, one]))
  t.not(digest([one, two]), digest([one]))
})

t.test('an alias is resolved, and hostile names are names', async (t) => {
  const aliases = Object.fromEntries([
    ['fast', 'gpt-4o-mini'],
    ['__proto__', 'o3'],
  ])
  const { policy } = compilePolicy(sources([{ version: 1, aliases }]), known)
  t.same(policy?.resolveModel('fast'), { model: 'gpt-4o-mini', alias: 'fast' })
  t.same(policy?.resolveModel('__proto__'), { model: 'o3', alias: '__proto__' })
  t.same(policy?.resolveModel('constructor'), { model: 'constructor', alias: null })
})

t.test('a policy says whether it speaks of upstreams', async (t) => {
  const speaks = (document: object) => compilePolicy(sources([document]), known).policy?.speaksOfUpstream
  t.equal(speaks(when({ region: ['eu'] })), true)
  t.equal(speaks(when({ upstream: { labels: { tier: 'internal' } } })), true)
  t.equal(speaks(when({ mfa: true })), false)
})

t.test('code points are ordered as such', async (t) => {
  const list = ['\u{1f600}', '\uffee', 'a', 'B', 'aa', '', '\u{1f600}a', '\ud800']
  t.same(
    [...list].sort(compareCodePoints),
    ['', 'B', 'a', 'aa', '\ud800', '\uffee', '\u{1f600}', '\u{1f600}a'].sort(compareCodePoints),
  )
  t.ok(compareCodePoints('\uffee', '\u{1f600}') < 0)
  t.ok(compareCodePoints('a', 'B') > 0)
})

t.test('every key of the policy schema is described', async (t) => {
  const bare: string[] = []
  interface Visited {
    readonly description?: string
    readonly properties?: Record<string, Visited>
    readonly patternProperties?: Record<string, Visited>
    readonly items?: Visited
    readonly anyOf?: readonly Visited[]
  }
  const visit = (rules: Visited, path: string) => {
    if (!rules.description) bare.push(path)
    for (const [key, member] of Object.entries({ ...rules.properties, ...rules.patternProperties }))
      visit(member, `${path}.${key}`)
    if (rules.items) visit(rules.items, `${path}[]`)
    for (const variant of rules.anyOf ?? []) visit(variant, path)
  }
  visit(JSON.parse(JSON.stringify(policySchema)), '$')
  t.same(bare, [])
})

t.test('no document makes the compiler throw, and what it accepts fits the schema', async (t) => {
  const junk = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>([], {}, '', null, 0, true, ['@a'], { a: [] }))
  const broken = documentsArbitrary.chain(([document]) =>
    fc
      .tuple(fc.constant(document as JsonValue), fc.array(fc.nat(200), { maxLength: 6 }), junk)
      .map(([whole, steps, value]) => damaged(whole, steps, value as JsonValue)),
  )
  fc.assert(
    fc.property(fc.oneof(broken, junk as fc.Arbitrary<JsonValue>), (document) => {
      const { policy } = compilePolicy(sources([document]), KNOWN)
      if (policy === null) return
      if (!Check(policySchema, document)) throw new Error('the schema refuses it')
      if (JSON.stringify(soundDraft(policySchema, document)).length !== JSON.stringify(document).length)
        throw new Error('something was lost')
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

/** The document with one value somewhere inside replaced. */
function damaged(value: JsonValue, [step, ...steps]: readonly number[], by: JsonValue): JsonValue {
  if (step === undefined || typeof value !== 'object' || value === null) return by
  const keys = Object.keys(value)
  const key = keys[step % Math.max(keys.length, 1)]
  if (key === undefined) return by
  const entries = Object.entries(value).map(([name, member]) => [
    name,
    name === key ? damaged(member as JsonValue, steps, by) : member,
  ])
  return Array.isArray(value) ? entries.map(([, member]) => member as JsonValue) : Object.fromEntries(entries)
}
