import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import type { JsonValue } from '../../../src/model/json.ts'
import { readValidJson } from '../../../src/model/json-reader.ts'

/** Tokens and then values, each token read by itself: slow, and nothing that was parsed before plays a part. */
function readByTokens(text: string): JsonValue {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/gs) ?? []
  let at = 0
  const list = (): JsonValue => {
    const values: JsonValue[] = []
    while (tokens[at] !== ']') {
      values.push(value())
      if (tokens[at] === ',') at++
    }
    at++
    return values
  }
  const object = (): JsonValue => {
    const members = new Map<string, JsonValue>()
    while (tokens[at] !== '}') {
      const key: string = JSON.parse(tokens[at++] ?? '')
      at++
      members.set(key, value())
      if (tokens[at] === ',') at++
    }
    at++
    return Object.fromEntries(members)
  }
  const value = (): JsonValue => {
    const token = tokens[at++] ?? ''
    if (token === '[') return list()
    return token === '{' ? object() : JSON.parse(token)
  }
  return value()
}

/** A value as text in which everything shows: the order of keys, `-0`, and which keys are an object's own. */
function shown(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(shown).join()}]`
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : JSON.stringify(value)
  return `{${Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${shown(member)}`)}}`
}

const space = fc.constantFrom('', ' ', '\n', '\t\r ')
const scalar = fc.constantFrom(
  ...['true', 'false', 'null', '0', '-0', '-0.0', '9', '-1', '1E5', '0.1e+1', '1e-400', '-1e-400', '0e999', '5e-324'],
  ...['1.7976931348623157e308', '123456789012345678901234567890', '9007199254740993', '2.2250738585072011e-308'],
)
const string = fc.oneof(
  fc.constantFrom(
    ...['"\\u0000"', '"__proto__"', '"\\u005f_proto__"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\\\"', '"\\""', '"a\\/b"'],
    ...[
      '"\\\\\\""',
      '"constructor"',
      '"0"',
      '"\\u0030"',
      '"\u2028"',
      '"a long one, and as it is"',
      '"a long \\u006fne"',
    ],
  ),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
)
const { document } = fc.letrec<{ document: string }>((tie) => {
  const element = fc.tuple(space, tie('document'), space).map((parts) => parts.join(''))
  const member = fc.tuple(space, string, space, element).map(([before, key, after, value]) => {
    return `${before}${key}${after}:${value}`
  })
  const joined = (open: string, close: string) => (parts: string[]) => `${open}${parts.join()}${close}`
  return {
    document: fc.oneof(
      { depthSize: 'small' },
      scalar,
      string,
      fc.array(element, { maxLength: 4 }).map(joined('[', ']')),
      fc.array(member, { maxLength: 4 }).map(joined('{', '}')),
    ),
  }
})

t.test('any valid text is read as its tokens say', async () => {
  fc.assert(
    fc.property(document, space, (text, around) => {
      const whole = around + text + around
      return shown(readValidJson(whole)) === shown(readByTokens(whole))
    }),
    { numRuns: 2000 },
  )
})

t.test('a name that is remembered does not keep its text in memory', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const heldBytes = async () => {
    // Twice, a turn apart: what the turn itself still had on its stack, or was being compiled, is held no more.
    collect()
    await setImmediate()
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const FILLER = 2_000_000
  for (const name of ['short', 'a-name-of-more-than-twelve-letters', 'a-name-\\u0077ith-an-escape']) {
    const before = await heldBytes()
    const names = Array.from({ length: 10 }, () => {
      const text = Buffer.from(`{"model":"${name}","content":"${'x'.repeat(FILLER)}"}`).toString('utf8')
      return (readValidJson(text) as { readonly model: string }).model
    })
    t.ok((await heldBytes()) - before < FILLER * 2, `ten times \`${names[0]}\``)
  }
})
