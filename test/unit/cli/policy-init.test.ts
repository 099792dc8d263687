import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { runGroup, testGroups } from '../../../src/cli/policy-tests.ts'
import { scalar, starterPolicy } from '../../../src/cli/starter-policy.ts'
import { parseYaml } from '../../../src/config/yaml.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { folderOf, runCli } from '../../support/cli.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity:
  issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }]
  api_keys: { enabled: true }
upstreams: [{ name: us, url: https://us.example/v1, models: ["gpt-*"] }]
policies: [policies]
`
/** `typed`: what somebody types on a terminal; null closes it. */
function policy(cwd: string, argv: readonly string[], typed?: readonly (string | null)[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined })
  for (const line of typed ?? []) line === null ? stdin.end() : stdin.write(`${line}\n`)
  return runCli(['policy', ...argv, '--config', 'config.yaml'], cwd, { stdin })
}

async function check(cwd: string, ...argv: string[]) {
  return (await runCli([...argv, '--config', 'config.yaml'], cwd)).code
}

/** Each flag, and what may be said with it; the first of each is that it is left out or as usual. */
const issuers = [[], ['--issuer', 'corp'], ['--issuer', 'api_keys']]
const mfas = [[], ['--mfa', '12h'], ['--mfa', '1s'], ['--mfa', '999999999d']]
const files = ['policies/policy.yaml', 'policies/teams/policy.yaml']
const groups: readonly (readonly [sentence: string, ...groups: string[]])[] = [
  ['one group', 'analysts=gpt-4o-mini'],
  ['several models', 'analysts=gpt-4o-mini,gpt-4o'],
  ['several groups', 'a=gpt-4o', 'b=gpt-*'],
  ['a group of a directory', 'cn=Dev Ops,dc=example,dc=org=gpt-4o'],
  ['groups that are no plain YAML', 'yes=gpt-4o', 'no=gpt-4o-mini', '1e3=gpt-4'],
  ['a group twice', 'a=gpt-4o', 'a=gpt-4o-mini,gpt-4o'],
  ['groups that are named like ours', 'list=gpt-4o', 'group-1=gpt-4', 'list-models=gpt-4o'],
]
for (const [sentence, ...written] of groups) {
  t.test(
    `${sentence}: whatever the other flags, the file passes check and its tests exercise every rule`,
    async (t) => {
      for (const issuer of issuers) {
        // A key has no second factor: that is refused below.
        for (const mfa of issuer.includes('api_keys') ? [[]] : mfas) {
          for (const file of files) {
            const flags = [...issuer, ...mfa, ...written.flatMap((group) => ['--group', group])]
            const cwd = folderOf(t, { 'config.yaml': CONFIG.replace('policies]', `${file}]`) })
            const { code, out, err } = await policy(cwd, ['init', file, ...flags])
            t.same([code, err], [0, ''], flags.join(' '))
            t.match(out, /^wrote policies\/[\s\S]*sallyport check[\s\S]*sallyport policy test/)
            t.equal(await check(cwd, 'check', '--strict'), 0)
            t.equal(await check(cwd, 'policy', 'test', '--min-coverage', '100'), 0)
          }
        }
      }
    },
  )
}

const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['no flags and no terminal', [], /say who may use what, such as `--issuer corp --group analysts=gpt-4o-mini`/],
  ['no group', ['--issuer', 'corp'], /`--group` is missing/],
  ['a slip in the issuer', ['--issuer', 'crop', '--group', 'a=b'], /no issuer named `crop`; did you mean `corp`\?/],
  ['a group without models', ['--group', 'analysts'], /`analysts` must be a group and its models/],
  ['an empty model', ['--group', 'analysts=gpt-4o,'], /must be a group and its models/],
  ['a set of models', ['--group', 'analysts=@small'], /`@small` is a set of models/],
  [
    'a second factor of API keys',
    ['--issuer', 'api_keys', '--group', 'a=b', '--mfa', '12h'],
    /an API key shows no second factor, so that nobody could use anything; leave `--mfa` out/,
  ],
  ['a duration that is none', ['--group', 'a=b', '--mfa', 'often'], /must be a duration such as `12h`/],
  ['a duration that no sign-in is told by', ['--group', 'a=b', '--mfa', '999ms'], /ask for at least `1s`/],
]
for (const [name, flags, said] of refused) {
  t.test(`${name} is refused, and nothing is written`, async (t) => {
    const cwd = folderOf(t, { 'config.yaml': CONFIG })
    const { code, out, err } = await policy(cwd, ['init', ...flags])
    t.same([code, out], [2, ''])
    t.match(err, said)
    t.notOk(existsSync(join(cwd, 'policies')))
  })
}

t.test('API keys are refused where the config accepts none', async (t) => {
  const config = CONFIG.replace('enabled: true', 'enabled: false')
  const cwd = folderOf(t, { 'config.yaml': config, 'policies/other.yaml': 'version: 1\n' })
  const { code, err } = await policy(cwd, ['init', '--issuer', 'api_keys', '--group', 'ci=gpt-4o'])
  t.equal(code, 2)
  t.match(err, /the config accepts no API keys; add `api_keys: \{ enabled: true \}` to its `identity`/)
})

t.test('a file that is there is never written, nor what a link leads to', async (t) => {
  const cwd = folderOf(t, { 'config.yaml': CONFIG, 'policy.yaml': 'mine\n' })
  symlinkSync('elsewhere.yaml', join(cwd, 'link.yaml'))
  for (const file of ['policy.yaml', 'link.yaml']) {
    const { code, err } = await policy(cwd, ['init', file, '--group', 'a=gpt-4o'])
    t.equal(code, 2)
    t.match(err, /is there already; nothing was written/)
  }
  t.equal(readFileSync(join(cwd, 'policy.yaml'), 'utf8'), 'mine\n')
  t.notOk(existsSync(join(cwd, 'elsewhere.yaml')))
})

t.test('without a config, too', async (t) => {
  const { code, out } = await policy(folderOf(t), ['init', 'p.yaml', '--issuer', 'any', '--group', 'a=m', '--json'])
  t.equal(code, 0)
  t.same(JSON.parse(out), {
    file: 'p.yaml',
    schema: 'policy.schema.json',
    issuer: 'any',
    groups: [{ group: 'a', models: ['m'] }],
    mfa: null,
  })
})

const REPOSITORY_SCHEMA = new URL('../../../policies/policy.schema.json', import.meta.url)
const schemas: readonly (readonly [sentence: string, there: readonly string[], file: string, named: string])[] = [
  ['the one beside the file', ['p/policy.schema.json', 'policy.schema.json'], 'p/a.yaml', './policy.schema.json'],
  ['the one of a folder above', ['policies/policy.schema.json'], 'policies/teams/a.yaml', '../policy.schema.json'],
  ['the one of the working folder', ['policy.schema.json'], 'b/c/d/a.yaml', '../../../policy.schema.json'],
  ['none above the working folder', ['policy.schema.json'], '../a.yaml', './policy.schema.json'],
  ['where there is none, one is written', [], 'policies/a.yaml', './policy.schema.json'],
]
for (const [sentence, there, file, named] of schemas) {
  t.test(`the first line names the schema for editors: ${sentence}`, async (t) => {
    const cwd = join(folderOf(t, Object.fromEntries(['.keep', ...there].map((path) => [join('in', path), '{}']))), 'in')
    t.equal((await policy(cwd, ['init', file, '--issuer', 'corp', '--group', 'a=m'])).code, 0)
    t.equal(readFileSync(join(cwd, file), 'utf8').split('\n')[0], `# yaml-language-server: $schema=${named}`)
    for (const path of there) t.equal(readFileSync(join(cwd, path), 'utf8'), '{}', 'what is there is left as it is')
    const text = readFileSync(join(cwd, dirname(file), named), 'utf8')
    const isOurs = !there.some((path) => join(path) === join(dirname(file), named))
    t.equal(text, isOurs ? readFileSync(REPOSITORY_SCHEMA, 'utf8') : '{}')
  })
}

