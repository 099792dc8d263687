import t from 'tap'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { firstWins } from '../../fuzz/first-wins.ts'

const nest = (depth: number, inner = '1') => `{"a":${'['.repeat(depth - 1)}${inner}${']'.repeat(depth - 1)}}`

t.test('bodies that every parser reads alike', async (t) => {
  const accepted = [
    ['an object', '{"model":"m"}'],
    ['space around and inside', ' \n\t{ "a" : [ 1 , 2 ] }\r\n'],
    ['the same key in two objects', '{"a":{"k":1},"b":{"k":2},"c":[{"k":1},{"k":2}]}'],
    ['the same key on two levels', '{"a":{"a":{"a":1}}}'],
    ['colons, braces and quotes inside strings', '{"a":"{\\"b\\":1,\\"b\\":[2]}","c":"x:\\\\","d":"\\\\\\":"}'],
    ['keys with escapes that differ', '{"a\\"":1,"a\\\\":2,"a":3}'],
    ['`__proto__` once', '{"__proto__":{"model":"x"},"constructor":{"prototype":1}}'],
    ['numeric keys that differ', '{"1":1,"01":2,"1.0":3,"-1":4}'],
    ['an empty key', '{"":1,"a":{"":{}}}'],
    ['100 levels', nest(100)],
    ['keys that differ in case or normal form', '{"model":1,"Model":2,"caf\u00e9":1,"cafe\u0301":2}'],
  ] as const
  for (const [name, text] of accepted) {
    const body = parseJsonBody(Buffer.from(text))
    t.ok(body.ok, name)
    if (body.ok) t.same([body.value.value, body.value.text], [firstWins(text), text], name)
  }
})

t.test('bodies that two parsers could read differently', async (t) => {
  const refused = [
    ['nothing', ''],
    ['only space', ' '],
    ['a key twice', '{"a":1,"a":1}'],
    ['a key twice, once escaped', '{"model":"a","\\u006dodel":"b"}'],
    ['a key twice, escaped in two ways', '{"\\u006dodel":"a","mo\\u0064el":"b"}'],
    ['a key twice, far apart', `{"a":1,${Array.from({ length: 500 }, (_, i) => `"k${i}":{}`).join(',')},"a":2}`],
    ['`__proto__` twice', '{"__proto__":1,"__proto__":2}'],
    ['`__proto__` twice, once escaped', '{"__proto__":{},"\\u005f_proto__":{}}'],
    ['a numeric key twice', '{"7":1,"b":2,"7":3}'],
    ['the empty key twice', '{"":1,"":2}'],
    ['a key twice inside a list', '{"a":[[{"k":1,"k":2}]]}'],
    ['a key twice beside one that a string hides', '{"a":"\\"b\\":1","b":1,"b":2}'],
    ['a key twice in an object that a duplicate hides', '{"a":{"x":1,"y":2},"a":{"x":1}}'],
    ['a key twice, with a surrogate pair and its escape', '{"😀":1,"\\ud83d\\ude00":2}'],
    ['a list at the top', '[{"a":1}]'],
    ['a string at the top', '"a"'],
    ['null at the top', 'null'],
    ['two documents', '{"a":1}{"a":2}'],
    ['text after the end', '{"a":1}x'],
    ['a comma at the end', '{"a":1,}'],
    ['a comment', '{"a":1/*,"a":2*/}'],
    ['single quotes', "{'a':1}"],
    ['a bare key', '{a:1}'],
    ['NaN', '{"a":NaN}'],
    ['an open string', '{"a":"b'],
    ['a control character in a string', '{"a":"\u0001"}'],
    ['101 levels', nest(101)],
    ['200,000 levels', nest(200_000)],
  ] as const
  for (const [name, text] of refused) {
    const body = parseJsonBody(Buffer.from(text))
    t.notOk(body.ok, name)
    if (!body.ok) t.equal(body.fault.code, 'invalid_body', name)
  }
})

