import { readdirSync } from 'node:fs'
import t from 'tap'
import type { PolicyInput } from '../../../src/model/decision.ts'
import type { Match } from '../../../src/model/match.ts'
import { CONDITIONS } from '../../../src/policy/conditions/index.ts'

const NOON = Date.parse('2026-03-02T12:00:00Z')
const SECONDS = NOON / 1000

const plain: PolicyInput = {
  principal: {
    id: 'bob',
    issuer: 'corp',
    method: 'jwt',
    groups: [],
    roles: [],
    workspaces: [],
    claims: {},
    mfa: 'unknown',
    acr: undefined,
    authTime: undefined,
    key: null,
  },
  operation: 'chat',
  model: 'gpt-4o',
  stream: false,
  maxOutputTokens: undefined,
  tools: { functions: [], hosted: [] },
  input: { bytes: undefined, images: false, files: false, audio: false },
  urls: [],
  header: () => undefined,
  project: undefined,
  at: NOON,
  ip: undefined,
  upstream: undefined,
}

const who = (principal: Partial<PolicyInput['principal']>): Partial<PolicyInput> => ({
  principal: { ...plain.principal, ...principal },
})
const at = (written: string) => ({ at: Date.parse(written) })
const header = (value: string) => ({ header: (name: string) => (name === 'x-class' ? value : undefined) })
const claims = (value: unknown) => who({ claims: JSON.parse(JSON.stringify(value)) })
const upstream = (region: string | undefined, labels: { [name: string]: string } = {}) => ({
  upstream: { name: 'u', region, labels },
})
const inputs = (facts: Partial<PolicyInput['input']>) => ({ input: { ...plain.input, ...facts } })
const tools = (functions: string[], hosted: string[] = []) => ({ tools: { functions, hosted } })
const berlin = { days: ['mon'], from: '07:00', to: '19:00', zone: 'Europe/Berlin' }
const night = { days: ['fri'], from: '22:00', to: '06:00', zone: 'UTC' }