t.test('on a terminal it asks, again where an answer is none', async (t) => {
  const cwd = folderOf(t, { 'config.yaml': CONFIG })
  const typed = ['crop', '', 'analysts', 'analysts=gpt-4o', 'ops=gpt-4o-mini', '', 'often', '12h']
  const { code, out } = await policy(cwd, ['init'], typed)
  t.equal(code, 0)
  t.match(
    out,
    /Which issuer [^\n]*\[corp\]: the config has no issuer named `crop`; did you mean `corp`\?\nWhich issuer/,
  )
  const text = readFileSync(join(cwd, 'policies/policy.yaml'), 'utf8')
  t.match(text, /members: \[\{ issuer: corp, group: ops \}\]/)
  t.match(text, /max_age: 12h/)
  t.equal(await check(cwd, 'check', '--strict'), 0)
})

t.test('on a terminal nobody is asked for the second factor of an API key', async (t) => {
  const { code, out } = await policy(folderOf(t, { 'config.yaml': CONFIG }), ['init'], ['api_keys', 'ci=gpt-4o', ''])
  t.equal(code, 0)
  t.notMatch(out, /several factors/)
})

t.test('a terminal that closes leaves nothing behind', async (t) => {
  const cwd = folderOf(t, { 'config.yaml': CONFIG })
  const { code, err } = await policy(cwd, ['init'], ['corp', 'analysts=gpt-4o', null])
  t.equal(code, 2)
  t.match(err, /the questions were not answered; nothing was written/)
  t.notOk(existsSync(join(cwd, 'policies')))
})

