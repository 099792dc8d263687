import t from 'tap'
import { readValidJson } from '../../../src/model/json-reader.ts'
import { parseStrictJson } from '../../../src/model/strict-json.ts'

const LIMITS = { depth: 100, members: 50_000, containers: 100_000, values: 500_000 }
const parse = (text: string) => parseStrictJson(Buffer.from(text), LIMITS)

/** What was parsed before stays alive, or else the engine forgets what misleads it. */
const kept: unknown[] = []
const parseBefore = (text: string) => kept.push(JSON.parse(text), parse(text))

t.test('an escaped key is read as it is written, whatever was parsed before', async (t) => {
  // Each row has its own first key, since all that was parsed before it plays a part.
  const rows: readonly (readonly [name: string, before: string, text: string, value: object])[] = [
    ['a letter', '{"a":0,"mode\\\\":0}', '{"a":1,"mode\\u006c":"m"}', { a: 1, model: 'm' }],
    ['every letter', '{"b":0,"\\\\u006":0}', '{"b":1,"\\u006dodel":"m"}', { b: 1, model: 'm' }],
    ['the first key', '{"tool\\\\":[]}', '{"tool\\u0073":[]}', { tools: [] }],
    ['a quote', '{"c":[],"\\\\":0}', '{"c":1,"\\"":2}', { c: 1, '"': 2 }],
    ['a line end', '{"d":[],"\\\\":0}', '{"d":1,"\\n":2}', { d: 1, '\n': 2 }],
    ['a slash', '{"e":0,"https:\\\\/":0}', '{"e":1,"https:\\/\\/":2}', { e: 1, 'https://': 2 }],
    ['in a text of two bytes', '{"f":0,"mode\\\\":0}', '{"f":"€","mode\\u006c":"m"}', { f: '€', model: 'm' }],
    ['after a letter of two bytes', '{"g":0,"€\\\\":0}', '{"g":1,"€\\u006c":2}', { g: 1, '€l': 2 }],
    ['a surrogate pair', '{"h":0,"\\\\u":0}', '{"h":1,"\\ud83d\\ude00":2}', { h: 1, '😀': 2 }],
    ['`__proto__`', '{"i":0,"__proto_\\\\":0}', '{"i":1,"__proto_\\u005f":2}', { i: 1, ['__proto__']: 2 }],
    ['two', '{"j":0,"k\\\\":0,"l\\\\":0}', '{"j":1,"k\\u006b":2,"l\\u006c":3}', { j: 1, kk: 2, ll: 3 }],
    ['the key that misleads', '{"k":0,"m\\\\":0}', '{"k":1,"m\\u005c":2}', { k: 1, 'm\\': 2 }],
    ['beside it', '{"l":0,"m\\\\":0}', '{"l":1,"m\\u006d":2,"m\\\\":3}', { l: 1, mm: 2, 'm\\': 3 }],
  ]
  for (const [name, before, text, value] of rows) {
    parseBefore(before)
    const bytes = Buffer.from(text)
    const body = parseStrictJson(bytes, LIMITS)
    if (!body.ok) t.fail(`${name}: ${body.fault.says}`)
    else {
      t.strictSame(Object.entries(body.value.value), Object.entries(value), name)
      t.equal(body.value.bytes, bytes, `${name}: the bytes go on as they came`)
      t.equal(body.value.text, text, `${name}: so does the text`)
    }
  }
})

t.test('an escaped key deep inside', async (t) => {
  parseBefore('{"o":0,"url\\\\":0}')
  const body = parse('{"input":[{"content":[{"o":1,"url\\u0073":["x"]}]}]}')
  t.match(body, { ok: true, value: { value: { input: [{ content: [{ o: 1, urls: ['x'] }] }] } } })
})

t.test('a key twice is found, and only that, whatever was parsed before', async (t) => {
  parseBefore('{"p":0,"mode\\\\":0}')
  const twice = { ok: false, fault: { says: 'has a key twice in one object', repeatsKey: true } }
  t.match(parse('{"p":1,"mode\\u006c":"a","model":"b"}'), twice, 'behind the escaped spelling')
  t.match(parse('{"p":1,"mode\\u006c":"a","mode\\\\":"b"}'), { ok: true }, 'the key that misleads is another one')
  t.match(parse('{"p":1,"mode\\u006c":"a","mode\\u006C":"b"}'), twice, 'escaped in two ways')
})

t.test('a number that a double cannot hold', async (t) => {
  const refused = ['1e999', '-1e999', '1e309', '2E+308', `1${'0'.repeat(309)}`]
  const accepted = ['1e308', '-1.7976931348623157e308', '1e-999', '1E+2', '-0', '0.0', '12345678901234567890123']
  for (const place of ['{"a":%}', '{"a":[0,%]}', '{"a":[{"b":"c","d":%}]}', '{"\\u0061":%}']) {
    const row = (number: string) => parse(place.replace('%', number))
    const beyond = { ok: false, fault: { says: 'has a number beyond the range of a double', repeatsKey: false } }
    for (const number of refused) t.match(row(number), beyond, place.replace('%', number.slice(0, 10)))
    for (const number of accepted) t.match(row(number), { ok: true }, place.replace('%', number))
  }
})

t.test('the reader reads what JSON can write', async (t) => {
  const rows: readonly (readonly [text: string, value: unknown])[] = [
    ['{}', {}],
    ['[]', []],
    [' \r\n\t{ "a" : [ ] , "b" : { } } ', { a: [], b: {} }],
    ['[true,false,null,[true],{"a":false}]', [true, false, null, [true], { a: false }]],
    ['[0,9,10,-0,-1.5e+3,2E-2,0.1]', [0, 9, 10, -0, -1500, 0.02, 0.1]],
    ['["","a","\\"","\\\\","\\u0000\\/\\b\\f\\n\\r\\t","[{,:}]"]', ['', 'a', '"', '\\', '\0/\b\f\n\r\t', '[{,:}]']],
    ['{"":{"":""}}', { '': { '': '' } }],
    ['{"2":"b","1":"a"}', { 1: 'a', 2: 'b' }],
    ['{"a":1,"a":2}', { a: 2 }],
    ['"\\ud800"', '\ud800'],
    ['7', 7],
    ['null', null],
  ]
  for (const [text, value] of rows) t.strictSame(readValidJson(text), value, text)
  const named = readValidJson('{"__proto__":{"model":"x"},"constructor":1}')
  t.same(Object.keys(named as object), ['__proto__', 'constructor'], '`__proto__` is a member')
  t.equal(Object.getPrototypeOf(named), Object.prototype, 'and changes no prototype')
})
