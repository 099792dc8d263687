import t from 'tap'
import { whatCan } from '../../../src/analysis/access.ts'
import { describedCaller } from '../../../src/analysis/access-caller.ts'
import { roleSubject } from '../../../src/analysis/access-cell.ts'
import { accessMatrix, matrixTargets } from '../../../src/analysis/access-matrix.ts'
import { csvCell, matrixText } from '../../../src/analysis/access-table.ts'
import { useLines } from '../../../src/analysis/access-text.ts'
import { operationsOf } from '../../../src/analysis/access-universe.ts'
import { printable } from '../../../src/config/report.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import { describedRequest } from '../../../src/policy/described.ts'
import { allow, analysed, deny, MFA, SETS } from '../../support/analysed.ts'

t.test('what a role can: by set, pattern and name, and what has no model', async (t) => {
  const policy = analysed([
    allow('s', { roles: ['employee'], models: ['@small'], operations: ['chat', 'responses'] }),
    allow('o', { roles: ['analyst'], models: ['gpt-4o'], when: { mfa: true } }),
    allow('l', { operations: ['models.list', 'embeddings'] }),
    allow('x', { roles: ['contractor'], models: ['o1'] }),
    deny('d', { roles: ['analyst'], models: ['gpt-5-nano'], operations: ['chat'] }),
  ])
  const members = (name: string) => (name === '@small' ? SETS.small : [])
  t.same(useLines(whatCan(policy, roleSubject(policy, 'analyst')), members), [
    'every model:',
    '  embeddings: yes  [like everybody; rule l]',
    '@small (gpt-4o-mini, gpt-*-nano):',
    '  chat: unless the model is gpt-5-nano (rule d)  [through employee; rule s]',
    '  responses: yes  [through employee; rule s]',
    'gpt-4o:',
    '  chat: with MFA  [rule o]',
    'without a model:',
    '  models.list: yes  [like everybody; rule l]',
  ])
  t.same(useLines(whatCan(analysed([deny('d', {})]), roleSubject(policy, 'analyst')), members), ['nothing is allowed'])
})

const CALLER_RULES = [
  allow('s', { roles: ['employee'], models: ['@small'] }),
  allow('o', { roles: ['analyst'], models: ['gpt-4o'], when: MFA }),
  allow('r', { workspaces: ['research'], models: ['o1'], when: { claim: { path: 'dep.type', in: ['lab'] } } }),
  deny('d', { roles: ['contractor'], models: ['gpt-*'] }),
]
const NOW = Date.parse('2026-03-02T09:00:00Z') / 1000

const callers: readonly (readonly [
  sentence: string,
  as: { [key: string]: JsonValue },
  roles: { certain: string[]; possible: string[] },
  lines: readonly string[],
])[] = [
  [
    'what is known of a caller is no condition any more',
    {
      groups: ['analysts'],
      issuer: 'corp',
      mfa: true,
      auth_time: NOW - 60,
      workspace: 'research',
      claims: { dep: { type: 'lab' } },
    },
    { certain: ['analyst', 'employee'], possible: [] },
    [
      '@small (gpt-4o-mini, gpt-*-nano):',
      '  chat: yes  [through employee; rule s]',
      'gpt-4o:',
      '  chat: yes  [through analyst; rule o]',
      'o1:',
      '  chat: yes  [like everybody; rule r]',
    ],
  ],
  [
    'what is not known is one, and so is a role that it may have',
    { issuer: 'corp' },
    { certain: ['employee'], possible: ['analyst', 'contractor'] },
    [
      '@small (gpt-4o-mini, gpt-*-nano):',
      '  chat: unless the caller has, or may have, the role contractor (rule d)  [through employee; rule s]',
      'gpt-4o:',
      '  chat: with the role analyst, with MFA younger than 12 h, unless the caller has, or may have, the role contractor (rule d)  [rule o]',
      'o1:',
      '  chat: with the claim dep.type lab  [like everybody; rule r]',
    ],
  ],
  [
    'a caller who is known to lack something is not told of it',
    { groups: ['contractors'], issuer: 'corp', claims: { dep: 'lab' } },
    { certain: ['contractor', 'employee'], possible: [] },
    ['@small (gpt-4o-mini, gpt-*-nano):', '  chat: taken away  [rule s, by d]'],
  ],
  [
    'a sign-in that is too old does not become younger',
    { groups: ['analysts'], issuer: 'corp', mfa: true, auth_time: NOW - 50_000, workspace: [] },
    { certain: ['analyst', 'employee'], possible: [] },
    ['@small (gpt-4o-mini, gpt-*-nano):', '  chat: yes  [through employee; rule s]'],
  ],
]
for (const [sentence, as, roles, lines] of callers) {
  t.test(sentence, async (t) => {
    const policy = analysed(CALLER_RULES)
    const read = describedRequest(
      { as: { user: 'bob', workspace: 'research', ...as }, request: { operation: 'chat' } },
      NOW * 1000,
    )
    if (!read.ok) throw new Error(read.fault)
    const caller = describedCaller(policy, read.value.input.principal)
    t.same(caller.roles, roles)
    t.same(
      useLines(whatCan(policy, caller.subject), (name) => (name === '@small' ? SETS.small : [])),
      lines,
    )
  })
}

