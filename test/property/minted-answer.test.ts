import fc from 'fast-check'
import t from 'tap'
import { Secret } from '../../src/model/secret.ts'
import { readMinted, writtenMinted } from '../../src/shape/minted-answer.ts'

const SECRET = 'ek_provider_0123456789abcdefghij'
const SEALED = new Secret('ek_sp1aaaaaaSEALED')
const END = 2_000_000_000

/** The secret as an answer may say it once more, and other texts. */
const said = fc.oneof(
  fc.constantFrom(
    SECRET,
    `a ${SECRET} b`,
    Buffer.from(SECRET).toString('base64'),
    Buffer.from(`x${SECRET}`).toString('base64url'),
    Buffer.from(SECRET).toString('hex'),
    encodeURIComponent(SECRET),
    [...SECRET].map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join(''),
  ),
  fc.string({ maxLength: 20 }),
)
const json = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, said, fc.integer(), fc.constant(null), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(fc.oneof(said, fc.constantFrom('value', 'session', 'client_secret', 'model')), tie('value'), {
    maxKeys: 3,
  }),
}))

const spelt = (text: string) => [
  text,
  JSON.stringify(text),
  Buffer.from(text).toString('base64').slice(4, 28),
  Buffer.from(text).toString('hex'),
]

t.test('what is handed on has no secret of the provider in any spelling, and all else that it said', async (t) => {
  let good = 0
  fc.assert(
    fc.property(json.value, fc.constantFrom(null, 'client_secret'), fc.boolean(), (more, holder, isFirst) => {
      const held = { value: SECRET, expires_at: END }
      const own = holder === null ? held : { client_secret: held }
      const document = isFirst ? { ...own, more } : { more, ...own }
      const answer = readMinted(Buffer.from(JSON.stringify(document)), holder, 'session')
      const isClean = !spelt(SECRET).some((text) => JSON.stringify(more).includes(text))
      if (answer === null) return
      good++
      const text = writtenMinted(answer, holder, SEALED, END - 5).toString()
      for (const form of spelt(SECRET)) t.notOk(text.includes(form), form)
      const whole = { value: SEALED.reveal(), expires_at: END - 5 }
      if (isClean && !JSON.stringify(more).includes('ek_')) {
        t.same(JSON.parse(text), { ...(holder === null ? whole : { client_secret: whole }), more })
      }
    }),
    { numRuns: 1000 },
  )
  t.ok(good > 100, `${good} answers`)
})

t.test('bytes that are changed make no answer with the secret in it', async (t) => {
  const text = JSON.stringify({ value: SECRET, expires_at: END, session: { model: 'm', instructions: 'x' } })
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), fc.nat(3), (at, put, cut) => {
      const changed = text.slice(0, at) + put + text.slice(at + cut)
      const answer = readMinted(Buffer.from(changed), null, 'session')
      if (answer === null) return
      const out = writtenMinted(answer, null, SEALED, END).toString()
      t.notOk(out.includes(answer.secret.reveal()), changed)
      t.equal(JSON.parse(out).value, SEALED.reveal())
    }),
    { numRuns: 2000 },
  )
})
