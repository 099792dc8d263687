import t from 'tap'
import { namedHost } from '../../../src/endpoints/url-host.ts'

t.test('hosts that every parser reads alike', async (t) => {
  const rows = [
    ['https://files.example.org/a?b#c', 'files.example.org'],
    ['HTTP://Files.Example.ORG', 'files.example.org'],
    ['https://files.example.org:8443/', 'files.example.org'],
    ['https://localhost/x', 'localhost'],
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://169.254.169.254/latest', '169.254.169.254'],
    ['http://[::1]:80/', '::1'],
    ['http://[2001:db8::1]/', '2001:db8::1'],
    ['https://my_bucket.example.org/', 'my_bucket.example.org'],
    ['https://xn--mnchen-3ya.de/', 'xn--mnchen-3ya.de'],
    ['https://files.example.org/a@b', 'files.example.org'],
  ] as const
  for (const [url, host] of rows) t.same(namedHost(url), { kind: 'host', host }, url)
  for (const url of ['data:image/png;base64,AAAA', 'DATA:,x']) t.same(namedHost(url), { kind: 'none' }, url)
})

t.test('what parsers disagree on', async (t) => {
  const urls = [
    ...['', 'x', '/a', '//evil.example/a', 'ftp://a/b', 'file:///etc/passwd', 'javascript:1', 'https:evil.example'],
    ...['https:/evil.example', 'https:///evil.example', 'https://', 'https://?a', 'https://#a', 'https://:80/'],
    ...['https://good.example@evil.example/', 'https://a:b@evil.example/', 'https://@evil.example/'],
    ...['https://good.example\\@evil.example/', 'https:\\\\evil.example', 'https://evil.example\\.good.example/'],
    ...['https://good.example%2eevil.example/', 'https://%65vil.example/', 'https://evil.example%00.good.example/'],
    ...[
      ' https://a.example',
      'https://a.example ',
      'https://a .example/',
      'https://a\texample/',
      'ht\ntps://a.example',
    ],
    ...['https://a.example\u0000/', 'https://a\u200b.example/', 'https://éxample.org/', 'https://ｅvil.example/'],
    ...['https://a。example/', 'https://ß.example/', 'https://a..example/', 'https://.example/', 'https://a.example./'],
    ...['http://2130706433/', 'http://0x7f.1/', 'http://0177.0.0.1/', 'http://127.1/', 'http://1.2.3.4.5/'],
    ...['http://256.1.1.1/', 'http://127.0.0.01/', 'http://0x7f000001/', 'http://[::ffff:127.0.0.1]/'],
    ...[
      'http://[::127.0.0.1]/',
      'http://[::FFFF:7f00:1]/',
      'http://[0:0:0:0:0:0:0:1]/',
      'http://[::1',
      'http://[::1%25eth0]/',
    ],
    ...[
      'https://a.example:99999/',
      'https://a.example:80:80/',
      'https://a.example:8o/',
      'https://-/',
      'https://a\ud800/',
    ],
    ...[
      'https://a.example,b.example/',
      'https://a.example;b/',
      "https://a'b/",
      'https://a_.ex*mple/',
      'https://a.example|b/',
    ],
  ]
  for (const url of urls) t.same(namedHost(url), { kind: 'ambiguous' }, JSON.stringify(url))
})
