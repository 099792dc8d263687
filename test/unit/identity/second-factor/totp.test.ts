import fc from 'fast-check'
import { Secret as OtpSecret } from 'otpauth'
import t from 'tap'
import { matchingStep, newTotpSecret, totpUri } from '../../../../src/identity/second-factor/totp.ts'
import { codeAt, SECRET, STEP_MS } from './scene.ts'

/** RFC 6238, appendix B, SHA-1: the last six of its eight digits. Seconds. */
const vectors: readonly (readonly [at: number, code: string])[] = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
]

t.test('the vectors of RFC 6238', async (t) => {
  for (const [at, code] of vectors) {
    t.equal(matchingStep(SECRET, code, at * 1000), Math.floor(at / 30), code)
    t.equal(matchingStep(newTotpSecret(), code, at * 1000), null, 'the twin: of another secret')
  }
})

t.test('a code is that of its step and one on each side, and of no other', async () => {
  const times = fc.integer({ min: 2 * STEP_MS, max: 4_000_000_000_000 })
  fc.assert(
    fc.property(times, fc.integer({ min: -10, max: 10 }), (now, off) => {
      const step = Math.floor(now / STEP_MS)
      const code = codeAt(Math.max(0, step + off) * STEP_MS)
      const found = matchingStep(SECRET, code, now)
      // Two steps share a code once in some hundred thousand times.
      if (found === null) return Math.abs(off) > 1
      return Math.abs(found - step) <= 1 && codeAt(found * STEP_MS) === code
    }),
  )
})

const misspelled = [
  '',
  '28708',
  '2870822',
  ' 287082',
  '287082\n',
  '28708a',
  '+28708',
  '２８７０８２',
  '28708\u0662',
  '-28708',
  '0x1234',
]
t.test('what is not six digits of ASCII is no code', async (t) => {
  for (const code of misspelled) t.equal(matchingStep(SECRET, code, 59_000), null, JSON.stringify(code))
  t.equal(matchingStep(SECRET, '287082', 59_000), 1, 'the twin')
})

t.test('a secret is 160 bits of chance, and prints as nothing', async (t) => {
  const secrets = Array.from({ length: 50 }, newTotpSecret)
  t.equal(new Set(secrets.map((secret) => secret.reveal())).size, 50)
  for (const secret of secrets) t.equal(OtpSecret.fromBase32(secret.reveal()).bytes.length, 20)
  const [secret = SECRET] = secrets
  const uri = totpUri(secret, 'Sallyport', 'alice & bob')
  t.equal(`${secret} ${uri}`, '[secret] [secret]')
  t.equal(
    uri.reveal(),
    `otpauth://totp/Sallyport:alice%20%26%20bob?issuer=Sallyport&secret=${secret.reveal()}&algorithm=SHA1&digits=6&period=30`,
  )
})