type Row = readonly [
  sentence: string,
  name: keyof typeof CONDITIONS,
  written: unknown,
  facts: Partial<PolicyInput>,
  Match,
]
const table: readonly Row[] = [
  ['several factors are shown', 'mfa', true, who({ mfa: 'yes' }), 'yes'],
  ['one factor is shown', 'mfa', true, who({ mfa: 'no' }), 'no'],
  ['nobody says which factors', 'mfa', true, {}, 'unknown'],
  ['a sign-in just as old as may be', 'mfa', { max_age: '1h' }, who({ mfa: 'yes', authTime: SECONDS - 3600 }), 'yes'],
  ['a sign-in a second older', 'mfa', { max_age: '1h' }, who({ mfa: 'yes', authTime: SECONDS - 3601 }), 'no'],
  ['a sign-in of this moment', 'mfa', { max_age: '1h' }, who({ mfa: 'yes', authTime: SECONDS }), 'yes'],
  ['a sign-in in the future', 'mfa', { max_age: '1h' }, who({ mfa: 'yes', authTime: SECONDS + 1 }), 'unknown'],
  ['no time of sign-in', 'mfa', { max_age: '1h' }, who({ mfa: 'yes' }), 'unknown'],
  ['one factor and no time', 'mfa', { max_age: '1h' }, who({ mfa: 'no' }), 'no'],
  ['an old sign-in of unknown factors', 'mfa', { max_age: '1h' }, who({ authTime: 0 }), 'no'],
  ['the acr asked for', 'acr', ['phr', 'gold'], who({ acr: 'gold' }), 'yes'],
  ['another acr', 'acr', ['phr'], who({ acr: 'PHR' }), 'no'],
  ['no acr', 'acr', ['phr'], {}, 'unknown'],
  ['a method of the list', 'method', ['jwt', 'mtls'], {}, 'yes'],
  ['another method', 'method', ['api_key'], {}, 'no'],
  ['a method that nobody tells', 'method', ['jwt'], who({ method: undefined }), 'unknown'],
  ['an address in the range', 'network', ['10.0.0.0/8'], { ip: '10.255.255.255' }, 'yes'],
  ['an address beside the range', 'network', ['10.0.0.0/8'], { ip: '11.0.0.0' }, 'no'],
  ['a mapped address in an IPv4 range', 'network', ['10.0.0.0/8'], { ip: '::ffff:10.1.2.3' }, 'yes'],
  ['a mapped address in hexadecimal', 'network', ['10.0.0.0/8'], { ip: '::ffff:0a01:0203' }, 'yes'],
  ['an IPv4 address in a mapped range', 'network', ['::ffff:10.0.0.0/104'], { ip: '10.1.2.3' }, 'yes'],
  ['an IPv4 address in all of IPv6', 'network', ['::/0'], { ip: '10.1.2.3' }, 'no'],
  ['an IPv6 address in its range', 'network', ['2001:db8::/32'], { ip: '2001:db8:ffff::1' }, 'yes'],
  ['an IPv6 address beside it', 'network', ['2001:db8::/32'], { ip: '2001:db9::1' }, 'no'],
  ['one of several ranges', 'network', ['192.0.2.1', '10.0.0.0/31'], { ip: '10.0.0.1' }, 'yes'],
  ['no address', 'network', ['0.0.0.0/0'], {}, 'unknown'],
  ['an octal address', 'network', ['0.0.0.0/0'], { ip: '010.0.0.1' }, 'unknown'],
  ['something else than an address', 'network', ['0.0.0.0/0'], { ip: 'localhost' }, 'unknown'],
  ['the first minute', 'time', berlin, at('2026-03-02T06:00:00Z'), 'yes'],
  ['the moment before', 'time', berlin, at('2026-03-02T05:59:59.999Z'), 'no'],
  ['the last moment', 'time', berlin, at('2026-03-02T17:59:59.999Z'), 'yes'],
  ['the end itself', 'time', berlin, at('2026-03-02T18:00:00Z'), 'no'],
  ['the first minute in summer time', 'time', berlin, at('2026-03-30T05:00:00Z'), 'yes'],
  ['the same UTC time in winter', 'time', berlin, at('2026-03-02T05:00:00Z'), 'no'],
  ['another day', 'time', berlin, at('2026-03-03T12:00:00Z'), 'no'],
  ['a day by the zone, not by UTC', 'time', { days: ['tue'], zone: 'Asia/Tokyo' }, at('2026-03-02T15:00:00Z'), 'yes'],
  ['before the day begins there', 'time', { days: ['tue'], zone: 'Asia/Tokyo' }, at('2026-03-02T14:59:59Z'), 'no'],
  ['the night of the named day', 'time', night, at('2026-03-06T22:00:00Z'), 'yes'],
  ['the morning after the named day', 'time', night, at('2026-03-07T05:59:00Z'), 'yes'],
  ['the end of that night', 'time', night, at('2026-03-07T06:00:00Z'), 'no'],
  ['the morning of the named day', 'time', night, at('2026-03-06T05:00:00Z'), 'no'],
  ['the night after', 'time', night, at('2026-03-07T22:00:00Z'), 'no'],
  ['hours of every day', 'time', { from: '11:00', to: '13:00', zone: 'UTC' }, {}, 'yes'],
  [
    'the hour that summer time leaves out',
    'time',
    { from: '02:00', to: '03:00', zone: 'Europe/Berlin' },
    at('2026-03-29T01:00:00Z'),
    'no',
  ],
  [
    'the hour that comes twice, first',
    'time',
    { from: '02:00', to: '03:00', zone: 'Europe/Berlin' },
    at('2026-10-25T00:30:00Z'),
    'yes',
  ],
  [
    'the hour that comes twice, again',
    'time',
    { from: '02:00', to: '03:00', zone: 'Europe/Berlin' },
    at('2026-10-25T01:30:00Z'),
    'yes',
  ],
  ['the end of the day', 'time', { from: '22:00', to: '24:00', zone: 'UTC' }, at('2026-03-02T23:59:59Z'), 'yes'],
  ['the string', 'claim', { path: 'dep', in: ['finance'] }, claims({ dep: 'finance' }), 'yes'],
  ['another string', 'claim', { path: 'dep', in: ['finance'] }, claims({ dep: 'Finance' }), 'no'],
  ['one of a list', 'claim', { path: 'dep', equals: 'b' }, claims({ dep: ['a', 'b'] }), 'yes'],
  ['none of a list', 'claim', { path: 'dep', equals: 'b' }, claims({ dep: ['a'] }), 'no'],
  ['none of an empty list', 'claim', { path: 'dep', equals: 'b' }, claims({ dep: [] }), 'no'],
  ['a list with a number', 'claim', { path: 'dep', equals: 'b' }, claims({ dep: ['b', 5] }), 'unknown'],
  ['a number', 'claim', { path: 'dep', equals: '5' }, claims({ dep: 5 }), 'unknown'],
  ['an object', 'claim', { path: 'dep', matches: '*' }, claims({ dep: {} }), 'unknown'],
  ['null', 'claim', { path: 'dep', matches: '*' }, claims({ dep: null }), 'unknown'],
  ['an absent claim', 'claim', { path: 'dep', matches: '*' }, {}, 'unknown'],
  ['a nested claim', 'claim', { path: 'a.b', matches: 'x*z' }, claims({ a: { b: 'xyz' } }), 'yes'],
  ['a name with dots', 'claim', { path: ['https://e.org/g'], equals: 'x' }, claims({ 'https://e.org/g': 'x' }), 'yes'],
  [
    'that name as a dotted path',
    'claim',
    { path: 'https://e.org/g', equals: 'x' },
    claims({ 'https://e.org/g': 'x' }),
    'unknown',
  ],
  ['an inherited property', 'claim', { path: 'constructor.name', matches: '*' }, {}, 'unknown'],
  ['an inherited length', 'claim', { path: 'dep.length', matches: '*' }, claims({ dep: ['a'] }), 'unknown'],
  [
    'an own `__proto__`',
    'claim',
    { path: '__proto__', equals: 'x' },
    who({ claims: JSON.parse('{"__proto__":"x"}') }),
    'yes',
  ],
  ['a star in the claim', 'claim', { path: 'dep', equals: 'finance' }, claims({ dep: '*' }), 'no'],
  ['the header', 'header', { name: 'X-Class', in: ['public'] }, header('public'), 'yes'],
  ['another value', 'header', { name: 'x-class', in: ['public'] }, header('Public'), 'no'],
  ['no header', 'header', { name: 'x-class', matches: '*' }, {}, 'unknown'],
  ['the region', 'region', ['eu'], upstream('eu'), 'yes'],
  ['another region', 'region', ['eu'], upstream('us'), 'no'],
  ['no region', 'region', ['eu'], upstream(undefined), 'unknown'],
  ['no upstream', 'region', ['eu'], {}, 'unknown'],
  ['the label', 'upstream', { labels: { tier: 'internal' } }, upstream('eu', { tier: 'internal' }), 'yes'],
  ['another value of it', 'upstream', { labels: { tier: 'internal' } }, upstream('eu', { tier: 'x' }), 'no'],
  ['no such label', 'upstream', { labels: { tier: 'internal' } }, upstream('eu'), 'unknown'],
  ['one label wrong and one absent', 'upstream', { labels: { a: '1', b: '2' } }, upstream('eu', { a: '0' }), 'no'],
  ['no upstream to ask', 'upstream', { labels: { tier: 'internal' } }, {}, 'unknown'],
  ['as many tokens', 'max_output_tokens', { at_most: 100 }, { maxOutputTokens: 100 }, 'yes'],
  ['one more', 'max_output_tokens', { at_most: 100 }, { maxOutputTokens: 101 }, 'no'],
  ['a request that does not say', 'max_output_tokens', { at_most: 100 }, {}, 'unknown'],
  ['as many bytes', 'input', { max_bytes: '1KiB' }, inputs({ bytes: 1024 }), 'yes'],
  ['one byte more', 'input', { max_bytes: '1KiB' }, inputs({ bytes: 1025 }), 'no'],
  ['a size that nobody tells', 'input', { max_bytes: '1KiB' }, {}, 'unknown'],
  ['images where none may be', 'input', { images: false }, inputs({ images: true }), 'no'],
  ['no images where none may be', 'input', { images: false }, {}, 'yes'],
  ['no images where some must be', 'input', { images: true }, {}, 'no'],
  ['images where some must be', 'input', { images: true }, inputs({ images: true }), 'yes'],
  ['files beside images that are not spoken of', 'input', { files: false }, inputs({ images: true }), 'yes'],
  ['audio where none may be', 'input', { files: false, audio: false }, inputs({ audio: true }), 'no'],
  [
    'too large, and images that may not be',
    'input',
    { max_bytes: '1B', images: false },
    inputs({ images: true }),
    'no',
  ],
  ['every function fits', 'tools', { functions: ['search', 'crm_*'] }, tools(['crm_find', 'search']), 'yes'],
  ['one function does not', 'tools', { functions: ['search', 'crm_*'] }, tools(['crm_find', 'rm']), 'no'],
  ['hosted tools are not spoken of', 'tools', { functions: ['search'] }, tools([], ['web_search']), 'yes'],
  ['none may be hosted', 'tools', { hosted: [] }, tools(['x'], ['web_search']), 'no'],
  ['none is hosted', 'tools', { hosted: [] }, tools(['x']), 'yes'],
  ['a star is no name of a function', 'tools', { functions: ['search'] }, tools(['*']), 'no'],
  ['every host is granted', 'urls', ['a.example', '*.cdn.example'], { urls: ['a.example', 'x.cdn.example'] }, 'yes'],
  ['one host is not', 'urls', ['a.example'], { urls: ['a.example', 'b.example'] }, 'no'],
  ['the domain itself is not under it', 'urls', ['*.cdn.example'], { urls: ['cdn.example'] }, 'no'],
  ['no host is named', 'urls', [], {}, 'yes'],
  ['a host, and none is granted', 'urls', [], { urls: ['a.example'] }, 'no'],
  ['a stream asked for', 'stream', true, { stream: true }, 'yes'],
  ['no stream', 'stream', true, {}, 'no'],
  ['no stream where none may be', 'stream', false, {}, 'yes'],
  ['a stream where none may be', 'stream', false, { stream: true }, 'no'],
]

