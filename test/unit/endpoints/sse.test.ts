import t from 'tap'
import { EventSplitter, eventData } from '../../../src/endpoints/sse.ts'

/** Feeds a stream in pieces; events as text, loose bytes in angle brackets, the rest last. */
function cut(pieces: readonly string[], maxBytes?: number): string[] {
  const seen: string[] = []
  const sink = {
    event: (bytes: Buffer) => void seen.push(bytes.toString('latin1')),
    loose: (bytes: Buffer) => void seen.push(`<${bytes.toString('latin1')}>`),
  }
  const splitter = new EventSplitter(sink, maxBytes)
  for (const piece of pieces) splitter.push(Buffer.from(piece, 'latin1'))
  const rest = splitter.end()
  return rest === null ? seen : [...seen, `rest:${rest.toString('latin1')}`]
}

t.test('events end at a blank line', async (t) => {
  const rows = [
    ['LF', 'data: 1\n\ndata: 2\n\n', ['data: 1\n\n', 'data: 2\n\n']],
    ['CRLF', 'data: 1\r\n\r\ndata: 2\r\n\r\n', ['data: 1\r\n\r\n', 'data: 2\r\n\r\n']],
    ['CR', 'data: 1\r\rdata: 2\r\r', ['data: 1\r\r', 'rest:data: 2\r\r']],
    [
      'mixed',
      'data: 1\r\n\ndata: 2\n\r\ndata: 3\r\n\rdata: 4\n\n',
      ['data: 1\r\n\n', 'data: 2\n\r\n', 'data: 3\r\n\r', 'data: 4\n\n'],
    ],
    ['several lines', 'event: a\ndata: 1\ndata: 2\n\n', ['event: a\ndata: 1\ndata: 2\n\n']],
    ['an open end', 'data: 1\n\ndata: 2\n', ['data: 1\n\n', 'rest:data: 2\n']],
    ['blank lines alone', '\n\n\r\n', ['\n', '\n', '\r\n']],
    ['nothing', '', []],
  ] as const
  for (const [name, stream, expected] of rows) {
    t.same(cut([stream]), expected, `${name}, whole`)
    t.same(cut([...stream]), expected, `${name}, byte by byte`)
    for (let at = 1; at < stream.length; at++) {
      t.same(cut([stream.slice(0, at), stream.slice(at)]), expected, `${name}, cut at ${at}`)
    }
  }
})

t.test('an event that is too large passes unread', async (t) => {
  const rows = [
    ['as large as allowed', ['data: 1\n\n'], ['data: 1\n\n']],
    ['larger', ['data: 12\n\nd: 3\n\n'], ['<data: 12\n\n>', 'd: 3\n\n']],
    ['larger, in pieces', ['data: ', '12', '34', '5\n', '\n', 'd: 3\n\n'], ['data: 12', '34', '5\n', '\n']],
  ] as const
  for (const [name, pieces, expected] of rows) {
    const seen = cut(pieces, 9)
    if (name === 'larger, in pieces') t.equal(seen.map((s) => s.replace(/[<>]/g, '')).join(''), pieces.join(''), name)
    else t.same(seen, expected, name)
  }
  t.equal(cut(['data: ', '12', '34', '5\n', '\n', 'd: 3\n\n'], 9).at(-1), 'd: 3\n\n', 'the next one is read')
})

t.test('the data of an event', async (t) => {
  const rows = [
    ['one line', 'data: {"a":1}\n\n', { text: '{"a":1}', from: 6, to: 13 }],
    ['without a space', 'data:x\n\n', { text: 'x', from: 5, to: 6 }],
    ['with two spaces', 'data:  x\n\n', { text: ' x', from: 6, to: 8 }],
    ['after other fields', 'event: e\nid: 1\ndata: x\n\n', { text: 'x', from: 21, to: 22 }],
    ['before CRLF', 'data: x\r\n\r\n', { text: 'x', from: 6, to: 7 }],
    ['on two lines', 'data: x\ndata: y\n\n', { text: 'x\ny', from: -1, to: -1 }],
    ['without a colon', 'data\n\n', { text: '', from: 4, to: 4 }],
    ['none: a comment', ': data: x\n\n', null],
    ['none: another field', 'database: x\n\n', null],
    ['none: indented', ' data: x\n\n', null],
    ['after a byte order mark', '\xef\xbb\xbfdata: x\n\n', { text: 'x', from: 9, to: 10 }],
  ] as const
  for (const [name, event, expected] of rows) t.same(eventData(event, true), expected, name)
  t.equal(eventData('\xef\xbb\xbfdata: x\n\n', false), null, 'a byte order mark later on is part of a name')
})
