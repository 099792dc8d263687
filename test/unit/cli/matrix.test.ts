import t from 'tap'
import { folderOf, runCli } from '../../support/cli.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }] }
upstreams: [{ name: us, url: https://us.example/v1, models: ["*"] }]
policies: [policy.yaml]
`
const HOSTILE = [
  '=cmd|"/C calc"!A0',
  '+1;=2,=3',
  '-1',
  '@SUM(1)',
  '\t=1',
  '\r=1',
  'a;=HYPERLINK("http://evil.example")',
  '<img src=x>|`b`|*c*|_d_',
  '[x](http://evil.example) @everyone',
  'www.evil.example',
  'ordinary',
]
const folder = folderOf(t, {
  'config.yaml': CONFIG,
  'policy.yaml': JSON.stringify({
    version: 1,
    roles: Object.fromEntries(HOSTILE.map((name) => [name, { members: [{ group: name }] }])),
    rules: HOSTILE.map((name, index) => ({
      id: `${index}-x`,
      effect: 'allow',
      roles: [name],
      models: [name.replace(/^@/, 'at@').replaceAll('*', '')],
      operations: ['chat'],
      when: { claim: { path: 'c', equals: name } },
    })),
  }),
})
const matrix = (...argv: string[]) =>
  runCli(['policy', 'who-can', '--matrix', '--config', 'config.yaml', ...argv], folder)

/** As RFC 4180 has it, and the separator of the reader, whoever wrote the file. */
function parsed(text: string, separator: string): string[][] {
  const rows = text.match(/(?:"(?:[^"]|"")*"|[^"\r\n])+(?=\r\n)/g) ?? []
  return rows.map((row) => {
    const fields = row.match(new RegExp(`(?:^|${separator})("(?:[^"]|"")*"|[^"${separator}]*)`, 'g')) ?? []
    return fields.map((field) =>
      field
        .replace(new RegExp(`^${separator}`), '')
        .replace(/^"|"$/g, '')
        .replaceAll('""', '"'),
    )
  })
}

for (const separator of [',', ';']) {
  t.test(`CSV with ${separator} has a field for each cell, and no formula in any`, async (t) => {
    const argv = separator === ',' ? [] : ['--separator', separator]
    const { code, out, err } = await matrix('--format', 'csv', ...argv)
    t.same([code, err], [0, ''])
    const rows = parsed(out, separator)
    t.equal(rows.length, HOSTILE.length + 2)
    for (const row of rows) {
      t.equal(row.length, HOSTILE.length + 1)
      for (const field of row) t.ok(field === '-' || !/^[=+\-@\t\r]/.test(field), field)
    }
    for (const other of [',', ';', '\t']) {
      const pieces = out.split('\r\n').flatMap((line) => line.split(other))
      const formulas = pieces.filter(
        (piece) => piece !== '-' && /^[\s"']*[=+\-@]/.test(piece) && !/^[\s"]*'/.test(piece),
      )
      t.same(formulas, [], `nor for a reader who separates by ${JSON.stringify(other)} and knows no quotes`)
    }
  })
}

/** What CommonMark takes for text: without escaped marks, and without spans of code, in which nothing is escaped. */
function outsideCode(line: string): string {
  const [mark] = /^\\[!-/:-@[-`{-~]/.exec(line) ?? []
  if (mark) return outsideCode(line.slice(mark.length))
  const [span] = /^(`+)(?!`).*?(?<!`)\1(?!`)/.exec(line) ?? []
  if (span) return outsideCode(line.slice(span.length))
  return line === '' ? '' : line.charAt(0) + outsideCode(line.slice(1))
}

t.test('Markdown has a cell for each, and no link, mention or tag outside of code', async (t) => {
  const { code, out } = await matrix('--format', 'markdown')
  t.equal(code, 0)
  const [head = '', ...rest] = out.split('\n')
  const rows = [head, ...rest.filter((line) => line.startsWith('| ') && !line.includes('---'))]
  t.equal(rows.length, HOSTILE.length + 2)
  for (const row of rows) t.equal(row.match(/(?<!\\)\|/g)?.length, HOSTILE.length + 2, row)
  for (const line of out.split('\n')) {
    t.notMatch(outsideCode(line), /[@<`*_[\]]|:\/\/|www\./i, line)
  }
})

const refused: readonly (readonly [sentence: string, argv: readonly string[], said: string])[] = [
  [
    'a separator of another format',
    ['--format', 'markdown', '--separator', ';'],
    '`--separator` is of the matrix as CSV; add `--matrix --format csv`',
  ],
  [
    'a separator that no spreadsheet reads',
    ['--format', 'csv', '--separator', '='],
    '`--separator` must be `,` or `;`',
  ],
]
for (const [sentence, argv, said] of refused) {
  t.test(`refused: ${sentence}`, async (t) =>
    t.same(await matrix(...argv), { code: 2, out: '', err: `error: ${said}\n` }),
  )
}