t.test('bytes that are no JSON text', async (t) => {
  const bytes = [
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0, 0x7d, 0]],
    ['a bare continuation byte', [0x7b, 0x22, 0x80, 0x22, 0x3a, 0x31, 0x7d]],
    ['an overlong slash', [0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]],
    ['an encoded surrogate', [0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]],
  ] as const
  for (const [name, list] of bytes) t.notOk(parseJsonBody(Buffer.from(list)).ok, name)
  t.ok(parseJsonBody(Buffer.from([0x7b, 0x22, 0xc3, 0xa9, 0x22, 0x3a, 0x31, 0x7d])).ok, 'two bytes of one letter')
})

t.test('how much a body may hold', async (t) => {
  const limits = { depth: 3, members: 3, containers: 4, values: 4 }
  const rows = [
    ['as deep as allowed', '{"a":[[1]]}', null],
    ['one level deeper', '{"a":[[[1]]]}', 'is nested deeper than 3 levels'],
    ['as many members as allowed', '{"a":1,"b":2,"c":3}', null],
    ['one member more', '{"a":1,"b":2,"c":{"d":4}}', 'has more than 3 members'],
    ['as many lists as allowed', '{"a":[],"b":[[]]}', null],
    ['one list more', '{"a":[],"b":[[],[]]}', 'has more than 4 objects and lists'],
    ['as many values as allowed', '{"a":[0,"",null],"b":[true,1]}', null],
    ['one value more', '{"a":[0,"",null],"b":[true,1,{}]}', 'has more than 4 values'],
    ['as many commas in strings as anyone likes', '{"a":[",,,,,,",",,,\\",,,"]}', null],
  ] as const
  for (const [name, text, says] of rows) {
    const body = parseJsonBody(Buffer.from(text), limits)
    t.equal(body.ok ? null : body.fault.message, says && `the body ${says}`, name)
  }
})

t.test('a body of very many values is refused before it is parsed', async (t) => {
  const listed = (value: string, count: number) => Buffer.from(`{"a":[${Array(count).fill(value).join()}]}`)
  for (const value of ['0', '""', '1.5', 'null']) {
    const body = parseJsonBody(listed(value, 500_002))
    t.equal(body.ok || body.fault.message, 'the body has more than 500000 values', value)
  }
  // Not valid JSON behind the limit: nothing read so far.
  t.match(parseJsonBody(Buffer.from(`{"a":[${','.repeat(500_001)}`)), { fault: { message: /more than 500000 values/ } })
  t.ok(parseJsonBody(listed('0', 500_001)).ok, 'the largest list')
})

t.test('however a body is written, the very bytes that were judged go on', async (t) => {
  const rows = [
    ['an escaped key', '{ "mod\\u0065l" : "m", "n": 1.0 }', { model: 'm', n: 1 }],
    ['an escaped key deep inside', '{"a":[{"\\u0062":"c"}]}', { a: [{ b: 'c' }] }],
    ['many digits beside an escaped key', '{"\\u0061":12345678901234567890}', { a: 12345678901234567000 }],
    ['an escape in a value alone', '{ "a" : "\\u0062", "n": 1.0 }', { a: 'b', n: 1 }],
    ['an escaped quote before a colon in a value', '{ "a" : "\\": " }', { a: '": ' }],
  ] as const
  for (const [name, written, value] of rows) {
    const bytes = Buffer.from(written)
    const body = parseJsonBody(bytes)
    if (!body.ok) t.fail(`${name}: ${body.fault.message}`)
    else t.strictSame([body.value.value, body.value.text, body.value.bytes === bytes], [value, written, true], name)
  }
})

t.test('a number that parsers read differently is refused by name', async (t) => {
  const body = parseJsonBody(Buffer.from('{"a":1e999}'))
  t.match(body, {
    ok: false,
    fault: { code: 'invalid_body', message: 'the body has a number beyond the range of a double' },
  })
  t.match(parseJsonBody(Buffer.from('{"a":1e99}')), { ok: true })
})
