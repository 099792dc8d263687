import t from 'tap'
import {
  newRecoveryCodes,
  readRecoveryCode,
  recoveryHash,
} from '../../../../src/identity/second-factor/recovery-codes.ts'

t.test('ten codes of 80 bits, each with one spelling that is kept as a hash', async (t) => {
  const codes = newRecoveryCodes().map((code) => code.reveal())
  t.equal(new Set(codes).size, 10)
  for (const code of codes) {
    t.match(code, /^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/)
    t.equal(readRecoveryCode(code), code.replaceAll('-', ''))
  }
})

const typed: readonly (readonly [name: string, text: string, read: string | null])[] = [
  ['as it is shown', '0123-4567-89ab-cdef', '0123456789abcdef'],
  ['in capitals', '0123-4567-89AB-CDEF', '0123456789abcdef'],
  ['with spaces', ' 0123 4567 89ab cdef\n', '0123456789abcdef'],
  ['letters for digits', 'OIL3-4567-89ab-cdef', '0113456789abcdef'],
  ['too short', '0123-4567-89ab-cde', null],
  ['too long', '0123-4567-89ab-cdef-0', null],
  ['a letter that is none of them', '0123-4567-89ab-cdeu', null],
  ['nothing', '', null],
  ['a long text', '0'.repeat(16).padEnd(100_000), null],
]
t.test('what people make of a code', async (t) => {
  for (const [name, text, read] of typed) t.equal(readRecoveryCode(text), read, name)
})

t.test('the same code of another account has another hash', async (t) => {
  const of = { source: 'local', account: 'alice' }
  const hashes = [of, { ...of, account: 'bob' }, { ...of, source: 'ad' }].map((one) => recoveryHash(one, '0123'))
  t.equal(new Set(hashes).size, 3)
  t.equal(recoveryHash(of, '0123'), hashes[0])
})
