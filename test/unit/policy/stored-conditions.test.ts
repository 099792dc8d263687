import t from 'tap'
import type { PolicyInput } from '../../../src/model/decision.ts'
import type { Match } from '../../../src/model/match.ts'
import { CONDITIONS } from '../../../src/policy/conditions/index.ts'

const nothing = { bytes: 0, images: false, files: false, audio: false }

type Written = (input: PolicyInput) => Match

type Row = readonly [sentence: string, name: 'tools' | 'urls' | 'input', written: unknown, more: object, Match]

/** Of a request that goes on with something stored. */
const table: readonly Row[] = [
  ['something stored may bring tools', 'tools', { hosted: [] }, {}, 'unknown'],
  ['something stored may bring functions', 'tools', { functions: ['search'] }, {}, 'unknown'],
  ['something stored brings what is granted', 'tools', { hosted: ['*'] }, {}, 'yes'],
  [
    'one tool does not fit, whatever is stored',
    'tools',
    { hosted: [] },
    { tools: { functions: [], hosted: ['x'] } },
    'no',
  ],
  ['something stored may name hosts', 'urls', ['a.example'], { urls: ['a.example'] }, 'unknown'],
  ['something stored may name any host', 'urls', ['*'], {}, 'yes'],
  ['one host is not, whatever is stored', 'urls', [], { urls: ['a.example'] }, 'no'],
  ['something stored may bring images', 'input', { images: false }, {}, 'unknown'],
  ['something stored may bring the images', 'input', { images: true }, {}, 'unknown'],
  ['images beside what is stored', 'input', { images: true }, { input: { ...nothing, images: true } }, 'yes'],
  [
    'something stored may make it larger',
    'input',
    { max_bytes: '1KiB' },
    { input: { ...nothing, bytes: 9 } },
    'unknown',
  ],
  ['too large, whatever is stored', 'input', { max_bytes: '1KiB' }, { input: { ...nothing, bytes: 1025 } }, 'no'],
]

t.test('what something stored may bring cannot be told', async (t) => {
  for (const [sentence, name, written, more, expected] of table) {
    const compile = CONDITIONS[name].compile as (written: unknown) => Written
    const input = { tools: { functions: [], hosted: [] }, input: nothing, urls: [], ...more, storedSettings: true }
    t.equal(compile(written)(input as unknown as PolicyInput), expected, sentence)
  }
})
