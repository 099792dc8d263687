import t from 'tap'
import { findAddress } from '../../../src/analysis/find-address.ts'
import { findText, hasText } from '../../../src/analysis/find-text.ts'
import { findInstant } from '../../../src/analysis/find-time.ts'
import { namesAndPatterns } from '../../../src/analysis/parts.ts'

const texts: readonly (readonly [within: string[][], without: string[][], isThere: boolean])[] = [
  [[['a', 'b']], [['a']], true],
  [[['a', 'b']], [['a'], ['b']], false],
  [[['a*']], [['ab*']], true],
  [[['a*']], [['*']], false],
  [[['a*'], ['*b']], [], true],
  [[['a*'], ['b*']], [], false],
  [[['*a*'], ['*b*']], [['*ab*']], true],
  [[['gpt-*']], [['gpt-*o', 'gpt-*mini']], true],
  [[['*']], [], true],
  [[], [['a', 'b*']], true],
  [[['ab*', 'ac*']], [['*b*'], ['*c*']], false],
  [[['a*a']], [['aa*']], true],
  [[['a*a']], [['aa', 'a*a']], false],
  [[['x*', 'q']], [['xx*', 'xq*']], true],
  [[['\u{1f600}*']], [['\u{1f600}']], true],
  [[['__proto__', 'constructor']], [['*o*t*']], false],
]
for (const [within, without, isThere] of texts) {
  t.test(`a text in ${JSON.stringify(within)} and not in ${JSON.stringify(without)}`, async (t) => {
    const [yes, no] = [within.map(namesAndPatterns), without.map(namesAndPatterns)]
    const found = findText(yes, no)
    if (!isThere) return t.equal(found, 'none')
    if (typeof found === 'string') return t.fail(found)
    t.ok(yes.every((one) => hasText(one, found.text)) && !no.some((one) => hasText(one, found.text)), found.text)
  })
}

const addresses: readonly (readonly [within: string[][], without: string[][], address: string | null])[] = [
  [[['10.0.0.0/8']], [], '10.0.0.0'],
  [[['10.0.0.0/8']], [['10.0.0.0/9']], '10.128.0.0'],
  [[['10.0.0.0/8']], [['10.0.0.0/9', '10.128.0.0/9']], null],
  [[['10.0.0.0/8'], ['11.0.0.0/8']], [], null],
  [[['10.0.0.0/8'], ['10.1.2.3', '::/0']], [], '10.1.2.3'],
  [[], [['0.0.0.0/0']], '0:0:0:0:0:0:0:0'],
  [[], [['0.0.0.0/0', '::/0']], null],
  [[['::fffe:0:0/95']], [], '0:0:0:0:0:fffe:0:0'],
  [[['::ffff:10.0.0.0/104']], [['10.0.0.0/8']], null],
]
for (const [within, without, address] of addresses) {
  t.test(`an address in ${JSON.stringify(within)} and not in ${JSON.stringify(without)}`, async (t) => {
    t.equal(findAddress(within, without), address)
  })
}

const FROM = Date.parse('2026-03-02T09:00:00Z')
const zone = 'Europe/Berlin'
const office = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '07:00', to: '19:00', zone } as never
const night = { from: '22:00', to: '06:00', zone }
const weekend = { days: ['sat', 'sun'], zone } as never
const times: readonly (readonly [sentence: string, within: object[], without: object[], at: string | null])[] = [
  ['office hours', [office], [], '2026-03-02T09:00:00Z'],
  ['the night and not office hours', [night], [office], '2026-03-02T21:00:00Z'],
  ['the night and office hours', [night, office], [], null],
  ['neither office, night nor weekend', [], [office, night, weekend], '2026-03-02T18:00:00Z'],
  [
    'the first hour in Berlin and in New York',
    [
      { from: '00:00', to: '01:00', zone },
      { from: '00:00', to: '01:00', zone: 'America/New_York' },
    ],
    [],
    null,
  ],
  // Between the two changes to summer time the distance is five hours and not six.
  [
    'at once in both, only when clocks are nearer',
    [
      { from: '05:00', to: '05:30', zone },
      { from: '00:00', to: '00:30', zone: 'America/New_York' },
    ],
    [],
    '2026-03-09T04:00:00Z',
  ],
  // Clocks in New York are set in the night to the 8th of March: at two it is three.
  [
    'a minute behind the change of the clocks',
    [{ days: ['mon'], from: '00:00', to: '00:01', zone: 'America/New_York' }],
    [],
    '2026-03-09T04:00:00Z',
  ],
  [
    'an hour that the change of the clocks leaves out, a week later',
    [{ days: ['sun'], from: '02:30', to: '03:00', zone: 'America/New_York' }],
    [],
    '2026-03-15T06:30:00Z',
  ],
]
for (const [sentence, within, without, at] of times) {
  t.test(`an instant: ${sentence}`, async (t) => {
    const found = findInstant(within as never, without as never, FROM)
    t.equal(found === null ? null : new Date(found).toISOString().replace('.000', ''), at)
  })
}