for (const [sentence, name, written, facts, expected] of table) {
  t.test(`${name}: ${sentence}`, async (t) => {
    const condition = CONDITIONS[name] as unknown as {
      compile: (written: unknown) => (input: PolicyInput) => Match
      want: (written: unknown) => string
      got: (input: PolicyInput, written: unknown) => string
    }
    const input = { ...plain, ...facts }
    t.equal(condition.compile(written)(input), expected)
    t.equal(condition.compile(written)(input), expected, 'and again')
    t.type(condition.want(written), 'string')
    t.type(condition.got(input, written), 'string')
  })
}

t.test('each condition has a yes, a no, and the list holds every file once', async (t) => {
  const folder = new URL('../../../src/policy/conditions/', import.meta.url)
  const files = readdirSync(folder).filter((file) => file !== 'index.ts' && file !== 'condition.ts')
  const names = Object.entries(CONDITIONS).map(([key, { name }]) => {
    t.equal(key, name, 'the key of the list is the name')
    return name.replaceAll('_', '-')
  })
  t.same(files.map((file) => file.replace('.ts', '')).sort(), names.sort())
  for (const name of Object.keys(CONDITIONS)) {
    const answers = new Set(table.filter((row) => row[1] === name).map((row) => row[4]))
    t.ok(answers.has('yes') && answers.has('no'), name)
  }
})
