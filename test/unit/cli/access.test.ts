import t from 'tap'
import { folderOf, runCli, writeFiles } from '../../support/cli.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }] }
upstreams:
  - { name: us, url: https://us.example/v1, api_key: { env: NOBODY_HAS_IT }, models: ["gpt-*"], region: us }
policies: [policy.yaml]
`
const POLICY = `version: 1
roles:
  employee: { members: [{ issuer: corp }] }
  ml-lead: { members: [{ group: leads }], includes: [employee] }
  constructor: { members: [{ group: __proto__ }] }
  "a\\u202eb\\e[31m": {}
models: { small: [gpt-4o-mini] }
aliases: { fast: gpt-4o-mini }
workspaces: { research: { members: [{ group: research }] } }
rules:
  - { id: small, effect: allow, roles: [employee], models: ["@small"], operations: [chat], when: { urls: ["*.example"] } }
  - id: large
    effect: allow
    roles: [ml-lead, constructor, "a\\u202eb\\e[31m"]
    workspaces: [research]
    models: [gpt-4o]
    operations: [chat]
    when: { mfa: { max_age: 12h }, network: [10.0.0.0/8], max_output_tokens: { at_most: 4096 } }
  - { id: no-images, effect: deny, operations: [chat], when: { input: { images: true } } }
`

const folder = folderOf(t, { 'config.yaml': CONFIG })

async function cli(argv: readonly string[], policy = POLICY) {
  writeFiles(folder, { 'policy.yaml': policy })
  return runCli(['policy', ...argv, '--config', 'config.yaml'], folder)
}

const LARGE =
  'with MFA younger than 12 h, from 10.0.0.0/8, up to 4096 output tokens, unless the request has images (rule no-images)'

const answered: readonly (readonly [sentence: string, argv: readonly string[], code: number, out: string])[] = [
  [
    'who can, with what remains; hostile names are escaped',
    ['who-can', '--model', 'gpt-4o', '--operation', 'chat'],
    0,
    `gpt-4o, served by us
chat:
  "a\\u{202e}b\\u001b[31m", in the workspace research, ${LARGE}  [rule large]
  constructor, in the workspace research, ${LARGE}  [rule large]
  ml-lead, in the workspace research, ${LARGE}  [rule large]
`,
  ],
  [
    'an alias is shown with what it stands for',
    ['who-can', '--model', 'fast'],
    0,
    `fast, an alias of gpt-4o-mini, served by us
chat:
  employee, with no URLs but *.example, unless the request has images (rule no-images)  [rule small]
  ml-lead, with no URLs but *.example, unless the request has images (rule no-images)  [through employee; rule small]
`,
  ],
  ['nobody can is exit 1', ['who-can', '--model', 'gpt-5'], 1, 'gpt-5, served by us\nnobody can\n'],
  ['an operation that no rule names', ['who-can', '--operation', 'files.*'], 1, 'nobody can\n'],
  [
    'what a role can',
    ['what-can', '--role', 'ml-lead'],
    0,
    `ml-lead, who holds employee, too
@small (gpt-4o-mini):
  chat: with no URLs but *.example, unless the request has images (rule no-images)  [through employee; rule small]
gpt-4o:
  chat: in the workspace research, ${LARGE}  [rule large]
`,
  ],
  [
    'what a caller can, as far as it is known',
    [
      'what-can',
      '--as',
      'bob',
      '--issuer',
      'corp',
      '--group',
      'leads',
      '--workspace',
      'research',
      '--mfa',
      '--auth-time',
      '1',
    ],
    0,
    `bob
roles: employee, ml-lead
workspaces: research
@small (gpt-4o-mini):
  chat: with no URLs but *.example, unless the request has images (rule no-images)  [through employee; rule small]
`,
  ],
  [
    'a caller who can nothing is exit 1',
    ['what-can', '--as', 'bob', '--issuer', 'api_keys', '--group', 'x'],
    1,
    'bob\nroles: none for certain\nworkspaces: none for certain; possibly research\nnothing is allowed\n',
  ],
  [
    'the matrix',
    ['who-can', '--matrix'],
    0,
    `role                    @small  gpt-4o
everybody               -       -
"a\\u{202e}b\\u001b[31m"  -       if [1]
constructor             -       if [1]
employee                if [2]  -
ml-lead                 if [2]  if [1]

[1] in the workspace research, ${LARGE}
[2] with no URLs but *.example, unless the request has images (rule no-images)
`,
  ],
]
for (const [sentence, argv, code, out] of answered) {
  t.test(sentence, async (t) => t.same(await cli(argv), { code, out, err: '' }))
}

const refused: readonly (readonly [sentence: string, argv: readonly string[], err: string])[] = [
  [
    'nothing asked',
    ['who-can'],
    'say what should be reached: `--model`, `--operation` or both; or `--matrix` for all of it',
  ],
  [
    'a model that nobody knows',
    ['who-can', '--model', 'gtp-4o'],
    'no rule names the model `gtp-4o` and no upstream serves it; did you mean `gpt-4o`?',
  ],
  [
    'a set that there is not',
    ['who-can', '--model', '@smal'],
    'no set of models is named `@smal`; did you mean `@small`?',
  ],
  [
    'an operation that there is not',
    ['who-can', '--operation', 'chatt'],
    'no operation is named `chatt`; did you mean `chat`?',
  ],
  [
    'a model of an operation without one',
    ['who-can', '--model', 'gpt-4o', '--operation', 'models.list'],
    'requests of this operation name no model; leave `--model` and `--matrix` out',
  ],
  [
    'a format that there is not',
    ['who-can', '--matrix', '--format', 'html'],
    '`--format` must be one of text, markdown, csv',
  ],
  [
    'a format without the matrix',
    ['who-can', '--model', 'gpt-4o', '--format', 'csv'],
    '`--format` is of the matrix; add `--matrix`',
  ],
  ['nobody asked about', ['what-can'], 'say who: `--role ROLE`, or `--as USER` with what is known of the user'],
  [
    'a role and a caller',
    ['what-can', '--role', 'employee', '--group', 'x'],
    '`--role` asks about a role as such; leave it out to ask about one caller',
  ],
  [
    'a role that there is not',
    ['what-can', '--role', 'employe'],
    'the policies have no role named `employe`; did you mean `employee`?',
  ],
  [
    'an issuer that there is not',
    ['what-can', '--as', 'bob', '--issuer', 'crop'],
    'the config has no issuer named `crop`; did you mean `corp`?',
  ],
]
for (const [sentence, argv, err] of refused) {
  t.test(`refused: ${sentence}`, async (t) => t.same(await cli(argv), { code: 2, out: '', err: `error: ${err}\n` }))
}

t.test('a broken policy is exit 2, with its place', async (t) => {
  const { code, out, err } = await cli(['who-can', '--matrix'], 'version: 1\nrules: 5\n')
  t.same([code, out], [2, ''])
  t.match(err, /^policy\.yaml:2:8: /)
})

t.test('JSON has stable keys', async (t) => {
  const reach = JSON.parse((await cli(['who-can', '--model', 'fast', '--json'])).out)
  t.same(Object.keys(reach), ['model', 'groups'])
  t.same(reach.model, { asked: 'fast', name: 'gpt-4o-mini', alias: true, upstreams: ['us'] })
  t.same(Object.keys(reach.groups[0].access[0]), ['role', 'ways', 'removed'])
  const use = JSON.parse((await cli(['what-can', '--role', 'ml-lead', '--json'])).out)
  t.same(use.holds, ['ml-lead', 'employee'])
  t.same(Object.keys(use.access[0]), ['models', 'uses'])
  t.same(Object.keys(use.access[0].uses[0]), ['operations', 'ways', 'removed'])
  const caller = JSON.parse((await cli(['what-can', '--as', 'bob', '--issuer', 'corp', '--json'])).out)
  t.same(caller.roles, { certain: ['employee'], possible: ['constructor', 'ml-lead'] })
  const matrix = JSON.parse((await cli(['who-can', '--matrix', '--json', '--operation', 'chat'])).out)
  t.same([matrix.operations, matrix.models], [['chat'], ['@small', 'gpt-4o']])
  t.same(matrix.rows[0], {
    role: null,
    cells: [
      { access: 'no', notes: [] },
      { access: 'no', notes: [] },
    ],
  })
})
