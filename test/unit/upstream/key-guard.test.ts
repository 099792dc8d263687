import fc from 'fast-check'
import t from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import { KeyGuard } from '../../../src/upstream/key-guard.ts'

const KEY = 'sk-abcabcabd-0123'
const STARS = '*'.repeat(KEY.length)

function passed(key: string, pieces: readonly string[]): string {
  const guard = KeyGuard.open(new Secret(key))
  if (!guard) return pieces.join('')
  const sent = pieces.map((piece) => guard.push(Buffer.from(piece, 'latin1')).toString('latin1'))
  return sent.join('') + (guard.end()?.toString('latin1') ?? '')
}

const rows: readonly (readonly [name: string, pieces: readonly string[], sent: string])[] = [
  ['the key is filled', [`a ${KEY} b`], `a ${STARS} b`],
  ['twice in one piece', [`${KEY}${KEY}`], STARS + STARS],
  ['cut into two pieces', [KEY.slice(0, 5), KEY.slice(5)], STARS],
  ['cut into single bytes', [...`x${KEY}y`], `x${STARS}y`],
  ['a beginning that goes on otherwise is sent', ['sk-abc', 'xyz'], 'sk-abcxyz'],
  ['a beginning inside a beginning is found', ['sk-abcabc', 'abd-0123'], 'sk-abcabcabd-0123'.replace(KEY, STARS)],
  ['a beginning at the end is sent', ['so much: sk-abc'], 'so much: sk-abc'],
  ['other text passes', ['data: {"a":1}\n\n', 'data: [DONE]\n\n'], 'data: {"a":1}\n\ndata: [DONE]\n\n'],
]
for (const [name, pieces, sent] of rows) t.test(name, async (t) => t.equal(passed(KEY, pieces), sent))

t.test('text without the start of the key never waits', async (t) => {
  const guard = KeyGuard.open(new Secret(KEY))
  const chunk = Buffer.from('data: {"choices":[]}\n\n')
  t.equal(guard?.push(chunk), chunk, 'and is not copied')
})

t.test('a key that could be any word guards nothing', async (t) => {
  t.equal(KeyGuard.open(new Secret('EMPTY')), null)
  t.equal(KeyGuard.open(null), null)
})

t.test('headers lose the key and nothing else', async (t) => {
  const headers = ['x-a', `Bearer ${KEY}`, 'x-b', 'plain']
  t.same(KeyGuard.open(new Secret(KEY))?.headers(headers), ['x-a', `Bearer ${STARS}`, 'x-b', 'plain'])
})

t.test('however it is cut, what is sent is the whole with the key filled', async (t) => {
  const word = fc.constantFrom('a', 'ab', 'aab', 'aabaabaabaac', 'aabaabaabaab', 'b', 'c')
  fc.assert(
    fc.property(fc.array(word), fc.array(fc.nat(6)), (words, cuts) => {
      const key = 'aabaabaabaac'
      const text = words.join('')
      const pieces: string[] = []
      let from = 0
      for (const cut of cuts) {
        pieces.push(text.slice(from, from + cut))
        from += cut
      }
      pieces.push(text.slice(from))
      return passed(key, pieces) === text.replaceAll(key, '*'.repeat(key.length))
    }),
    { numRuns: 2000 },
  )
  t.pass()
})