t.test('a caller of whom nothing is told may be in any workspace', async (t) => {
  const policy = analysed(CALLER_RULES)
  const read = describedRequest({ as: { user: 'bob', groups: [], workspace: 7 }, request: { operation: 'chat' } }, 0)
  if (!read.ok) throw new Error(read.fault)
  const { subject, workspaces } = describedCaller(policy, read.value.input.principal)
  t.same(workspaces, { certain: [], possible: ['finance', 'research'] })
  t.match(
    useLines(whatCan(policy, subject), () => []).join('\n'),
    'o1:\n  chat: in the workspace research, with the claim',
  )
})

const MATRIX_RULES = [
  allow('s', { roles: ['employee'], models: ['@small'], operations: ['chat', 'embeddings'] }),
  allow('o', { roles: ['analyst'], models: ['gpt-4o', '=cmd'], when: MFA }),
  allow('p', { roles: ['analyst'], models: ['gpt-4o'], operations: ['embeddings'] }),
  deny('d', { models: ['gpt-4o-mini'], operations: ['chat'], when: { stream: true } }),
]

function matrix() {
  const policy = analysed(MATRIX_RULES)
  return accessMatrix(policy, matrixTargets(policy), operationsOf(policy.outline))
}

const NOTES = `
[1] with MFA younger than 12 h
[2] chat: unless the model is gpt-4o-mini and the request is streamed (rule d)
[3] embeddings: without a condition
[4] chat: with MFA younger than 12 h
[5] chat: unless the request is streamed (rule d)
`

t.test('the matrix as text has footnotes', async (t) => {
  t.equal(
    matrixText(matrix(), { format: 'text' }, printable),
    `role        =cmd    @small     gpt-4o     gpt-4o-mini
everybody   -       -          -          -
analyst     if [1]  if [2, 3]  if [4, 3]  if [5, 3]
contractor  -       if [2, 3]  -          if [5, 3]
employee    -       if [2, 3]  -          if [5, 3]
${NOTES}`,
  )
})

t.test('the matrix as Markdown is a table in which names are text', async (t) => {
  const policy = analysed([allow('o', { roles: ['analyst'], models: ['a|b', '*_x'], when: { mfa: true } })])
  const targets = matrixTargets(policy).filter(({ label }) => label !== '@small')
  t.equal(
    matrixText(accessMatrix(policy, targets, operationsOf(policy.outline)), { format: 'markdown' }, printable),
    `| role | \\*\\_x | a\\|b |
| --- | --- | --- |
| everybody | - | - |
| analyst | if \\[1\\] | if \\[1\\] |
| contractor | - | - |
| employee | - | - |

1. with MFA
`,
  )
})

t.test('the matrix as CSV has no foot and no formulas', async (t) => {
  const rows = matrixText(matrix(), { format: 'csv' }, printable).split('\r\n')
  t.equal(rows[0], "role,'=cmd,'@small,gpt-4o,gpt-4o-mini")
  t.equal(rows[1], 'everybody,-,-,-,-')
  t.equal(
    rows[3],
    'contractor,-,"if chat: unless the model is gpt-4o-mini and the request is streamed (rule d); or embeddings: without a condition",-,"if chat: unless the request is streamed (rule d); or embeddings: without a condition"',
  )
  t.equal(rows.length, 6)
})

const cells: readonly (readonly [text: string, field: string])[] = [
  ['plain', 'plain'],
  ['-', '-'],
  ['-1', "'-1"],
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['@a', "'@a"],
  ['\uff1d1', "'\uff1d1"],
  ['  =1', "'  =1"],
  ['a,b', '"a,b"'],
  ['a;b', '"a;b"'],
  ['\t1', '"\'\t1"'],
  ['\r1', '"\'\r1"'],
  ['"=1', '"\'""=1"'],
  ['a,=1', '"a,\'=1"'],
  ['a; @b', '"a;\' @b"'],
  ['a =1', 'a =1'],
  ['a-b', 'a-b'],
  ['a"b', '"a""b"'],
  ['=a,"b"', '"\'=a,""b"""'],
]
for (const [text, field] of cells)
  t.test(`a CSV field of ${JSON.stringify(text)}`, async (t) => t.equal(csvCell(text), field))
