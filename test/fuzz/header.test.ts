import { validateHeaderName, validateHeaderValue } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { Secret } from '../../src/model/secret.ts'
import { answerHeaders, blotKey } from '../../src/shape/answer.ts'
import { fuzz } from './budget.ts'

const PASSED =
  /^(?:openai-processing-ms|openai-version|retry-after|retry-after-ms|x-should-retry|x-ratelimit-[a-z0-9-]+)$/
const name = fc.oneof(
  fc.constantFrom(
    'content-type',
    'openai-version',
    'retry-after',
    'x-should-retry',
    'set-cookie',
    'connection',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }).map((end) => `x-ratelimit-${end}`),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
const value = fc.oneof(
  fc.constantFrom('1', 'true', 'text/plain', 'text/event-stream; charset=utf-8', 'a\r\nb: c', '20', ''),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.array(fc.string({ unit: 'binary', maxLength: 5 }), { maxLength: 3 }),
)

t.test('of any head only safe and listed headers come back', async (t) => {
  fuzz(
    t,
    fc.property(fc.dictionary(name, value, { maxKeys: 8 }), fc.boolean(), (head, stream) => {
      const passed = answerHeaders(head, stream)
      const own = stream ? 6 : 2
      const names = passed.filter((_, at) => at % 2 === 0)
      for (let at = 0; at < passed.length; at += 2) {
        validateHeaderName(passed[at] ?? '')
        validateHeaderValue(passed[at] ?? '', passed[at + 1] ?? '\n')
        if (/[^\t -~]/.test(passed[at + 1] ?? '')) return false
      }
      return new Set(names).size === names.length && names.slice(own / 2).every((passedName) => PASSED.test(passedName))
    }),
    0.5,
  )
})

t.test('no key is left in any body, and nothing else is lost', async (t) => {
  const text = 'sk-Test/Key+0123'
  const key = new Secret(text)
  const noise = fc
    .uint8Array({ maxLength: 12 })
    .map((bytes) => Buffer.from(bytes).toString('latin1').replaceAll('s', 't'))
  const spelling = fc
    .array(fc.constantFrom(0, 1, 2, 3), { minLength: text.length, maxLength: text.length })
    .map((how) =>
      [...text]
        .map((letter, at) => {
          const hex = letter.charCodeAt(0).toString(16).padStart(2, '0')
          return [letter, `\\u00${hex}`, `%${hex.toUpperCase()}`, `&#${letter.charCodeAt(0)};`][how[at] ?? 0]
        })
        .join(''),
    )
  fuzz(
    t,
    fc.property(noise, spelling, noise, (before, spelled, after) => {
      const start = before.replace(/\\+$/, '')
      const blotted = blotKey(Buffer.from(start + spelled + after, 'latin1'), key).toString('latin1')
      return blotted === `${start}[secret]${after}`
    }),
    0.5,
  )
})
