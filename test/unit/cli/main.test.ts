import t from 'tap'
import { folderOf, runCli } from '../../support/cli.ts'

async function run(argv: string[], files: Record<string, string> = {}, env: Record<string, string> = {}) {
  const { code, out: stdout, err: stderr } = await runCli(argv, folderOf(t, files), { env })
  return { code, stdout, stderr }
}

const rows: readonly (readonly [string, string[], number, 'stdout' | 'stderr', RegExp])[] = [
  ['--help is answered', ['--help'], 0, 'stdout', /sallyport demo/],
  ['the help of a command has an example', ['check', '--help'], 0, 'stdout', /Example:\n {2}\$ sallyport check/],
  ['the help of a nested command has an example', ['policy', 'explain', '--help'], 0, 'stdout', /--batch <file>/],
  ['the help of keys create has an example', ['keys', 'create', '--help'], 0, 'stdout', /--expires 90d/],
  ['no command is unusable', [], 2, 'stderr', /Usage: sallyport/],
  ['an unknown command is unusable', ['chekc'], 2, 'stderr', /Did you mean check/],
  ['an unknown option is unusable', ['check', '--jsno'], 2, 'stderr', /unknown option '--jsno'[\s\S]*--help/],
  ['an argument too many is unusable', ['check', 'x'], 2, 'stderr', /too many arguments/],
  ['a missing option is unusable', ['keys', 'create'], 2, 'stderr', /--owner/],
  ['a command that is not built says so', ['login'], 2, 'stderr', /`login` is part of the contract but not built yet/],
  ['a verb that is not built says so', ['users', 'add', 'a', '--json'], 2, 'stderr', /`users add` is part/],
  ['users without a verb is not built', ['users'], 2, 'stderr', /`users` is part of the contract but not built yet/],
  ['audit with a verb that nobody knows is not built', ['audit', 'x', '--y'], 2, 'stderr', /`audit` is part/],
  [
    'explain takes one description of a request',
    ['policy', 'explain', '--event', 'e', '--as', 'bob'],
    2,
    'stderr',
    /`--as` and `--event` cannot be used together/,
  ],
  ['the version is answered', ['--version'], 0, 'stdout', /^\d+\.\d+\.\d+\n$/],
  ['audit verify is not built', ['audit', 'verify'], 2, 'stderr', /`audit verify` is part/],
  [
    'a config that is not there is unusable',
    ['check', '--config', 'none.yaml'],
    2,
    'stderr',
    /none\.yaml:1:1: there is no such file; name yours with `--config FILE`/,
  ],
]
for (const [name, argv, code, stream, said] of rows) {
  t.test(name, async (t) => {
    const result = await run(argv)
    t.equal(result.code, code)
    t.match(result[stream], said)
    t.equal(result[stream === 'stdout' ? 'stderr' : 'stdout'], '')
  })
}

const BROKEN = 'version: 1\nlisten:\n  proxi: 127.0.0.1:0\nidentity: {}\nupstreams: []\npolicies: [p.yaml]\n'

t.test('check prints every problem with its line and a caret', async (t) => {
  const { code, stdout, stderr } = await run(['check', '--config', 'c.yaml'], { 'c.yaml': BROKEN, 'p.yaml': 'a: no\n' })
  t.equal(code, 1)
  t.equal(stdout, '')
  t.equal(
    stderr,
    [
      'c.yaml:2:1: `proxy` is missing in `listen`; it is required\n  listen:\n  ^',
      'c.yaml:3:3: `proxi` is not a known key; did you mean `proxy`?\n    proxi: 127.0.0.1:0\n    ^',
      'c.yaml:4:1: `identity` names nobody who may call; add an issuer, a directory or `api_keys: { enabled: true }`\n  identity: {}\n  ^',
      'c.yaml:5:12: `upstreams` must not be empty\n  upstreams: []\n             ^',
      'p.yaml:1:1: `a` is not a known key; known here: version, roles, models, aliases, workspaces, rules, transforms, tests\n  a: no\n  ^',
      'p.yaml:1:1: `version` is missing; it is required\n  a: no\n  ^',
      'p.yaml:1:4: `a` is text here but a boolean to other YAML readers; write `false` or `"no"`\n  a: no\n     ^',
      '7 errors\n',
    ].join('\n'),
  )
})

t.test('check --json prints the list of the contract', async (t) => {
  const { code, stdout } = await run(['check', '--config', 'c.yaml', '--json'], {
    'c.yaml': BROKEN,
    'p.yaml': 'a: 1\n',
  })
  t.equal(code, 1)
  t.same(JSON.parse(stdout)[1], {
    file: 'c.yaml',
    line: 3,
    column: 3,
    severity: 'error',
    code: 'unknown_key',
    message: '`proxi` is not a known key; did you mean `proxy`?',
  })
})

t.test('a config that is not there is a problem in JSON, too', async (t) => {
  const { code, stdout } = await run(['check', '--config', 'none.yaml', '--json'])
  t.equal(code, 2)
  t.same(
    JSON.parse(stdout).map((row: { code: string }) => row.code),
    ['config_unreadable'],
  )
})

const WARNED = {
  'c.yaml': `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { api_keys: { enabled: true } }
upstreams: [{ name: main, url: "https://a.example/v1", models: ["*"], region: us }]
policies: [p.yaml]
`,
  'p.yaml': 'version: 1\nrules: [{ id: a, effect: allow, operations: [chat], when: { region: [us, eu] } }]\n',
}
const WARNING =
  /^p\.yaml:2:\d+: warning: no upstream of the config has this region; correct it, or give it to an upstream\n/

t.test('check --show keeps warnings out of its document', async (t) => {
  const yaml = await run(['check', '--config', 'c.yaml', '--show'], WARNED)
  t.equal(yaml.code, 0)
  t.match(yaml.stdout, /^version: 1\nlisten:\n/)
  t.match(yaml.stderr, WARNING)
  const json = await run(['check', '--config', 'c.yaml', '--show', '--json'], WARNED)
  t.equal(JSON.parse(json.stdout).listen.max_body, '32MiB')
  t.match(json.stderr, WARNING)
})

t.test('check without --show has its warnings where it has its answer', async (t) => {
  const { code, stdout, stderr } = await run(['check', '--config', 'c.yaml'], WARNED)
  t.same([code, stderr], [0, ''])
  t.match(stdout, WARNING)
  t.match(stdout, /\nc\.yaml and its policies are sound\n$/)
  t.match(JSON.parse((await run(['check', '--config', 'c.yaml', '--json'], WARNED)).stdout), [{ severity: 'warning' }])
})

t.test('serve and policy print of bad files what check prints', async (t) => {
  const files = { ...WARNED, 'c.yaml': WARNED['c.yaml'].replace('version: 1', 'version: 2') }
  const { code, stderr } = await run(['check', '--config', 'c.yaml'], files)
  t.equal(code, 1)
  t.match(stderr, /\n1 error\n$/)
  for (const argv of [['serve'], ['policy', 'test']]) {
    t.same(await run([...argv, '--config', 'c.yaml'], files), { code: 2, stdout: '', stderr }, argv.join(' '))
  }
})
