import t from 'tap'
import { areImplied } from '../../../../src/policy/lints/implied.ts'
import type { WhenDocument } from '../../../../src/policy/schema.ts'

type Row = readonly [sentence: string, inner: WhenDocument, outer: WhenDocument, isImplied: boolean]
const claim = (path: string | readonly string[], test: object = { equals: 'x' }) =>
  ({ claim: { path, ...test } }) as WhenDocument
const header = (name: string, test: object = { equals: 'x' }) => ({ header: { name, ...test } })
const time = (days: readonly string[], zone = 'UTC') => ({ time: { days, zone } }) as WhenDocument
const labels = (labels: { readonly [name: string]: string }) => ({ upstream: { labels } })
const tokens = (at_most: number) => ({ max_output_tokens: { at_most } })
const bytes = (max_bytes: string) => ({ input: { max_bytes } })
const fresh = (max_age: string) => ({ mfa: { max_age } })

const table: readonly Row[] = [
  ['nothing asked', { stream: true }, {}, true],
  ['something asked of nothing', {}, { stream: true }, false],
  ['one of two', { stream: true }, { stream: true, region: ['eu'] }, false],
  ['both of two', { region: ['eu'], stream: true }, { stream: true, region: ['eu'] }, true],
  ['streams and none', { stream: true }, { stream: false }, false],
  ['a second factor', { mfa: true }, { mfa: true }, true],
  ['a fresh one, where any will do', fresh('5m'), { mfa: true }, true],
  ['any, where it must be fresh', { mfa: true }, fresh('5m'), false],
  ['a fresher one', fresh('5m'), fresh('1h'), true],
  ['one as fresh', fresh('60m'), fresh('1h'), true],
  ['an older one', fresh('1h'), fresh('5m'), false],
  ['fewer `acr`s', { acr: ['a'] }, { acr: ['b', 'a'] }, true],
  ['more `acr`s', { acr: ['a', 'b'] }, { acr: ['a'] }, false],
  ['a part of a network', { network: ['10.1.0.0/16'] }, { network: ['11.0.0.0/8', '10.0.0.0/8'] }, true],
  ['the same network', { network: ['10.0.0.0/8'] }, { network: ['10.0.0.0/8'] }, true],
  ['a wider network', { network: ['10.0.0.0/7'] }, { network: ['10.0.0.0/8'] }, false],
  ['one more network', { network: ['10.1.0.0/16', '11.1.0.0/16'] }, { network: ['10.0.0.0/8'] }, false],
  ['fewer days', time(['mon']), time(['tue', 'mon']), true],
  ['more days', time(['mon', 'tue']), time(['mon']), false],
  ['days elsewhere', time(['mon']), time(['mon'], 'Asia/Tokyo'), false],
  ['a claim in steps', claim('a.b'), claim(['a', 'b']), true],
  ['a claim further inside', claim('a.b'), claim('a'), false],
  ['a claim further outside', claim('a'), claim('a.b'), false],
  ['a claim beside it', claim('a.b'), claim('a.c'), false],
  ['one text of a list', claim('a'), claim('a', { in: ['y', 'x'] }), true],
  ['a list, where one text is meant', claim('a', { in: ['x', 'y'] }), claim('a'), false],
  ['another text', claim('a'), claim('a', { equals: 'y' }), false],
  ['a text of a pattern', claim('a'), claim('a', { matches: 'x*' }), true],
  ['texts of a pattern', claim('a', { in: ['x1', 'x2'] }), claim('a', { matches: 'x*' }), true],
  ['a list with another text', claim('a', { in: ['x1', 'y'] }), claim('a', { matches: 'x*' }), false],
  ['a narrower pattern', claim('a', { matches: 'xy*' }), claim('a', { matches: 'x*' }), true],
  ['a wider pattern', claim('a', { matches: 'x*' }), claim('a', { matches: 'xy*' }), false],
  ['a pattern, where a text is meant', claim('a', { matches: 'x*' }), claim('a'), false],
  ['the same header', header('X-Team'), header('x-team'), true],
  ['the same header in other letters', header('x-team'), header('X-TEAM'), true],
  ['another header', header('x-team'), header('x-unit'), false],
  ['another text in it', header('x-team'), header('x-team', { equals: 'y' }), false],
  ['one label more', labels({ tier: 'a', zone: 'b' }), labels({ tier: 'a' }), true],
  ['one label fewer', labels({ tier: 'a' }), labels({ tier: 'a', zone: 'b' }), false],
  ['a label of another value', labels({ tier: 'b' }), labels({ tier: 'a' }), false],
  ['a lower bound', tokens(10), tokens(20), true],
  ['the same bound', tokens(10), tokens(10), true],
  ['a higher bound', tokens(20), tokens(10), false],
  ['no images, of no size', { input: { images: false, max_bytes: '1KiB' } }, { input: { images: false } }, true],
  ['images', { input: { images: true } }, { input: { images: false } }, false],
  ['files', { input: { files: true } }, { input: { files: false } }, false],
  ['audio', { input: { audio: true } }, { input: { audio: false } }, false],
  ['no files, where audio is meant', { input: { files: false } }, { input: { audio: false } }, false],
  ['no images, where only the size counts', { input: { images: false, max_bytes: '1KiB' } }, bytes('1KiB'), true],
  ['less input', { input: { max_bytes: '1KiB' } }, { input: { max_bytes: '2KiB' } }, true],
  ['as much input', { input: { max_bytes: '1KiB' } }, { input: { max_bytes: '1KiB' } }, true],
  ['more input', { input: { max_bytes: '2KiB' } }, { input: { max_bytes: '1KiB' } }, false],
  ['any input, without images', { input: { images: false } }, { input: { images: false, max_bytes: '1KiB' } }, false],
  ['fewer functions', { tools: { functions: ['a'] } }, { tools: { functions: ['b', 'a'] } }, true],
  ['more functions', { tools: { functions: ['a', 'b'] } }, { tools: { functions: ['a'] } }, false],
  ['functions of a pattern', { tools: { functions: ['get_*'] } }, { tools: { functions: ['g*'] } }, true],
  ['more hosted tools', { tools: { hosted: ['a', 'b'] } }, { tools: { hosted: ['a'] } }, false],
  ['fewer hosted tools', { tools: { hosted: ['a'], functions: ['f'] } }, { tools: { hosted: ['a', 'b'] } }, true],
  ['functions, where hosted ones are meant', { tools: { functions: ['a'] } }, { tools: { hosted: ['a'] } }, false],
  ['hosted ones, where functions are meant', { tools: { hosted: ['a'] } }, { tools: { functions: ['a'] } }, false],
  ['a host of a domain', { urls: ['a.example'] }, { urls: ['*.example'] }, true],
  ['one host more', { urls: ['a.example', 'b.example'] }, { urls: ['a.example'] }, false],
]
for (const [sentence, inner, outer, isImplied] of table) {
  t.test(sentence, async (t) => t.equal(areImplied(inner, outer), isImplied))
}
