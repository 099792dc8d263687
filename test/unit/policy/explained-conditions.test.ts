import t from 'tap'
import type { PolicyInput } from '../../../src/model/decision.ts'
import { CONDITIONS } from '../../../src/policy/conditions/index.ts'
import { plain } from '../../property/scale-policies.ts'

type Condition = {
  readonly want: (written: unknown) => string
  readonly got: (input: PolicyInput, written: unknown) => string
}
type Facts = Partial<PolicyInput>
const who = (principal: Partial<PolicyInput['principal']>): Facts => ({
  principal: { ...plain.principal, ...principal },
})
const upstream = (region: string | undefined, labels: { [name: string]: string } = {}): Facts => ({
  upstream: { name: 'u', region, labels },
})
const header = (value: string | undefined): Facts => ({
  header: (name) => (name === 'x-class' ? value : undefined),
})
const AT = 1_772_452_800
const hour = { max_age: '1h' }
const workdays = { days: ['mon', 'tue'], from: '07:00', to: '19:00', zone: 'Europe/Berlin' }
const images = { images: false }

type Row = readonly [name: keyof typeof CONDITIONS, written: unknown, want: string, facts: Facts, got: string]
const table: readonly Row[] = [
  ['mfa', true, 'several factors', who({ mfa: 'yes' }), 'several factors, no sign-in time'],
  ['mfa', true, 'several factors', who({ mfa: 'no', authTime: AT }), 'one factor, 0s ago'],
  ['mfa', true, 'several factors', who({ mfa: 'unknown', authTime: AT - 1 }), 'cannot tell, 1s ago'],
  ['mfa', hour, 'several factors within 1h', who({ mfa: 'yes', authTime: AT - 7200 }), 'several factors, 7200s ago'],
  [
    'mfa',
    hour,
    'several factors within 1h',
    who({ mfa: 'yes', authTime: AT + 60 }),
    'several factors, sign-in time in the future',
  ],
  ['acr', ['phr'], 'one of "phr"', who({ acr: 'weak' }), '"weak"'],
  ['acr', ['phr', 'gold'], 'one of "phr", "gold"', who({ acr: undefined }), 'cannot tell'],
  ['method', ['jwt', 'mtls'], 'one of "jwt", "mtls"', who({ method: 'api_key' }), 'api_key'],
  ['method', ['jwt'], 'one of "jwt"', who({ method: undefined }), 'cannot tell'],
  ['network', ['10.0.0.0/8'], 'in "10.0.0.0/8"', { ip: '192.0.2.7' }, '"192.0.2.7"'],
  ['network', ['10.0.0.0/8'], 'in "10.0.0.0/8"', { ip: undefined }, 'cannot tell'],
  ['time', workdays, 'mon, tue 07:00 to 19:00 Europe/Berlin', {}, 'mon 13:00 Europe/Berlin'],
  ['time', { days: ['sun'], zone: 'UTC' }, 'sun UTC', { at: Date.parse('2026-03-08T01:02:00Z') }, 'sun 01:02 UTC'],
  ['time', { from: '07:00', to: '08:00', zone: 'UTC' }, '07:00 to 08:00 UTC', { at: Number.NaN }, 'cannot tell'],
  ['claim', { path: 'a.b', equals: 'x' }, '"a.b" equals "x"', who({ claims: { a: { b: 'y' } } }), '"y"'],
  ['claim', { path: ['a.b'], in: ['x', 'y'] }, '["a.b"] in "x", "y"', who({ claims: { 'a.b': [] } }), 'none'],
  ['claim', { path: 'a', equals: 'x' }, '"a" equals "x"', who({ claims: { a: ['y', 'z'] } }), '"y", "z"'],
  ['claim', { path: 'a', equals: 'x' }, '"a" equals "x"', who({ claims: { a: ['y', 1] } }), '["y",1]'],
  ['upstream', { labels: { a: 'b', c: 'd' } }, 'labels "a" "b", "c" "d"', upstream('eu', {}), 'labels none'],
  ['input', { max_bytes: '1KiB', audio: true }, 'at most 1KiB, audio', {}, '200 bytes, no images, no files, no audio'],
  ['tools', { functions: ['a', 'b'] }, 'functions "a", "b"', {}, 'functions none; hosted none'],
  ['claim', { path: 'a', matches: 'x*' }, '"a" matches "x*"', who({ claims: {} }), 'cannot tell'],
  ['header', { name: 'X-Class', equals: 'x' }, 'x-class equals "x"', header('y'), '"y"'],
  ['header', { name: 'x-class', in: ['x'] }, 'x-class in "x"', header(undefined), 'cannot tell'],
  ['region', ['eu'], 'one of "eu"', upstream('us'), '"us"'],
  ['region', ['eu'], 'one of "eu"', upstream(undefined), 'cannot tell'],
  ['region', ['eu'], 'one of "eu"', { upstream: undefined }, 'cannot tell'],
  [
    'upstream',
    { labels: { tier: 'internal' } },
    'labels "tier" "internal"',
    upstream('eu', { tier: 'external' }),
    'labels "tier" "external"',
  ],
  ['upstream', { labels: { a: 'b' } }, 'labels "a" "b"', { upstream: undefined }, 'cannot tell'],
  ['max_output_tokens', { at_most: 10 }, 'at most 10', { maxOutputTokens: 11 }, '11'],
  ['max_output_tokens', { at_most: 10 }, 'at most 10', { maxOutputTokens: undefined }, 'cannot tell'],
  [
    'input',
    images,
    'no images',
    { input: { bytes: 5, images: true, files: false, audio: false } },
    '5 bytes, images, no files, no audio',
  ],
  [
    'input',
    { max_bytes: '1KiB' },
    'at most 1KiB',
    { input: { bytes: undefined, images: false, files: false, audio: false } },
    'size cannot tell, no images, no files, no audio',
  ],
  [
    'tools',
    { functions: ['a'], hosted: [] },
    'functions "a"; hosted none',
    { tools: { functions: ['b'], hosted: ['c'] } },
    'functions "b"; hosted "c"',
  ],
  ['urls', [], 'no hosts', { urls: ['a.example'] }, 'hosts "a.example"'],
  ['urls', ['b.example'], 'hosts "b.example"', { urls: [] }, 'hosts none'],
  ['urls', ['b.example', '*.c'], 'hosts "b.example", "*.c"', { urls: ['a', 'b'] }, 'hosts "a", "b"'],
  ['stream', true, 'a stream', { stream: false }, 'no stream'],
  ['stream', false, 'no stream', { stream: true }, 'a stream'],
]

for (const [name, written, want, facts, got] of table) {
  t.test(`${name} wants ${want}, and the request has ${got}`, async (t) => {
    const condition = CONDITIONS[name] as unknown as Condition
    const input = { ...plain, at: AT * 1000, ...facts }
    t.same({ want: condition.want(written), got: condition.got(input, written) }, { want, got })
  })
}

t.test('every condition is explained', async (t) => {
  t.same(new Set(table.map(([name]) => name)), new Set(Object.keys(CONDITIONS)))
})

t.test('the name of a header is read in lower case, as requests have it', async (t) => {
  const condition = CONDITIONS.header as unknown as Condition
  t.equal(condition.got({ ...plain, ...header('y') }, { name: 'X-Class', equals: 'x' }), '"y"')
})

t.test('a long value is shown in part', async (t) => {
  const condition = CONDITIONS.header as unknown as Condition
  const shown = (length: number) =>
    condition.got({ ...plain, ...header('x'.repeat(length)) }, { name: 'x-class', equals: 'x' })
  t.equal(shown(78), `"${'x'.repeat(78)}"`)
  t.equal(shown(79), `"${'x'.repeat(79)}…`)
})
