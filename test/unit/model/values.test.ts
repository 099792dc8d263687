import { format, inspect } from 'node:util'
import t from 'tap'
import { isJsonObject, ownValue } from '../../../src/model/json.ts'
import { isOperationName } from '../../../src/model/operations.ts'
import { Secret } from '../../../src/model/secret.ts'
import { DURATION_PATTERN, durationMs, SIZE_PATTERN, sizeBytes } from '../../../src/model/units.ts'

t.test('a secret prints as nothing in every way to print', (t) => {
  const secret = new Secret('hunter2')
  const printed = [
    `${secret}`,
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { depth: 5, showHidden: true }),
    format('%s %o %O %j', secret, secret, secret, secret),
    Object.entries(secret).join(),
    JSON.stringify(Object.getOwnPropertyDescriptors(secret)),
    JSON.stringify(structuredClone(secret)),
    String(Object.assign({}, secret)),
    new Error('x', { cause: secret }).stack ?? '',
  ]
  for (const text of printed) t.notMatch(text, /hunter2/)
  t.equal(secret.reveal(), 'hunter2')
  t.end()
})

t.test('durations', (t) => {
  const rows = [
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['12h', 43_200_000],
    ['90d', 7_776_000_000],
  ] as const
  for (const [written, ms] of rows) {
    t.equal(durationMs(written), ms, written)
    t.match(written, new RegExp(DURATION_PATTERN))
  }
  for (const wrong of ['30', '0s', '-1s', '1.5s', '30 s', '1S', '1w', 's', '', '01s', '1s\n', '9999999999s']) {
    t.throws(() => durationMs(wrong), { message: 'not a duration' }, `not ${JSON.stringify(wrong)}`)
  }
  t.end()
})

t.test('sizes', (t) => {
  const rows = [
    ['512B', 512],
    ['16KiB', 16_384],
    ['32MiB', 33_554_432],
    ['1GiB', 1_073_741_824],
  ] as const
  for (const [written, bytes] of rows) {
    t.equal(sizeBytes(written), bytes, written)
    t.match(written, new RegExp(SIZE_PATTERN))
  }
  for (const wrong of ['512', '0B', '16KB', '16kib', '1.5MiB', '-1B', '1TiB', '', '1B ']) {
    t.throws(() => sizeBytes(wrong), { message: 'not a size' }, `not ${JSON.stringify(wrong)}`)
  }
  t.end()
})

t.test('names of operations', (t) => {
  for (const name of ['chat', 'responses', 'responses.get', 'models.list', 'files.*', '*', 'passthrough.vendor']) {
    t.equal(isOperationName(name), true, name)
  }
  for (const name of [
    '',
    'Chat',
    'chats',
    'files',
    'files.',
    '.get',
    '*.get',
    'files.*.x',
    'fi*',
    'chat*',
    'constructor',
  ]) {
    t.equal(isOperationName(name), false, `not ${JSON.stringify(name)}`)
  }
  t.end()
})

t.test('members of JSON objects are their own', (t) => {
  const object = JSON.parse('{"a":1,"__proto__":{"b":2}}')
  t.equal(ownValue(object, 'a'), 1)
  t.same(ownValue(object, '__proto__'), { b: 2 })
  for (const name of ['b', 'constructor', 'toString', 'hasOwnProperty'])
    t.equal(ownValue(object, name), undefined, name)
  t.equal(ownValue({}, '__proto__'), undefined, 'not the prototype')
  const kinds = [{}, [], null, 'x', 7, undefined].map((value) => isJsonObject(value))
  t.same(kinds, [true, false, false, false, false, false])
  t.end()
})