const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.constantFrom(
    'a: b',
    '# x',
    '"',
    "'",
    '\\',
    '{a}',
    '- a',
    '<<',
    '!!x',
    '&a',
    '*a',
    '\n',
    '\u0085',
    '\u2028',
    '\ufeff',
  ),
  fc.constantFrom(
    'true',
    'null',
    '0x1F',
    '1e3',
    '__proto__',
    'constructor',
    '😀',
    '\u202e',
    'Übung',
    'a #b',
    '%x',
    '~',
  ),
)

t.test('a name stands in YAML exactly as it is, whatever is in it', async (t) => {
  fc.assert(
    fc.property(hostile, (name) => {
      const { document, problems } = parseYaml(`a: [${scalar(name)}]\n`, '')
      if (document === null) throw new Error(problems[0]?.message)
      return JSON.stringify(document) === JSON.stringify({ a: [name] })
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

t.test('whatever groups and models are named, the policy means them and its tests hold', async (t) => {
  const names = fc.uniqueArray(hostile, { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(hostile, names, names, fc.option(fc.constant('12h')), (issuer, groups, written, mfa) => {
      const models = written.map((model) => model.replace(/^@/, 'a'))
      const answers = {
        issuer,
        groups: groups.map((group) => ({ group, models })),
        mfa,
        schema: './policy.schema.json',
      }
      const { document, problems } = parseYaml(starterPolicy(answers), '')
      if (document === null) throw new Error(problems[0]?.message)
      const { policy: compiled, problems: found } = compilePolicy([{ name: '', document, digest: '' }], {
        issuers: [issuer],
        upstreams: [],
      })
      if (!compiled) throw new Error(found[0]?.message)
      const results = testGroups(compiled, []).flatMap((group) => runGroup(group, 0).results)
      const failures = results.filter(({ ok }) => !ok)
      if (failures.length > 0) throw new Error(JSON.stringify(failures[0]))
      const members = [...compiled.outline().roles.values()].map(({ members: [member] }) => member)
      return JSON.stringify(members) === JSON.stringify(groups.map((group) => ({ issuer, group })))
    }),
    { numRuns: 300 },
  )
  t.pass()
})
