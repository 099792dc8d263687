import t from 'tap'
import { closingQuote, elementStarts, findMember, findMembers } from '../../../src/model/json-text.ts'

t.test('where a member stands', async (t) => {
  const rows = [
    ['the only one', '{"a":1}', 'a', '1'],
    ['the first of two', '{"a":"x","b":2}', 'a', '"x"'],
    ['the last of two, with space', '{ "b" : [1, {"a": 5}] ,\n"a" : { "a": 2 } }', 'a', '{ "a": 2 }'],
    ['after a string that looks like it', '{"b":"\\"a\\":3","a":4}', 'a', '4'],
    ['with an escaped key', '{"\\u0061":true}', 'a', 'true'],
    ['not one that is nested', '{"b":{"a":1}}', 'a', null],
    ['not one that begins alike', '{"ab":1,"\\u0061b":2}', 'a', null],
    ['nothing in an empty object', '{}', 'a', null],
    ['nothing in a list', '["a",1]', 'a', null],
    ['nothing in an open text', '{"b":[1,', 'a', null],
    ['the first of two that are alike', '{"a":1,"a":2}', 'a', '1'],
  ] as const
  for (const [name, text, key, expected] of rows) {
    const place = findMember(text, 0, key)
    t.equal(place && text.slice(place.value, place.end), expected, name)
  }
})

t.test('several members in one pass', async (t) => {
  const text = '{"x":0,"b":[1,2],"a":"q"}'
  const places = findMembers(text, 0, ['a', 'b', 'c'])
  t.same(
    places.map((place) => place && text.slice(place.value, place.end)),
    ['"q"', '[1,2]', null],
  )
  t.same(
    places.map((place) => place && [text[place.comma], text[place.next] ?? null]),
    [[',', null], [',', '"'], null],
  )
})

t.test('the elements of a list', async (t) => {
  const rows = [
    ['none', '[ ]', []],
    ['one', '[1]', ['1']],
    ['of every kind', '[ 1,"a,b" , [2,3],{"c":[4]} ]', ['1', '"', '[', '{']],
    ['not of an object', '{"a":1}', []],
    ['as many as asked for', '[1,2,3,4,5,6]', ['1', '2', '3', '4']],
  ] as const
  for (const [name, text, expected] of rows) {
    t.same(
      elementStarts(text, 0, 4).map((start) => text[start]),
      expected,
      name,
    )
  }
})

t.test('the quote that closes a string', async (t) => {
  const rows = [
    ['at once', '"', 0],
    ['after an escaped quote', '\\""', 2],
    ['after an escaped backslash', '\\\\"', 2],
    ['after three backslashes and a quote', '\\\\\\""', 4],
    ['nowhere', 'a\\"', -1],
  ] as const
  for (const [name, text, expected] of rows) t.equal(closingQuote(text, 0), expected, name)
})
