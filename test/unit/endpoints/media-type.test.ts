import t from 'tap'
import { chat } from '../../../src/endpoints/chat.ts'
import { files } from '../../../src/endpoints/files.ts'
import { mediaFault } from '../../../src/endpoints/media-type.ts'

const [, list = chat] = files

const of = (contentType: string | undefined, contentEncoding?: string) =>
  mediaFault(chat, { contentType, contentEncoding, hasBody: true })?.code ?? null

t.test('the one media type', async (t) => {
  const accepted = [
    ...['application/json', 'Application/JSON', 'application/json; charset=utf-8', 'application/json;charset=UTF-8'],
    ...['application/json ; charset="utf-8"', 'application/json;\tCHARSET=utf-8'],
  ]
  for (const type of accepted) t.equal(of(type), null, type)
  const refused = [
    ...['', 'application/jso', 'application/json\ta', 'application/json a', 'application/json;', 'application/jsonp'],
    ...[
      'application/json; charset=utf-16',
      'application/json; charset=latin1',
      'application/json; charset',
      'text/plain',
    ],
    ...[
      'application/json; charset=utf-8; charset=utf-16',
      'application/json; boundary=x',
      'application/json, text/plain',
    ],
    ...['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/ld+json', 'text/json'],
    ...['application/json; charset=utf-8\n', 'application/json;charset = utf-8', `application/json${' '.repeat(500)}`],
  ]
  for (const type of refused) t.equal(of(type), 'unsupported_media_type', JSON.stringify(type))
  t.equal(of(undefined), 'unsupported_media_type', 'none')
})

t.test('no coding but identity', async (t) => {
  for (const coding of [undefined, 'identity', 'Identity'])
    t.equal(of('application/json', coding), null, String(coding))
  for (const coding of ['gzip', 'br', 'identity, gzip', '', 'deflate', 'zstd', 'identity,identity']) {
    t.equal(of('application/json', coding), 'unsupported_media_type', coding)
  }
})

t.test('a body there where one is needed and nowhere else', async (t) => {
  const rows = [
    ['chat with a body', chat, true, null],
    ['chat without', chat, false, 'invalid_body'],
    ['models without a body', list, false, null],
    ['models with one', list, true, 'invalid_body'],
  ] as const
  for (const [name, endpoint, hasBody, expected] of rows) {
    const found = mediaFault(endpoint, { contentType: 'application/json', contentEncoding: undefined, hasBody })
    t.equal(found?.code ?? null, expected, name)
  }
})
