import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { main } from '../../../src/cli/main.ts'
import { runGroup, testGroups } from '../../../src/cli/policy-tests.ts'
import { scalar, starterPolicy } from '../../../src/cli/starter-policy.ts'
import { parseYaml } from '../../../src/config/yaml.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }] }
upstreams: [{ name: us, url: https://us.example/v1, models: ["gpt-*"] }]
policies: [policies]
`
const root = mkdtempSync(join(tmpdir(), 'sallyport-init-'))
t.teardown(() => rmSync(root, { recursive: true }))
let folders = 0

function folderOf(files: { readonly [name: string]: string }): string {
  const folder = mkdtempSync(join(root, `${folders++}-`))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** `typed`: what somebody types on a terminal; null closes it. */
async function policy(cwd: string, argv: readonly string[], typed?: readonly (string | null)[]) {
  const out = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      out[name] += text
    },
  })
  const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined })
  for (const line of typed ?? []) line === null ? stdin.end() : stdin.write(`${line}\n`)
  const io = { stdout: sink('stdout'), stderr: sink('stderr'), env: {}, cwd, stdin }
  const code = await main(['policy', ...argv, '--config', 'config.yaml'], io)
  return { code, ...out }
}

async function check(cwd: string, ...argv: string[]) {
  const silent = { write: () => undefined }
  return main([...argv, '--config', 'config.yaml'], { stdout: silent, stderr: silent, env: {}, cwd })
}

const sound: readonly (readonly [string, readonly string[]])[] = [
  ['one group', ['--issuer', 'corp', '--group', 'analysts=gpt-4o-mini']],
  ['the only issuer of the config', ['--group', 'analysts=gpt-4o-mini,gpt-4o']],
  ['several groups and a second factor', ['--group', 'a=gpt-4o', '--group', 'b=gpt-*', '--mfa', '12h']],
  ['a group of a directory', ['--group', 'cn=Dev Ops,dc=example,dc=org=gpt-4o']],
  ['a group that is no plain YAML', ['--group', 'yes=gpt-4o', '--group', 'no=gpt-4o-mini', '--group', '1e3=gpt-4']],
  ['a group twice', ['--group', 'a=gpt-4o', '--group', 'a=gpt-4o-mini,gpt-4o']],
  ['a group that is named like one of ours', ['--group', 'list=gpt-4o', '--group', 'group-1=gpt-4', '--mfa', '1s']],
]
for (const [name, flags] of sound) {
  t.test(`${name}: the file passes check and its own tests`, async (t) => {
    const cwd = folderOf({ 'config.yaml': CONFIG })
    const { code, stdout, stderr } = await policy(cwd, ['init', ...flags])
    t.same([code, stderr], [0, ''])
    t.match(stdout, /^wrote policies\/policy\.yaml\n[\s\S]*sallyport check[\s\S]*sallyport policy test/)
    t.equal(await check(cwd, 'check', '--strict'), 0)
    t.equal(await check(cwd, 'policy', 'test', '--min-coverage', '50'), 0)
    t.match(readFileSync(join(cwd, 'policies/policy.yaml'), 'utf8'), /^# Who may do what/)
  })
}

const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['no flags and no terminal', [], /say who may use what, such as `--issuer corp --group analysts=gpt-4o-mini`/],
  ['no group', ['--issuer', 'corp'], /`--group` is missing/],
  ['a slip in the issuer', ['--issuer', 'crop', '--group', 'a=b'], /no issuer named `crop`; did you mean `corp`\?/],
  ['a group without models', ['--group', 'analysts'], /`analysts` must be a group and its models/],
  ['an empty model', ['--group', 'analysts=gpt-4o,'], /must be a group and its models/],
  ['a set of models', ['--group', 'analysts=@small'], /`@small` is a set of models/],
  ['a duration that is none', ['--group', 'a=b', '--mfa', 'often'], /must be a duration such as `12h`/],
]
for (const [name, flags, said] of refused) {
  t.test(`${name} is refused, and nothing is written`, async (t) => {
    const cwd = folderOf({ 'config.yaml': CONFIG })
    const { code, stdout, stderr } = await policy(cwd, ['init', ...flags])
    t.same([code, stdout], [2, ''])
    t.match(stderr, said)
    t.notOk(existsSync(join(cwd, 'policies')))
  })
}

t.test('a file that is there is never written, nor what a link leads to', async (t) => {
  const cwd = folderOf({ 'config.yaml': CONFIG, 'policy.yaml': 'mine\n' })
  symlinkSync('elsewhere.yaml', join(cwd, 'link.yaml'))
  for (const file of ['policy.yaml', 'link.yaml']) {
    const { code, stderr } = await policy(cwd, ['init', file, '--group', 'a=gpt-4o'])
    t.equal(code, 2)
    t.match(stderr, /is there already; nothing was written/)
  }
  t.equal(readFileSync(join(cwd, 'policy.yaml'), 'utf8'), 'mine\n')
  t.notOk(existsSync(join(cwd, 'elsewhere.yaml')))
})

t.test('without a config, too; the schema is named where it lies beside', async (t) => {
  const cwd = folderOf({ 'policy.schema.json': '{}' })
  const { code, stdout } = await policy(cwd, ['init', 'p.yaml', '--issuer', 'any', '--group', 'a=m', '--json'])
  t.equal(code, 0)
  t.same(JSON.parse(stdout), { file: 'p.yaml', issuer: 'any', groups: [{ group: 'a', models: ['m'] }], mfa: null })
  t.match(readFileSync(join(cwd, 'p.yaml'), 'utf8'), /^# yaml-language-server: \$schema=\.\/policy\.schema\.json\n/)
})

t.test('on a terminal it asks, again where an answer is none', async (t) => {
  const cwd = folderOf({ 'config.yaml': CONFIG })
  const typed = ['crop', '', 'analysts', 'analysts=gpt-4o', 'ops=gpt-4o-mini', '', 'often', '12h']
  const { code, stdout } = await policy(cwd, ['init'], typed)
  t.equal(code, 0)
  t.match(
    stdout,
    /Which issuer [^\n]*\[corp\]: the config has no issuer named `crop`; did you mean `corp`\?\nWhich issuer/,
  )
  const text = readFileSync(join(cwd, 'policies/policy.yaml'), 'utf8')
  t.match(text, /members: \[\{ issuer: corp, group: ops \}\]/)
  t.match(text, /max_age: 12h/)
  t.equal(await check(cwd, 'check', '--strict'), 0)
})

t.test('a terminal that closes leaves nothing behind', async (t) => {
  const cwd = folderOf({ 'config.yaml': CONFIG })
  const { code, stderr } = await policy(cwd, ['init'], ['corp', 'analysts=gpt-4o', null])
  t.equal(code, 2)
  t.match(stderr, /the questions were not answered; nothing was written/)
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
      const answers = { issuer, groups: groups.map((group) => ({ group, models })), mfa, hasSchema: true }
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
