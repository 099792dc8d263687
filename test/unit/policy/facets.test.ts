import t from 'tap'
import type { PolicyInput } from '../../../src/model/decision.ts'
import { CONDITIONS } from '../../../src/policy/conditions/index.ts'
import { facetOf } from '../../../src/policy/facets.ts'
import { plain } from '../../property/scale-policies.ts'

const who = (principal: object) => ({ principal: { ...plain.principal, ...principal } })
const NETWORKS = [
  '10.1.0.0/16',
  '10.2.3.0/24',
  '10.2.3.4',
  '0.0.0.0/0',
  '2001:db8::/33',
  '::ffff:192.0.2.0/120',
  '::/0',
]

type Row = readonly [name: keyof typeof CONDITIONS, written: unknown, facts: Partial<PolicyInput>]
/** Facts on both sides of every edge, and facts that cannot be told. */
const table: readonly Row[] = [
  ...['x', 'y', ['x'], ['y', 'x'], ['y'], [], 5, ['x', 5], {}, null, undefined].flatMap((type): Row[] => [
    ['claim', { path: 'type', equals: 'x' }, who({ claims: { type } })],
    ['claim', { path: ['type'], in: ['x', 'z'] }, who({ claims: { type } })],
    ['claim', { path: 'type.inner', in: ['x'] }, who({ claims: { type: { inner: type } } })],
  ]),
  ['claim', { path: 'constructor', equals: 'x' }, who({ claims: {} })],
  ...['x', 'y', '', undefined].flatMap((value): Row[] => [
    ['header', { name: 'X-Class', equals: 'x' }, { header: (name) => (name === 'x-class' ? value : undefined) }],
    ['header', { name: 'x-class', in: ['x', ''] }, { header: (name) => (name === 'x-class' ? value : undefined) }],
    ['region', ['x', 'z'], { upstream: { name: 'u', region: value, labels: {} } }],
  ]),
  ['region', ['x'], { upstream: undefined }],
  ...(['jwt', 'api_key', undefined] as const).map((method): Row => ['method', ['jwt', 'mtls'], who({ method })]),
  ...NETWORKS.flatMap((network) =>
    [
      '10.1.255.255',
      '10.2.0.0',
      '10.2.3.4',
      '10.2.3.5',
      '::ffff:10.2.3.4',
      '192.0.2.255',
      '192.0.3.0',
      '2001:db8:7fff::1',
      '2001:db8:8000::1',
      '::1',
      'x',
      '',
      undefined,
    ].flatMap((ip): Row[] => [
      ['network', [network], { ip }],
      ['network', [network, '10.2.3.5/32', '2001:db8:8000::/34'], { ip }],
    ]),
  ),
]

t.test(
  'a condition holds exactly when a key is among its own, and cannot be told exactly when the keys cannot',
  async (t) => {
    const seen = { yes: 0, no: 0, unknown: 0 }
    for (const [name, written, facts] of table) {
      const input = { ...plain, ...facts }
      const condition = CONDITIONS[name] as unknown as { compile: (written: unknown) => (input: PolicyInput) => string }
      const facet = facetOf(name, written)
      const keys = facet?.open([...facet.keys, '2/7/10.'])(input)
      const told = keys === undefined ? 'unknown' : keys.some((key) => facet?.keys.includes(key)) ? 'yes' : 'no'
      const wanted = condition.compile(written)(input)
      t.equal(told, wanted, `${name} ${JSON.stringify(written)} of ${JSON.stringify(facts)}`)
      seen[told]++
    }
    t.ok(Math.min(seen.yes, seen.no, seen.unknown) > 20, JSON.stringify(seen))
  },
)

t.test('facets that read one fact have one name for it, and others another', async (t) => {
  const fact = (name: string, written: unknown) => facetOf(name, written)?.fact
  t.equal(fact('claim', { path: 'a.b', equals: 'x' }), fact('claim', { path: ['a', 'b'], in: ['y'] }))
  t.not(fact('claim', { path: 'a.b', equals: 'x' }), fact('claim', { path: ['a.b'], equals: 'x' }))
  t.equal(fact('header', { name: 'X-A', equals: 'x' }), fact('header', { name: 'x-a', equals: 'y' }))
  t.not(fact('header', { name: 'x-a', equals: 'x' }), fact('header', { name: 'x-b', equals: 'x' }))
  const facts = [
    fact('claim', { path: 'x', equals: 'x' }),
    fact('header', { name: 'x', equals: 'x' }),
    fact('region', ['x']),
    fact('method', ['jwt']),
    fact('network', ['10.0.0.0/8']),
  ]
  t.equal(new Set(facts).size, facts.length)
})

t.test('two ranges have one key exactly when they are one range', async (t) => {
  const keys = (range: string) => facetOf('network', [range])?.keys
  t.same(keys('10.1.2.3/8'), keys('10.0.0.0/8'))
  t.same(keys('::ffff:10.0.0.0/104'), keys('10.0.0.0/8'))
  t.not(keys('10.0.0.0/8')?.[0], keys('10.0.0.0/9')?.[0])
  t.not(keys('10.0.0.0/8')?.[0], keys('11.0.0.0/8')?.[0])
  t.not(keys('0.0.0.0/0')?.[0], keys('::/0')?.[0])
  t.not(keys('0.1.0.0/16')?.[0], keys('1::/16')?.[0])
})

t.test('patterns, and what stronger authentication changes, have no keys', async (t) => {
  t.equal(facetOf('claim', { path: 'a', matches: 'x*' }), null)
  t.equal(facetOf('header', { name: 'a', matches: '*' }), null)
  t.equal(facetOf('mfa', true), null)
  t.equal(facetOf('acr', ['phr']), null)
  t.equal(facetOf('stream', true), null)
  t.equal(facetOf('constructor', {}), null)
})
