import t from 'tap'
import { looksFetched } from '../../../src/endpoints/fetched-text.ts'
import { unusual } from './described.ts'

const inDoubt = (text: string) => unusual('chat', { model: 'm', messages: [], vendor: { option: [{ x: text }] } })

t.test('texts that something that fetches would follow', async (t) => {
  const plain = ['https://a.example/x', 'HTTP://a.example']
  for (const text of plain) t.same(inDoubt(text), { urls: ['a.example'] }, text)
  const doubtful = [
    ...[
      ' https://a.example/',
      `${' '.repeat(500)}https://a.example/`,
      '\u0001https://a.example/',
      '\ufeffhttp://a.example',
    ],
    ...['\u3000http://a.example', '\u200bhttp://a.example', '\x7f\x85\xa0http://a.example'],
    ...['ht\ntps://a.example/a', 'h\tttp:\r//a.example', 'https:\n/\t/a.example', '\nhttp\n:\n/a.example'],
    ...[
      'http:a.example/a',
      'https:/a.example/a',
      'HTTPS:A.example',
      'https:\\\\a.example',
      'http:/\\a.example',
      'ws:a.example',
    ],
    ...['http:\t\na.example', 'https:///a.example', 'http:169.254.169.254', 'https:[::1]/', 'ftp:a.example'],
    ...['<https://a.example>', '<URL:https://a.example>', 'url:http:a.example', ' Url: ftp://a.example'],
    ...[
      's3://bucket/x',
      'file:///etc/passwd',
      'file:/etc/passwd',
      'file:\\\\a.example\\x',
      'gopher://a.example',
      'git+ssh://a/b',
    ],
  ]
  for (const text of doubtful) {
    t.ok(looksFetched(text), JSON.stringify(text))
    t.same(inDoubt(text), { refused: 'x' }, `refused: ${JSON.stringify(text)}`)
  }
})

t.test('texts that nobody would follow', async (t) => {
  const prose = [
    ...[
      '',
      ' ',
      ':',
      '://',
      'x',
      'auto',
      'http',
      'http:',
      'http:/',
      'https: the protocol',
      'http:\t',
      'HTTP: a protocol',
    ],
    ...[
      'see https://a.example',
      '"https://a.example"',
      'file: report.txt',
      'File:\nreport',
      'note:this',
      'a:b',
      'a://b',
    ],
    ...[
      '//a.example/a',
      '\\\\a.example\\x',
      'a.example:80',
      '/v1/x',
      'C:\\temp',
      'path:\\\\x',
      'data:,x',
      'mailto:a@b.example',
    ],
    ...[
      '1http://a.example',
      '+a://b',
      `${'a'.repeat(17)}://b`,
      'http\u200b://a.example',
      'h ttp://a.example',
      '\u{1f517}https://a.example',
      'é://a',
    ],
  ]
  for (const text of prose) t.same(inDoubt(text), {}, JSON.stringify(text))
})
