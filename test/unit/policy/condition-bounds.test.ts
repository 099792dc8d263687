import t from 'tap'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { sources } from '../../support/policies.ts'

/** The problems of one rule with one condition, each as `path code`; paths begin below `when`. */
function problemsOf(condition: object): string[] {
  const document = { version: 1, rules: [{ id: 'r', effect: 'allow', when: condition }] }
  const { problems } = compilePolicy(sources([document]), { issuers: [], upstreams: [] })
  return problems
    .filter(({ severity }) => severity === 'error')
    .map(({ path, at, code }) => `${path.slice(3).join('.')}${at === 'key' ? '~' : ''} ${code}`)
}

const header = (name: string, more: object = { equals: 'x' }) => ({ header: { name, ...more } })
const time = (more: object) => ({ time: { zone: 'UTC', ...more } })

/** Each refused one has a twin that differs in one thing. */
const table: readonly (readonly [sentence: string, condition: object, problems: readonly string[]])[] = [
  ['the longest name of a header', header('x'.repeat(256)), []],
  ['a name of a header that is longer', header('x'.repeat(257)), ['header.name wrong_value']],
  ['a name of a header with a space', header('x class'), ['header.name wrong_value']],
  ['the credential', header('Authorization'), ['header.name secret_header']],
  ["the proxy's credential", header('Proxy-Authorization'), ['header.name secret_header']],
  ['cookies', header('COOKIE'), ['header.name secret_header']],
  ['a key', header('x-api-key'), ['header.name secret_header']],
  ["another provider's key", header('Api-Key'), ['header.name secret_header']],
  ['no credential', header('x-api-keys'), []],
  ['a header that is asked nothing', header('x-class', {}), ['header incomplete']],
  ['a header that is asked two things', header('x-class', { equals: 'x', matches: 'y' }), ['header incomplete']],
  ['a secret header that is asked nothing', header('cookie', {}), ['header incomplete', 'header.name secret_header']],
  ['a claim that is asked nothing', { claim: { path: 'a' } }, ['claim incomplete']],
  ['an unknown key of the input', { input: { images: true, video: true } }, ['input.video~ unknown_key']],
  ['every key of the input', { input: { images: true, files: true, audio: true, max_bytes: '1B' } }, []],
  ['an unknown key of tools', { tools: { hosted: [], builtin: [] } }, ['tools.builtin~ unknown_key']],
  ['a function twice', { tools: { functions: ['a', 'a'] } }, ['tools.functions.1 duplicate']],
  ['two functions', { tools: { functions: ['a', 'b'] } }, []],
  ['a hosted tool twice', { tools: { hosted: ['a', 'a'] } }, ['tools.hosted.1 duplicate']],
  ['the most tokens', { max_output_tokens: { at_most: 1_000_000_000 } }, []],
  ['more tokens', { max_output_tokens: { at_most: 1_000_000_001 } }, ['max_output_tokens.at_most wrong_value']],
  ['one token', { max_output_tokens: { at_most: 1 } }, []],
  ['no token', { max_output_tokens: { at_most: 0 } }, ['max_output_tokens.at_most wrong_value']],
  ['a method twice', { method: ['jwt', 'jwt'] }, ['method.1 duplicate']],
  ['two methods', { method: ['jwt', 'mtls'] }, []],
  ['no method', { method: [] }, ['method empty_list']],
  ['a day twice', time({ days: ['mon', 'mon'] }), ['time.days.1 duplicate']],
  ['two days', time({ days: ['mon', 'tue'] }), []],
  ['no day', time({ days: [] }), ['time.days empty_list']],
  ['hours over midnight', time({ from: '22:00', to: '06:00' }), []],
  ['hours to midnight', time({ from: '00:00', to: '24:00' }), []],
  ['an hour that no clock shows', time({ from: '24:00', to: '06:00' }), ['time.from wrong_value']],
  ['a window of no minute', time({ from: '07:00', to: '07:00' }), ['time.to wrong_value']],
  ['a beginning without an end', time({ from: '07:00' }), ['time incomplete']],
  ['an end without a beginning', time({ to: '07:00', days: ['mon'] }), ['time incomplete']],
  ['a time that is always', time({}), ['time incomplete']],
  ['a zone that is none', { time: { days: ['mon'], zone: 'Europe/Berlim' } }, ['time.zone unknown_zone']],
  ['the longest host', { urls: ['x'.repeat(256)] }, []],
  ['a longer host', { urls: ['x'.repeat(257)] }, ['urls.0 wrong_value']],
  ['a host twice', { urls: ['a', 'a'] }, ['urls.1 duplicate']],
  ['a host in capitals', { urls: ['A'] }, ['urls.0 wrong_value']],
  ['a range that is none', { network: ['10.0.0.0/8', '10.0.0.0/33'] }, ['network.1 invalid_network']],
  ['an unknown key of `mfa`', { mfa: { max_age: '1h', since: '1h' } }, ['mfa.since~ unknown_key']],
  ['`mfa` that is not asked for', { mfa: false }, ['mfa wrong_value']],
]

for (const [sentence, condition, problems] of table) {
  t.test(`${sentence}: ${problems.length === 0 ? 'fits' : problems.join(', ')}`, async (t) => {
    t.same(problemsOf(condition), problems)
  })
}
